//! The settings that are tried: what each is called, when it applies, what it changes, and how a process shows it.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    Capabilities, Container, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext,
};
use strum::{Display, EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

use crate::recording::Process;

mod base;

pub use base::Base;

/// One hardening setting.
///
/// The textual form is the id of the Pod Security Standards' check where there is one, and the name of the field
/// otherwise. The order is the order in which settings are tried and listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, EnumIter, EnumString, Display, IntoStaticStr)]
#[strum(serialize_all = "camelCase")]
pub enum Setting {
    /// `runAsNonRoot: true` with a numeric `runAsUser`.
    RunAsNonRoot,
    /// `runAsGroup` and `fsGroup`. Container runtimes refuse a group without a user, so a `runAsUser` goes with it
    /// where there is none.
    RunAsGroup,
    /// `readOnlyRootFilesystem: true`.
    ReadOnlyRootFilesystem,
    /// `allowPrivilegeEscalation: false`.
    AllowPrivilegeEscalation,
    /// `capabilities.drop: [ALL]`.
    #[strum(serialize = "capabilities_restricted")]
    Capabilities,
    /// `seccompProfile.type: RuntimeDefault`.
    #[strum(serialize = "seccompProfile_restricted")]
    SeccompProfile,
    /// `automountServiceAccountToken: false`.
    AutomountServiceAccountToken,
}

/// Numeric ids that settings use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// User id.
    pub user: i64,
    /// Group id.
    pub group: i64,
    /// Group that owns the volumes.
    pub fs_group: i64,
}

impl Default for Identity {
    /// 1000 is what the thesis uses and what most images' first user has.
    fn default() -> Self {
        Self {
            user: 1000,
            group: 1000,
            fs_group: 1000,
        }
    }
}

/// Whether a setting can be tried on a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applicability {
    /// At least one container lacks it.
    Applicable,
    /// Every container has it.
    AlreadySet,
    /// Kubernetes would not take it.
    Excluded(&'static str),
}

/// Whether the running process of a container shows a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// It does.
    pub shown: bool,
    /// What was read.
    pub fact: String,
}

impl Setting {
    /// All settings in order.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// A short form for names of runs and namespaces: lower case, at most 20 characters.
    pub fn slug(self) -> &'static str {
        match self {
            Self::RunAsNonRoot => "non-root",
            Self::RunAsGroup => "group",
            Self::ReadOnlyRootFilesystem => "read-only-root",
            Self::AllowPrivilegeEscalation => "no-escalation",
            Self::Capabilities => "drop-all",
            Self::SeccompProfile => "seccomp",
            Self::AutomountServiceAccountToken => "no-token",
        }
    }

    /// Whether there is anything to try on this Pod.
    pub fn applicability(self, pod: &PodSpec) -> Applicability {
        // The API server refuses both together.
        if self == Self::AllowPrivilegeEscalation && containers(pod).any(needs_escalation) {
            return Applicability::Excluded(
                "a privileged container, or one that adds SYS_ADMIN, cannot have allowPrivilegeEscalation: false",
            );
        }
        let mut hardened = pod.clone();
        self.apply(&mut hardened, &Identity::default());
        if hardened == *pod {
            Applicability::AlreadySet
        } else {
            Applicability::Applicable
        }
    }

    /// Puts the setting into a Pod. What the Pod already says is kept, unless it is the insecure value itself.
    pub fn apply(self, pod: &mut PodSpec, identity: &Identity) {
        match self {
            Self::RunAsNonRoot => run_as_non_root(pod, identity.user),
            Self::RunAsGroup => run_as_group(pod, identity),
            Self::ReadOnlyRootFilesystem => each_context(pod, |c| c.read_only_root_filesystem = Some(true)),
            Self::AllowPrivilegeEscalation => each_context(pod, |c| c.allow_privilege_escalation = Some(false)),
            Self::Capabilities => each_context(pod, drop_all),
            Self::SeccompProfile => seccomp(pod),
            Self::AutomountServiceAccountToken => pod.automount_service_account_token = Some(false),
        }
    }

    /// Whether a process of this container shows the setting. `pod` is the Pod with the setting applied.
    pub fn shown(self, pod: &PodSpec, container: &Container, process: &Process) -> Shown {
        match self {
            Self::RunAsNonRoot => {
                let wanted = effective(pod, container, |p| p.run_as_user, |c| c.run_as_user);
                let matches = wanted.is_none_or(|user| user == i64::from(process.uid));
                Shown {
                    shown: process.uid != 0 && matches,
                    fact: format!("Uid: {}", process.uid),
                }
            }
            Self::RunAsGroup => {
                let wanted = effective(pod, container, |p| p.run_as_group, |c| c.run_as_group);
                let group = wanted.is_none_or(|group| group == i64::from(process.gid));
                let fs_group = pod.security_context.as_ref().and_then(|c| c.fs_group);
                let owns = fs_group.is_none_or(|g| process.groups.iter().any(|have| i64::from(*have) == g));
                Shown {
                    shown: group && owns,
                    fact: format!("Gid: {}, Groups: {:?}", process.gid, process.groups),
                }
            }
            Self::ReadOnlyRootFilesystem => Shown {
                shown: process.root_read_only,
                fact: format!("/ is {}", if process.root_read_only { "ro" } else { "rw" }),
            },
            Self::AllowPrivilegeEscalation => Shown {
                shown: process.no_new_privs,
                fact: format!("NoNewPrivs: {}", u8::from(process.no_new_privs)),
            },
            Self::Capabilities => {
                let kept = added(container);
                let bits = process.cap_effective | process.cap_permitted | process.cap_bounding;
                Shown {
                    // What the source adds explicitly stays; without additions the sets must be empty.
                    shown: bits == 0 || (!kept.is_empty() && bits.count_ones() as usize <= kept.len()),
                    fact: format!(
                        "CapEff: {:x}, CapPrm: {:x}, CapBnd: {:x}",
                        process.cap_effective, process.cap_permitted, process.cap_bounding
                    ),
                }
            }
            Self::SeccompProfile => Shown {
                shown: process.seccomp == 2,
                fact: format!("Seccomp: {}", process.seccomp),
            },
            Self::AutomountServiceAccountToken => {
                let mounted = process.mounts.iter().any(|mount| mount.path == TOKEN_PATH);
                let fact = if mounted {
                    "token is mounted"
                } else {
                    "no token is mounted"
                };
                Shown {
                    shown: !mounted,
                    fact: fact.to_owned(),
                }
            }
        }
    }
}

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Puts several settings into a Pod.
pub fn apply_all(settings: &BTreeSet<Setting>, pod: &mut PodSpec, identity: &Identity) {
    for setting in settings {
        setting.apply(pod, identity);
    }
}

/// All containers that a Pod starts by itself, init containers first.
pub fn containers(pod: &PodSpec) -> impl Iterator<Item = &Container> {
    pod.init_containers.iter().flatten().chain(&pod.containers)
}

/// Containers whose process lives as long as the Pod: the regular ones and native sidecars.
pub fn long_lived(pod: &PodSpec) -> impl Iterator<Item = &Container> {
    let sidecars = pod
        .init_containers
        .iter()
        .flatten()
        .filter(|c| c.restart_policy.as_deref() == Some("Always"));
    sidecars.chain(&pod.containers)
}

fn containers_mut(pod: &mut PodSpec) -> impl Iterator<Item = &mut Container> {
    pod.init_containers.iter_mut().flatten().chain(&mut pod.containers)
}

fn each_context(pod: &mut PodSpec, mut change: impl FnMut(&mut SecurityContext)) {
    for container in containers_mut(pod) {
        change(container.security_context.get_or_insert_default());
    }
}

/// A container's own value if it has one, else the Pod's.
fn effective<T>(
    pod: &PodSpec,
    container: &Container,
    of_pod: impl Fn(&PodSecurityContext) -> Option<T>,
    of_container: impl Fn(&SecurityContext) -> Option<T>,
) -> Option<T> {
    let own = container.security_context.as_ref().and_then(of_container);
    own.or_else(|| pod.security_context.as_ref().and_then(of_pod))
}

fn needs_escalation(container: &Container) -> bool {
    let Some(context) = &container.security_context else {
        return false;
    };
    context.privileged == Some(true)
        || added(container)
            .iter()
            .any(|c| matches!(*c, "SYS_ADMIN" | "CAP_SYS_ADMIN"))
}

fn added(container: &Container) -> Vec<&str> {
    let capabilities = container
        .security_context
        .as_ref()
        .and_then(|c| c.capabilities.as_ref());
    capabilities
        .and_then(|c| c.add.as_ref())
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect()
}

fn run_as_non_root(pod: &mut PodSpec, user: i64) {
    for context in containers_mut(pod).filter_map(|c| c.security_context.as_mut()) {
        if context.run_as_non_root == Some(false) {
            context.run_as_non_root = Some(true);
        }
        if context.run_as_user == Some(0) {
            context.run_as_user = Some(user);
        }
    }
    let inherits = |value: fn(&SecurityContext) -> bool, pod: &PodSpec| {
        containers(pod).any(|c| !c.security_context.as_ref().is_some_and(value))
    };
    // A Pod-level value that every container overrides would be idle advice.
    let user_inherited = inherits(|c| c.run_as_user.is_some(), pod);
    let non_root_inherited = inherits(|c| c.run_as_non_root.is_some(), pod);
    let has_user = pod
        .security_context
        .as_ref()
        .is_some_and(|c| c.run_as_user.is_some_and(|u| u != 0));
    if non_root_inherited {
        pod.security_context.get_or_insert_default().run_as_non_root = Some(true);
    }
    if user_inherited && !has_user {
        pod.security_context.get_or_insert_default().run_as_user = Some(user);
    }
}

fn run_as_group(pod: &mut PodSpec, identity: &Identity) {
    for context in containers_mut(pod).filter_map(|c| c.security_context.as_mut()) {
        if context.run_as_group == Some(0) {
            context.run_as_group = Some(identity.group);
        }
    }
    let inherited = containers(pod).any(|c| {
        c.security_context
            .as_ref()
            .is_none_or(|context| context.run_as_group.is_none())
    });
    let has_user = |c: &Container| {
        c.security_context
            .as_ref()
            .is_some_and(|context| context.run_as_user.is_some())
    };
    let without_user = !containers(pod).all(has_user);
    let context = pod.security_context.get_or_insert_default();
    if inherited && context.run_as_group.is_none_or(|group| group == 0) {
        context.run_as_group = Some(identity.group);
    }
    if without_user {
        context.run_as_user.get_or_insert(identity.user);
    }
    context.fs_group.get_or_insert(identity.fs_group);
}

fn drop_all(context: &mut SecurityContext) {
    let capabilities: &mut Capabilities = context.capabilities.get_or_insert_default();
    let drop = capabilities.drop.get_or_insert_default();
    if !drop.iter().any(|c| c == "ALL") {
        *drop = vec!["ALL".to_owned()];
    }
}

fn seccomp(pod: &mut PodSpec) {
    let default = || SeccompProfile {
        type_: "RuntimeDefault".to_owned(),
        localhost_profile: None,
    };
    for context in containers_mut(pod).filter_map(|c| c.security_context.as_mut()) {
        if context
            .seccomp_profile
            .as_ref()
            .is_some_and(|profile| profile.type_ == "Unconfined")
        {
            context.seccomp_profile = Some(default());
        }
    }
    let inherited = containers(pod).any(|c| {
        c.security_context
            .as_ref()
            .is_none_or(|context| context.seccomp_profile.is_none())
    });
    let has = pod
        .security_context
        .as_ref()
        .and_then(|c| c.seccomp_profile.as_ref())
        .is_some_and(|profile| profile.type_ != "Unconfined");
    if inherited && !has {
        pod.security_context.get_or_insert_default().seccomp_profile = Some(default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(yaml: serde_json::Value) -> PodSpec {
        serde_json::from_value(yaml).unwrap()
    }

    #[test]
    fn ids_are_those_of_the_pod_security_standards() {
        let ids: Vec<String> = Setting::all().map(|s| s.to_string()).collect();
        assert_eq!(
            ids,
            [
                "runAsNonRoot",
                "runAsGroup",
                "readOnlyRootFilesystem",
                "allowPrivilegeEscalation",
                "capabilities_restricted",
                "seccompProfile_restricted",
                "automountServiceAccountToken"
            ]
        );
        for setting in Setting::all() {
            assert_eq!(setting.to_string().parse::<Setting>().unwrap(), setting);
        }
    }

    #[test]
    fn applying_twice_changes_nothing_more() {
        let mut once = pod(serde_json::json!({"containers": [{"name": "app"}], "initContainers": [{"name": "init"}]}));
        let everything: BTreeSet<_> = Setting::all().collect();
        apply_all(&everything, &mut once, &Identity::default());
        let mut twice = once.clone();
        apply_all(&everything, &mut twice, &Identity::default());
        assert_eq!(once, twice);
        for setting in everything {
            assert_eq!(setting.applicability(&once), Applicability::AlreadySet, "{setting}");
        }
    }

    #[test]
    fn explicit_ids_are_kept_and_root_is_not() {
        let mut spec = pod(serde_json::json!({
            "securityContext": {"fsGroup": 1001},
            "containers": [
                {"name": "own", "securityContext": {"runAsUser": 999}},
                {"name": "root", "securityContext": {"runAsUser": 0, "runAsNonRoot": false}}
            ]
        }));
        Setting::RunAsNonRoot.apply(&mut spec, &Identity::default());
        Setting::RunAsGroup.apply(&mut spec, &Identity::default());
        let users: Vec<_> = spec
            .containers
            .iter()
            .map(|c| c.security_context.as_ref().unwrap().run_as_user)
            .collect();
        assert_eq!(users, [Some(999), Some(1000)]);
        let context = spec.security_context.unwrap();
        assert_eq!((context.run_as_user, context.fs_group), (None, Some(1001)));
    }

    #[test]
    fn containers_that_say_everything_get_no_idle_pod_level_values() {
        let full = serde_json::json!({
            "runAsUser": 1001, "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}
        });
        let spec = pod(serde_json::json!({"containers": [{"name": "app", "securityContext": full}]}));
        assert_eq!(Setting::RunAsNonRoot.applicability(&spec), Applicability::AlreadySet);
        assert_eq!(Setting::SeccompProfile.applicability(&spec), Applicability::AlreadySet);
    }

    #[test]
    fn a_privileged_container_excludes_no_escalation() {
        let spec = pod(serde_json::json!({"containers": [{"name": "app", "securityContext": {"privileged": true}}]}));
        assert!(matches!(
            Setting::AllowPrivilegeEscalation.applicability(&spec),
            Applicability::Excluded(_)
        ));
    }
}

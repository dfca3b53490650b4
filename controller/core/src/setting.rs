//! The settings that are tried: what each is called, when it applies, what it changes, and how a process shows it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use k8s_openapi::api::core::v1::{Container, PodSecurityContext, PodSpec, SecurityContext};
use strum::{Display, EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

mod apply;
mod base;
mod card;
mod mapping;
mod show;

pub use base::Base;
pub use card::Card;
pub use mapping::Mapping;
pub use show::Shown;
pub(crate) use show::TOKEN_PATH;

use crate::repair::Repairs;

/// One kind of hardening.
///
/// The textual form is the id of the Pod Security Standards' check where there is one, and the name of the field
/// otherwise. The order is the order in which settings are tried and listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, EnumIter, EnumString, Display, IntoStaticStr)]
#[strum(serialize_all = "camelCase")]
pub enum Setting {
    /// `runAsNonRoot: true` with a numeric `runAsUser`.
    RunAsNonRoot,
    /// `runAsGroup`. Container runtimes refuse a group without a user, so a `runAsUser` goes with it where there is
    /// none.
    RunAsGroup,
    /// `readOnlyRootFilesystem: true`.
    ReadOnlyRootFilesystem,
    /// `allowPrivilegeEscalation: false`.
    AllowPrivilegeEscalation,
    /// `capabilities.drop: [ALL]`, and the least that must be added.
    #[strum(serialize = "capabilities_restricted")]
    Capabilities,
    /// `seccompProfile.type: RuntimeDefault`.
    #[strum(serialize = "seccompProfile_restricted")]
    SeccompProfile,
    /// `privileged: false` where it is true.
    Privileged,
    /// `procMount: Default` where it is not.
    ProcMount,
    /// No `hostPort`.
    HostPorts,
    /// `fsGroup` with `fsGroupChangePolicy: OnRootMismatch`.
    FsGroup,
    /// `automountServiceAccountToken: false`.
    AutomountServiceAccountToken,
    /// No `hostNetwork`, `hostPID`, `hostIPC`.
    HostNamespaces,
    /// `shareProcessNamespace: false` where it is true.
    ShareProcessNamespace,
    /// `appArmorProfile.type: RuntimeDefault`.
    AppArmorProfile,
    /// `seLinuxOptions.type: container_t`.
    SeLinuxOptions,
    /// `hostUsers: false`.
    HostUsers,
    /// `supplementalGroupsPolicy: Strict`.
    SupplementalGroupsPolicy,
}

/// What a setting is put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The Pod as a whole.
    Pod,
    /// One container.
    Container,
}

/// One setting of one container, or of the Pod: what the search adds and takes away.
///
/// The textual form is the setting's id, followed by a slash and the container's name where it is about one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Which setting.
    pub setting: Setting,
    /// Name of the container; none for the Pod as a whole.
    pub container: Option<String>,
}

/// Whether an item can be tried on a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applicability {
    /// The workload lacks it.
    Applicable,
    /// The workload has it.
    AlreadySet,
    /// Kubernetes or the nodes would not take it, or nothing could show it.
    Excluded(&'static str),
    /// The workload has nothing that it could change.
    Absent,
}

impl Setting {
    /// All settings in order.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// What it is put into.
    pub fn scope(self) -> Scope {
        match self {
            Self::RunAsNonRoot
            | Self::RunAsGroup
            | Self::ReadOnlyRootFilesystem
            | Self::AllowPrivilegeEscalation
            | Self::Capabilities
            | Self::SeccompProfile
            | Self::Privileged
            | Self::ProcMount
            | Self::HostPorts => Scope::Container,
            Self::FsGroup
            | Self::AutomountServiceAccountToken
            | Self::HostNamespaces
            | Self::ShareProcessNamespace
            | Self::AppArmorProfile
            | Self::SeLinuxOptions
            | Self::HostUsers
            | Self::SupplementalGroupsPolicy => Scope::Pod,
        }
    }

    /// A short form for names of runs and namespaces: lower case, at most 14 characters.
    pub fn slug(self) -> &'static str {
        match self {
            Self::RunAsNonRoot => "non-root",
            Self::RunAsGroup => "group",
            Self::ReadOnlyRootFilesystem => "read-only-root",
            Self::AllowPrivilegeEscalation => "no-escalation",
            Self::Capabilities => "drop-all",
            Self::SeccompProfile => "seccomp",
            Self::Privileged => "unprivileged",
            Self::ProcMount => "proc-mount",
            Self::HostPorts => "no-host-port",
            Self::FsGroup => "fs-group",
            Self::AutomountServiceAccountToken => "no-token",
            Self::HostNamespaces => "no-host-ns",
            Self::ShareProcessNamespace => "own-pids",
            Self::AppArmorProfile => "apparmor",
            Self::SeLinuxOptions => "selinux",
            Self::HostUsers => "own-users",
            Self::SupplementalGroupsPolicy => "strict-groups",
        }
    }

    /// The items of this setting in a Pod, in the order of its containers, init containers first.
    pub fn items(self, pod: &PodSpec) -> Vec<Item> {
        match self.scope() {
            Scope::Pod => vec![Item {
                setting: self,
                container: None,
            }],
            Scope::Container => containers(pod).map(|container| self.of(&container.name)).collect(),
        }
    }

    /// This setting of one container.
    pub fn of(self, container: &str) -> Item {
        Item {
            setting: self,
            container: Some(container.to_owned()),
        }
    }

    /// Why no check tries it, if none does. What a node does not do is accepted by the API server all the same, and no
    /// process that we can look at would show it.
    pub fn unproven(self) -> Option<&'static str> {
        match self {
            Self::AppArmorProfile => Some("nodes do not tell whether they enforce AppArmor, and it is not tried"),
            Self::SeLinuxOptions => Some("nodes do not tell whether they enforce SELinux, which they ignore otherwise"),
            Self::HostUsers => Some("user namespaces need a container runtime and a kernel that nodes do not promise"),
            Self::SupplementalGroupsPolicy => Some("Strict is rejected by nodes whose container runtime is older"),
            _ => None,
        }
    }
}

impl Item {
    /// The item of a setting that is the Pod's.
    pub fn pod(setting: Setting) -> Self {
        Self {
            setting,
            container: None,
        }
    }

    /// All items of a Pod, in order.
    pub fn all(pod: &PodSpec) -> impl Iterator<Item = Self> {
        Setting::all().flat_map(|setting| setting.items(pod))
    }

    /// Whether there is anything to try on this Pod.
    pub fn applicability(&self, pod: &PodSpec) -> Applicability {
        if let Some(why) = self.setting.unproven() {
            return Applicability::Excluded(why);
        }
        let context = self
            .named(pod)
            .and_then(|container| container.security_context.as_ref());
        // The API server refuses both together.
        if self.setting == Setting::AllowPrivilegeEscalation && context.is_some_and(adds_sys_admin) {
            return Applicability::Excluded(
                "a container that adds SYS_ADMIN cannot have allowPrivilegeEscalation: false",
            );
        }
        let mut hardened = pod.clone();
        self.apply(&mut hardened, &Repairs::default());
        if hardened != *pod {
            Applicability::Applicable
        } else if self.setting.is_removal() {
            Applicability::Absent
        } else {
            Applicability::AlreadySet
        }
    }

    /// The container that it is about.
    fn named<'a>(&self, pod: &'a PodSpec) -> Option<&'a Container> {
        let name = self.container.as_deref()?;
        containers(pod).find(|container| container.name == name)
    }
}

impl Setting {
    /// Whether it only takes away what hardly any workload has.
    fn is_removal(self) -> bool {
        matches!(
            self,
            Self::Privileged | Self::ProcMount | Self::HostPorts | Self::HostNamespaces | Self::ShareProcessNamespace
        )
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.container {
            None => self.setting.fmt(f),
            Some(container) => write!(f, "{}/{container}", self.setting),
        }
    }
}

impl FromStr for Item {
    type Err = strum::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once('/') {
            None => Self::pod(text.parse()?),
            Some((setting, container)) => setting.parse::<Setting>()?.of(container),
        })
    }
}

/// Puts several items into a Pod.
pub fn apply_all(items: &BTreeSet<Item>, pod: &mut PodSpec, repairs: &Repairs) {
    for item in items {
        item.apply(pod, repairs);
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
        .filter(|container| is_sidecar(container));
    sidecars.chain(&pod.containers)
}

fn is_sidecar(init: &Container) -> bool {
    init.restart_policy.as_deref() == Some("Always")
}

pub(crate) fn containers_mut(pod: &mut PodSpec) -> impl Iterator<Item = &mut Container> {
    pod.init_containers.iter_mut().flatten().chain(&mut pod.containers)
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

fn adds_sys_admin(context: &SecurityContext) -> bool {
    added(context).any(|capability| matches!(capability, "SYS_ADMIN" | "CAP_SYS_ADMIN"))
}

/// Capabilities that a container adds, as it spells them.
fn added(context: &SecurityContext) -> impl Iterator<Item = &str> {
    let add = context.capabilities.as_ref().and_then(|list| list.add.as_ref());
    add.into_iter().flatten().map(String::as_str)
}

#[cfg(test)]
mod tests;

//! How a running process shows an item.

use k8s_openapi::api::core::v1::{Container, PodSpec};

use super::{Item, Setting, added, effective};
use crate::recording::Process;
use crate::repair::Capability;

pub(crate) const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What container runtimes cover with an empty file under `procMount: Default`.
const MASKED_PATH: &str = "/proc/kcore";

/// Whether the running process of a container shows an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// It does.
    pub shown: bool,
    /// What was read.
    pub fact: String,
}

impl Item {
    /// Whether a process of this container shows the item. `pod` is the Pod with the item applied.
    pub fn shown(&self, pod: &PodSpec, container: &Container, process: &Process) -> Shown {
        match self.setting {
            Setting::RunAsNonRoot => {
                let wanted = effective(pod, container, |p| p.run_as_user, |c| c.run_as_user);
                let matches = wanted.is_none_or(|user| user == i64::from(process.uid));
                Shown {
                    shown: process.uid != 0 && matches,
                    fact: format!("Uid: {}", process.uid),
                }
            }
            Setting::RunAsGroup => {
                let wanted = effective(pod, container, |p| p.run_as_group, |c| c.run_as_group);
                Shown {
                    shown: wanted.is_none_or(|group| group == i64::from(process.gid)),
                    fact: format!("Gid: {}", process.gid),
                }
            }
            Setting::FsGroup => {
                let wanted = pod.security_context.as_ref().and_then(|context| context.fs_group);
                let has = |group: i64| process.groups.iter().any(|have| i64::from(*have) == group);
                Shown {
                    shown: wanted.is_none_or(has),
                    fact: format!("Groups: {:?}", process.groups),
                }
            }
            Setting::ReadOnlyRootFilesystem => Shown {
                shown: process.root_read_only,
                fact: format!("/ is {}", if process.root_read_only { "ro" } else { "rw" }),
            },
            Setting::AllowPrivilegeEscalation => Shown {
                shown: process.no_new_privs,
                fact: format!("NoNewPrivs: {}", u8::from(process.no_new_privs)),
            },
            Setting::Capabilities => capabilities(container, process),
            Setting::SeccompProfile => Shown {
                shown: process.seccomp == 2,
                fact: format!("Seccomp: {}", process.seccomp),
            },
            Setting::AutomountServiceAccountToken => {
                let mounted = process.mounts.iter().any(|mount| mount.path == TOKEN_PATH);
                let what = if mounted { "a token is" } else { "no token is" };
                Shown {
                    shown: !mounted,
                    fact: format!("{what} mounted"),
                }
            }
            // A privileged container has every capability that there is.
            Setting::Privileged => Shown {
                shown: process.cap_bounding.count_ones() as usize <= Capability::DEFAULT + added_by(container),
                fact: format!("CapBnd: {:x}", process.cap_bounding),
            },
            Setting::ProcMount => {
                let masked = process.mounts.iter().any(|mount| mount.path == MASKED_PATH);
                let what = if masked { "is" } else { "is not" };
                Shown {
                    shown: masked,
                    fact: format!("{MASKED_PATH} {what} covered"),
                }
            }
            Setting::HostPorts | Setting::HostNamespaces | Setting::ShareProcessNamespace => Shown {
                shown: true,
                fact: "no clone has it, and the clones work".to_owned(),
            },
            Setting::AppArmorProfile
            | Setting::SeLinuxOptions
            | Setting::HostUsers
            | Setting::SupplementalGroupsPolicy => Shown {
                shown: false,
                fact: "no process shows it".to_owned(),
            },
        }
    }
}

fn added_by(container: &Container) -> usize {
    container
        .security_context
        .as_ref()
        .map_or(0, |context| added(context).count())
}

/// Nothing but what the container adds, of which there is no way to gain more.
fn capabilities(container: &Container, process: &Process) -> Shown {
    let has = process.cap_effective | process.cap_permitted | process.cap_bounding;
    let adds = container.security_context.as_ref().into_iter().flat_map(added);
    // A capability that is not known by name may be any one.
    let (known, unknown): (Vec<_>, Vec<_>) = adds
        .map(|name| name.trim_start_matches("CAP_").parse::<Capability>())
        .partition(Result::is_ok);
    let allowed = known
        .into_iter()
        .flatten()
        .fold(0_u64, |bits, capability| bits | capability.bit());
    Shown {
        shown: (has & !allowed).count_ones() as usize <= unknown.len(),
        fact: format!(
            "CapEff: {:x}, CapPrm: {:x}, CapBnd: {:x}",
            process.cap_effective, process.cap_permitted, process.cap_bounding
        ),
    }
}

//! What people are told of a setting: its fields, when it is not tried, what shows it, and what helps where it breaks
//! a workload.

use super::Setting;

/// A setting in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// What it is for.
    pub meaning: &'static str,
    /// Fields of the container, or of the Pod's `spec`, each with what is tried.
    pub fields: &'static [(&'static str, &'static str)],
    /// When it is not tried, apart from where the workload has it.
    pub skipped: &'static str,
    /// What a running process shows.
    pub shown: &'static str,
    /// Repairs that may go with it.
    pub repairs: &'static [&'static str],
    /// What a workload must change that does not work with it, whatever is repaired.
    pub needs: &'static str,
}

const DIRECTORIES: &str =
    "an emptyDir at each path that is written, or that the image gives the program, with what it has there";
const TEMPORARY: &str = "an emptyDir at /tmp, always";
const HOME: &str = "`HOME` at a directory that is writable";
const PORTS: &str = "ports below 1024 for every user, by the sysctl `net.ipv4.ip_unprivileged_port_start`";
const IDS: &str = "ids that a baseline was seen to have, or that own its files";
const LACKING: &str = "The workload does not have it.";

impl Setting {
    /// The setting in words.
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    pub fn card(self) -> Card {
        match self {
            Self::RunAsNonRoot => Card {
                meaning: "The program is not root.",
                fields: &[
                    ("securityContext.runAsNonRoot", "true"),
                    (
                        "securityContext.runAsUser",
                        "the user that the program runs as, `spec.identity.runAsUser`, else 1000; an explicit one is kept, but for 0",
                    ),
                ],
                skipped: "",
                shown: "`Uid` of /proc/1/status is that user's",
                repairs: &[IDS, DIRECTORIES, PORTS, HOME],
                needs: "an image whose program starts as a user other than root and reads and writes only what that user may",
            },
            Self::RunAsGroup => Card {
                meaning: "The program's group is not root's.",
                fields: &[
                    (
                        "securityContext.runAsGroup",
                        "the group that the program runs as, `spec.identity.runAsGroup`, else the user's number",
                    ),
                    (
                        "securityContext.runAsUser",
                        "the user that the program runs as, as runtimes refuse a group without a user",
                    ),
                ],
                skipped: "",
                shown: "`Gid` of /proc/1/status is that group's",
                repairs: &[IDS],
                needs: "files that the program opens and that another group than root's may read",
            },
            Self::ReadOnlyRootFilesystem => Card {
                meaning: "Nothing can be written but to volumes.",
                fields: &[("securityContext.readOnlyRootFilesystem", "true")],
                skipped: "",
                shown: "`/` is mounted read-only in /proc/1/mountinfo",
                repairs: &[DIRECTORIES, TEMPORARY, HOME],
                needs: "a program that writes to volumes only, or a volume at the path that it writes to",
            },
            Self::AllowPrivilegeEscalation => Card {
                meaning: "No program gains rights by setuid files.",
                fields: &[
                    ("securityContext.allowPrivilegeEscalation", "false"),
                    ("securityContext.privileged", "false where it is true"),
                ],
                skipped: "The container adds SYS_ADMIN, and the API server refuses both together.",
                shown: "`NoNewPrivs` of /proc/1/status is 1",
                repairs: &[],
                needs: "a program that starts as the user that it works as, without sudo, su or setuid files",
            },
            Self::Capabilities => Card {
                meaning: "Root's powers are given up, but for those that are needed.",
                fields: &[
                    ("securityContext.capabilities.drop", "[ALL]"),
                    (
                        "securityContext.capabilities.add",
                        "what the container adds already, and the fewest of the 14 default ones that root needs",
                    ),
                    ("securityContext.privileged", "false where it is true"),
                ],
                skipped: "",
                shown: "`CapEff`, `CapPrm` and `CapBnd` of /proc/1/status hold nothing but what is added",
                repairs: &[
                    "the fewest capabilities that make it work, where it stays root",
                    DIRECTORIES,
                    PORTS,
                ],
                needs: "a program that changes no owners and no users and binds no low ports, or that is told the capabilities it needs",
            },
            Self::SeccompProfile => Card {
                meaning: "System calls that hardly any program needs are refused.",
                fields: &[
                    ("securityContext.seccompProfile.type", "RuntimeDefault"),
                    ("securityContext.privileged", "false where it is true"),
                ],
                skipped: "",
                shown: "`Seccomp` of /proc/1/status is 2",
                repairs: &[],
                needs: "a Localhost profile on every node that allows the system call that is refused",
            },
            Self::Privileged => Card {
                meaning: "The container is not privileged.",
                fields: &[("securityContext.privileged", "false where it is true")],
                skipped: LACKING,
                shown: "`CapBnd` of /proc/1/status holds no more than the default capabilities and what is added",
                repairs: &[],
                needs: "the capabilities and devices that the program uses, each asked for by itself",
            },
            Self::ProcMount => Card {
                meaning: "Parts of /proc are hidden from the program.",
                fields: &[(
                    "securityContext.procMount",
                    "none, which is Default, where it is Unmasked",
                )],
                skipped: LACKING,
                shown: "/proc/kcore is covered in /proc/1/mountinfo",
                repairs: &[],
                needs: "a program that reads none of what Default covers; nested containers need a Pod of their own",
            },
            Self::HostPorts => Card {
                meaning: "No port of the node is taken.",
                fields: &[("ports", "without hostPort and hostIP")],
                skipped: LACKING,
                shown: "no clone has any, and the clones work",
                repairs: &[],
                needs: "a Service or a proxy in front of the Pods",
            },
            Self::FsGroup => Card {
                meaning: "Volumes belong to a group of the program's.",
                fields: &[
                    (
                        "securityContext.fsGroup",
                        "`spec.identity.fsGroup`, else the group that containers run as, else 1000",
                    ),
                    (
                        "securityContext.fsGroupChangePolicy",
                        "OnRootMismatch where there is none",
                    ),
                ],
                skipped: "",
                shown: "`Groups` of /proc/1/status has that group",
                repairs: &[IDS],
                needs: "volumes whose files this group may own",
            },
            Self::AutomountServiceAccountToken => Card {
                meaning: "The program gets no credential for the API server.",
                fields: &[("automountServiceAccountToken", "false")],
                skipped: "",
                shown: "nothing is mounted at /var/run/secrets/kubernetes.io/serviceaccount",
                repairs: &[],
                needs: "a program that does not call the API server, or a projected token of its own",
            },
            Self::HostNamespaces => Card {
                meaning: "The Pod does not see the node's network, processes and IPC.",
                fields: &[
                    ("hostNetwork", "none where it is true"),
                    ("hostPID", "none where it is true"),
                    ("hostIPC", "none where it is true"),
                ],
                skipped: LACKING,
                shown: "no clone has any, and the clones work",
                repairs: &[],
                needs: "what it reads from its node by way of a volume or the API server",
            },
            Self::ShareProcessNamespace => Card {
                meaning: "Containers do not see each other's processes.",
                fields: &[("shareProcessNamespace", "none where it is true")],
                skipped: LACKING,
                shown: "no clone has it, and the clones work",
                repairs: &[],
                needs: "containers that do not signal each other",
            },
            Self::AppArmorProfile => untried(
                "The node's AppArmor profile confines the program.",
                &[("securityContext.appArmorProfile.type", "RuntimeDefault")],
                "nodes that enforce AppArmor, and a look at one of them",
            ),
            Self::SeLinuxOptions => untried(
                "SELinux confines the program as a container.",
                &[("securityContext.seLinuxOptions.type", "container_t")],
                "nodes that enforce SELinux, and a look at one of them",
            ),
            Self::HostUsers => untried(
                "Root of the container is nobody on the node.",
                &[("hostUsers", "false")],
                "nodes whose kernel and container runtime have user namespaces",
            ),
            Self::SupplementalGroupsPolicy => untried(
                "Groups of the image's /etc/group do not count.",
                &[("securityContext.supplementalGroupsPolicy", "Strict")],
                "nodes whose container runtime tells that it has the policy",
            ),
        }
    }
}

/// One that no check tries, for the reason that [`Setting::unproven`] gives.
fn untried(meaning: &'static str, fields: &'static [(&'static str, &'static str)], needs: &'static str) -> Card {
    Card {
        meaning,
        fields,
        skipped: "",
        shown: "",
        repairs: &[],
        needs,
    }
}

#[cfg(test)]
mod tests;

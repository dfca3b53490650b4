//! Where other standards and scanners ask for the same as a setting.
//!
//! Listed is what a workload satisfies by having the setting, and nothing that could not be found at its source:
//!
//! - Pod Security Standards of Kubernetes 1.34: names of controls, and the level from which on they count.
//! - CIS Kubernetes Benchmark 1.12: numbers as in kube-bench, `cfg/cis-1.12/policies.yaml`. Older editions, such as the
//!   one for Kubernetes 1.23, have 5.7.2, 5.7.3 and 5.2.13 for 5.6.2, 5.6.3 and 5.2.12.
//! - Kubernetes Hardening Guidance 1.0 of NSA and CISA: the guidance numbers nothing, so these are the numbers and names of
//!   `k8s-nsa-1.0`, the specification that Trivy checks it by.
//! - Kubescape: controls of kubescape/regolibrary.
//! - Trivy: checks of aquasecurity/trivy-checks; older releases write `KSV012` and `AVD-KSV-0012` for `KSV-0012`.

use super::Setting;
use crate::level::Level;

/// What others call a setting. What is empty is asked for by nobody, or by nobody that could be verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Control of the Pod Security Standards, and the lowest level that has it.
    pub pod_security: Option<(&'static str, Level)>,
    /// Recommendations of the CIS Kubernetes Benchmark.
    pub cis: &'static [&'static str],
    /// Recommendations of NSA and CISA.
    pub nsa: &'static [&'static str],
    /// Controls of Kubescape.
    pub kubescape: &'static [&'static str],
    /// Checks of Trivy.
    pub trivy: &'static [&'static str],
}

impl Setting {
    /// Where others ask for it.
    pub fn mapping(self) -> Mapping {
        match self {
            Self::RunAsNonRoot => Mapping {
                pod_security: Some(("Running as Non-root", Level::Restricted)),
                cis: &["5.2.7"],
                nsa: &["1.0 Non-root containers"],
                kubescape: &["C-0013"],
                trivy: &["KSV-0012", "KSV-0105"],
            },
            Self::RunAsGroup => Mapping {
                cis: &["5.6.3"],
                nsa: &["1.6 Run with root privileges or with root group membership"],
                kubescape: &["C-0013"],
                trivy: &["KSV-0116"],
                ..Mapping::default()
            },
            Self::ReadOnlyRootFilesystem => Mapping {
                cis: &["5.6.3"],
                nsa: &["1.1 Immutable container file systems"],
                kubescape: &["C-0017"],
                trivy: &["KSV-0014"],
                ..Mapping::default()
            },
            Self::AllowPrivilegeEscalation => Mapping {
                pod_security: Some(("Privilege Escalation", Level::Restricted)),
                cis: &["5.2.6"],
                nsa: &["1.7 Restricts escalation to root privileges"],
                kubescape: &["C-0016"],
                trivy: &["KSV-0001"],
            },
            Self::Capabilities => Mapping {
                pod_security: Some(("Capabilities", Level::Restricted)),
                cis: &["5.2.8", "5.2.9"],
                kubescape: &["C-0046", "C-0055"],
                trivy: &["KSV-0003", "KSV-0004", "KSV-0106"],
                ..Mapping::default()
            },
            Self::SeccompProfile => Mapping {
                pod_security: Some(("Seccomp", Level::Restricted)),
                cis: &["5.6.2"],
                nsa: &["1.10 Sets the seccomp profile used to sandbox containers"],
                kubescape: &["C-0055", "C-0210"],
                trivy: &["KSV-0030", "KSV-0104"],
            },
            Self::Privileged => Mapping {
                pod_security: Some(("Privileged Containers", Level::Baseline)),
                cis: &["5.2.2"],
                nsa: &["1.2 Preventing privileged containers"],
                kubescape: &["C-0057"],
                trivy: &["KSV-0017"],
            },
            Self::ProcMount => Mapping {
                pod_security: Some(("/proc Mount Type", Level::Baseline)),
                cis: &["5.6.3"],
                kubescape: &["C-0211"],
                trivy: &["KSV-0027"],
                ..Mapping::default()
            },
            Self::HostPorts => Mapping {
                pod_security: Some(("Host Ports", Level::Baseline)),
                cis: &["5.2.12"],
                kubescape: &["C-0044"],
                trivy: &["KSV-0024"],
                ..Mapping::default()
            },
            Self::FsGroup => Mapping {
                cis: &["5.6.3"],
                kubescape: &["C-0211"],
                ..Mapping::default()
            },
            Self::AutomountServiceAccountToken => Mapping {
                cis: &["5.1.6"],
                nsa: &["1.11 Protecting Pod service account tokens"],
                kubescape: &["C-0034"],
                trivy: &["KSV-0036"],
                ..Mapping::default()
            },
            Self::HostNamespaces => Mapping {
                pod_security: Some(("Host Namespaces", Level::Baseline)),
                cis: &["5.2.3", "5.2.4", "5.2.5"],
                nsa: &["1.4 Share host process namespaces", "1.5 Use the host network"],
                kubescape: &["C-0038", "C-0041"],
                trivy: &["KSV-0008", "KSV-0009", "KSV-0010"],
            },
            Self::AppArmorProfile => Mapping {
                pod_security: Some(("AppArmor", Level::Baseline)),
                nsa: &["1.9 Restrict a container's access to resources with AppArmor"],
                kubescape: &["C-0055"],
                trivy: &["KSV-0002"],
                ..Mapping::default()
            },
            Self::SeLinuxOptions => Mapping {
                pod_security: Some(("SELinux", Level::Baseline)),
                cis: &["5.6.3"],
                nsa: &["1.8 Sets the SELinux context of the container"],
                kubescape: &["C-0055", "C-0211"],
                trivy: &["KSV-0025"],
            },
            Self::ShareProcessNamespace | Self::HostUsers | Self::SupplementalGroupsPolicy => Mapping::default(),
        }
    }
}

//! The level of the Pod Security Standards that a Pod reaches.
//!
//! Source: the Pod Security Standards of Kubernetes 1.34. The API server has the last word: a level that is claimed
//! is also tried there.

use k8s_openapi::api::core::v1::{Container, PodSpec, SeccompProfile, SecurityContext, Volume};

use crate::setting::containers;

/// Levels, from least to most restrictive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Unrestricted.
    Privileged,
    /// Prevents known privilege escalations.
    Baseline,
    /// Current hardening best practice.
    Restricted,
}

/// Capabilities that the baseline level lets a container add.
const BASELINE_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Sysctls that the baseline level lets a Pod set.
const BASELINE_SYSCTLS: [&str; 11] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
];

/// The highest level that admits this Pod.
pub fn level(pod: &PodSpec) -> Level {
    if !is_baseline(pod) {
        Level::Privileged
    } else if is_restricted(pod) {
        Level::Restricted
    } else {
        Level::Baseline
    }
}

fn is_baseline(pod: &PodSpec) -> bool {
    let host = [pod.host_network, pod.host_pid, pod.host_ipc].contains(&Some(true));
    let host_path = pod.volumes.iter().flatten().any(|volume| volume.host_path.is_some());
    let context = pod.security_context.as_ref();
    let sysctls = context
        .and_then(|c| c.sysctls.as_ref())
        .into_iter()
        .flatten()
        .all(|sysctl| BASELINE_SYSCTLS.contains(&sysctl.name.as_str()));
    let unconfined = |profile: Option<&SeccompProfile>| profile.is_some_and(|p| p.type_ == "Unconfined");
    let pod_level = !host
        && !host_path
        && sysctls
        && !unconfined(context.and_then(|c| c.seccomp_profile.as_ref()))
        && context
            .and_then(|c| c.app_armor_profile.as_ref())
            .is_none_or(|p| p.type_ != "Unconfined")
        && context
            .and_then(|c| c.se_linux_options.as_ref())
            .is_none_or(selinux_is_baseline);
    pod_level && containers(pod).all(|container| container_is_baseline(container, unconfined))
}

fn container_is_baseline(container: &Container, unconfined: impl Fn(Option<&SeccompProfile>) -> bool) -> bool {
    let host_port = container
        .ports
        .iter()
        .flatten()
        .any(|port| port.host_port.is_some_and(|p| p != 0));
    let Some(context) = &container.security_context else {
        return !host_port;
    };
    !host_port
        && context.privileged != Some(true)
        && added(context).all(|capability| BASELINE_CAPABILITIES.contains(&capability))
        && context.proc_mount.as_deref().is_none_or(|mount| mount == "Default")
        && !unconfined(context.seccomp_profile.as_ref())
        && context
            .app_armor_profile
            .as_ref()
            .is_none_or(|p| p.type_ != "Unconfined")
        && context.se_linux_options.as_ref().is_none_or(selinux_is_baseline)
}

fn selinux_is_baseline(options: &k8s_openapi::api::core::v1::SELinuxOptions) -> bool {
    let type_ok = options.type_.as_deref().is_none_or(|t| {
        matches!(
            t,
            "" | "container_t" | "container_init_t" | "container_kvm_t" | "container_engine_t"
        )
    });
    let empty = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
    type_ok && empty(&options.user) && empty(&options.role)
}

fn is_restricted(pod: &PodSpec) -> bool {
    let context = pod.security_context.as_ref();
    let pod_non_root = context.and_then(|c| c.run_as_non_root) == Some(true);
    let pod_seccomp = context
        .and_then(|c| c.seccomp_profile.as_ref())
        .is_some_and(is_confined);
    let pod_user = context.and_then(|c| c.run_as_user) != Some(0);
    pod_user
        && pod.volumes.iter().flatten().all(volume_is_restricted)
        && containers(pod).all(|container| {
            let Some(own) = &container.security_context else {
                return false;
            };
            own.allow_privilege_escalation == Some(false)
                && own.run_as_user != Some(0)
                && own.run_as_non_root.unwrap_or(pod_non_root)
                && own.seccomp_profile.as_ref().map_or(pod_seccomp, is_confined)
                && drops_all(own)
                && added(own).all(|capability| capability == "NET_BIND_SERVICE")
        })
}

fn is_confined(profile: &SeccompProfile) -> bool {
    matches!(profile.type_.as_str(), "RuntimeDefault" | "Localhost")
}

fn drops_all(context: &SecurityContext) -> bool {
    let drop = context.capabilities.as_ref().and_then(|c| c.drop.as_ref());
    drop.into_iter().flatten().any(|capability| capability == "ALL")
}

fn added(context: &SecurityContext) -> impl Iterator<Item = &str> {
    let add = context.capabilities.as_ref().and_then(|c| c.add.as_ref());
    add.into_iter().flatten().map(String::as_str)
}

fn volume_is_restricted(volume: &Volume) -> bool {
    volume.config_map.is_some()
        || volume.csi.is_some()
        || volume.downward_api.is_some()
        || volume.empty_dir.is_some()
        || volume.ephemeral.is_some()
        || volume.persistent_volume_claim.is_some()
        || volume.projected.is_some()
        || volume.secret.is_some()
        || volume.image.is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::repair::Repairs;
    use crate::setting::{Item, apply_all};

    fn check(pod: serde_json::Value, expect: Level) {
        let pod: PodSpec = serde_json::from_value(pod).unwrap();
        assert_eq!(level(&pod), expect, "{pod:?}");
    }

    #[test]
    fn a_plain_pod_is_baseline_and_every_setting_makes_it_restricted() {
        let plain = json!({"containers": [{"name": "app"}]});
        check(plain.clone(), Level::Baseline);
        let mut pod: PodSpec = serde_json::from_value(plain).unwrap();
        apply_all(&Item::all(&pod).collect(), &mut pod, &Repairs::default());
        assert_eq!(level(&pod), Level::Restricted);
    }

    #[test]
    fn what_reaches_the_host_is_privileged() {
        check(
            json!({"hostNetwork": true, "containers": [{"name": "a"}]}),
            Level::Privileged,
        );
        check(
            json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}], "containers": [{"name": "a"}]}),
            Level::Privileged,
        );
        check(
            json!({"containers": [{"name": "a", "ports": [{"containerPort": 80, "hostPort": 80}]}]}),
            Level::Privileged,
        );
        check(
            json!({"containers": [{"name": "a", "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}}]}),
            Level::Privileged,
        );
    }
}

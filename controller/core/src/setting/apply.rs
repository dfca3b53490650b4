//! What each item changes in a Pod. What the Pod already says is kept, unless it is the insecure value itself.

use k8s_openapi::api::core::v1::{Capabilities, Container, PodSpec, SeccompProfile, SecurityContext};

use super::{Item, Setting, containers, containers_mut, effective};
use crate::repair::Repairs;

impl Item {
    /// Puts it into a Pod, with the ids and capabilities of these repairs.
    pub fn apply(&self, pod: &mut PodSpec, repairs: &Repairs) {
        match &self.container {
            None => of_pod(self.setting, pod, repairs),
            Some(name) => {
                // What it inherits decides what it must say itself.
                let before = containers(pod)
                    .find(|container| container.name == *name)
                    .map(|container| Inherited::of(pod, container));
                let found = containers_mut(pod).find(|container| container.name == *name);
                if let (Some(inherited), Some(container)) = (before, found) {
                    of_container(self.setting, container, &inherited, repairs);
                }
            }
        }
    }
}

/// What counts for a container, its own or its Pod's.
struct Inherited {
    user: Option<i64>,
    group: Option<i64>,
    non_root: bool,
    confined: bool,
}

impl Inherited {
    fn of(pod: &PodSpec, container: &Container) -> Self {
        let profile = effective(
            pod,
            container,
            |p| p.seccomp_profile.clone(),
            |c| c.seccomp_profile.clone(),
        );
        Self {
            user: effective(pod, container, |p| p.run_as_user, |c| c.run_as_user),
            group: effective(pod, container, |p| p.run_as_group, |c| c.run_as_group),
            non_root: effective(pod, container, |p| p.run_as_non_root, |c| c.run_as_non_root) == Some(true),
            confined: profile.is_some_and(|profile| profile.type_ != "Unconfined"),
        }
    }
}

fn of_pod(setting: Setting, pod: &mut PodSpec, repairs: &Repairs) {
    match setting {
        Setting::FsGroup => {
            let context = pod.security_context.get_or_insert_default();
            if context.fs_group.is_none_or(|group| group == 0) {
                context.fs_group = Some(repairs.fs_group());
                // Without it every start walks through the volume.
                context
                    .fs_group_change_policy
                    .get_or_insert_with(|| "OnRootMismatch".to_owned());
            }
        }
        Setting::AutomountServiceAccountToken => pod.automount_service_account_token = Some(false),
        Setting::HostNamespaces => {
            for value in [&mut pod.host_network, &mut pod.host_pid, &mut pod.host_ipc] {
                value.take_if(|value| *value);
            }
        }
        Setting::ShareProcessNamespace => {
            pod.share_process_namespace.take_if(|value| *value);
        }
        // The others are a container's, or not tried.
        _ => {}
    }
}

fn of_container(setting: Setting, container: &mut Container, inherited: &Inherited, repairs: &Repairs) {
    if setting == Setting::HostPorts {
        for port in container.ports.iter_mut().flatten() {
            port.host_port = None;
            port.host_ip = None;
        }
        return;
    }
    let name = container.name.clone();
    let mut changed = container.security_context.clone().unwrap_or_default();
    let context = &mut changed;
    match setting {
        Setting::RunAsNonRoot => {
            if !inherited.non_root {
                context.run_as_non_root = Some(true);
            }
            if inherited.user.is_none_or(|user| user == 0) {
                context.run_as_user = Some(repairs.user(&name));
            }
        }
        Setting::RunAsGroup => {
            if inherited.group.is_none_or(|group| group == 0) {
                context.run_as_group = Some(repairs.group(&name));
                if inherited.user.is_none() && context.run_as_user.is_none() {
                    context.run_as_user = Some(repairs.user_beside_group(&name));
                }
            }
        }
        Setting::ReadOnlyRootFilesystem => context.read_only_root_filesystem = Some(true),
        Setting::AllowPrivilegeEscalation => {
            unprivileged(context);
            context.allow_privilege_escalation = Some(false);
        }
        Setting::Capabilities => {
            unprivileged(context);
            drop_all(context, repairs.capabilities(&name));
        }
        Setting::SeccompProfile => {
            unprivileged(context);
            if !inherited.confined {
                context.seccomp_profile = Some(SeccompProfile {
                    type_: "RuntimeDefault".to_owned(),
                    localhost_profile: None,
                });
            }
        }
        Setting::Privileged => unprivileged(context),
        Setting::ProcMount => {
            context.proc_mount.take_if(|mount| mount != "Default");
        }
        // The others are the Pod's.
        _ => {}
    }
    // One that says nothing is none.
    if container.security_context.is_some() || changed != SecurityContext::default() {
        container.security_context = Some(changed);
    }
}

/// A privileged container has all capabilities, no seccomp profile and may gain privileges, whatever else it says.
fn unprivileged(context: &mut SecurityContext) {
    if context.privileged == Some(true) {
        context.privileged = Some(false);
    }
}

fn drop_all(context: &mut SecurityContext, needed: impl Iterator<Item = String>) {
    let capabilities: &mut Capabilities = context.capabilities.get_or_insert_default();
    let drop = capabilities.drop.get_or_insert_default();
    if !drop.iter().any(|capability| capability == "ALL") {
        *drop = vec!["ALL".to_owned()];
    }
    for capability in needed {
        let add = capabilities.add.get_or_insert_default();
        if !add.contains(&capability) {
            add.push(capability);
        }
    }
}

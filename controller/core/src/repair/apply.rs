//! Puts repairs into a Pod.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, EmptyDirVolumeSource, EnvVar, PodSpec, Sysctl, Volume, VolumeMount};

use super::{Fill, Mend, Repairs};
use crate::setting::{containers, containers_mut};

/// The sysctl that makes low ports nobody's privilege; one of those that Kubernetes calls safe.
const PORT_START: &str = "net.ipv4.ip_unprivileged_port_start";

/// Where the copying init container has the directories.
const COPIES: &str = "/temper";

/// Copies each directory that is named, with what is in it and with its mode, to 0, 1, 2 and so on; one that the image
/// has not is made. What its user may not read stays behind: the program, which is the same user, could not read it
/// either. So what `cp` says of it is no complaint, and is kept where `kubectl describe` shows it: as the message that the
/// container ended with. Root that may not give away what it copies lets everybody write there, as whose it was would not.
const COPY: &str = r#"n=0; for d in "$@"; do t="/temper/$n"; if [ -d "$d" ]; then cp -a "$d" "$t" 2>>/dev/termination-log; [ "$(id -u)" != 0 ] || [ -O "$d" ] || ! [ -O "$t" ] || chmod -R a+rwX "$t"; else mkdir "$t"; fi; [ -d "$t" ] || exit 1; n=$((n+1)); done"#;

impl Repairs {
    /// Puts them into a Pod that has its items already: a copying container is as restricted as the one it copies for.
    pub fn apply(&self, pod: &mut PodSpec) {
        if self.unprivileged_ports {
            let context = pod.security_context.get_or_insert_default();
            let sysctls = context.sysctls.get_or_insert_default();
            if !sysctls.iter().any(|sysctl| sysctl.name == PORT_START) {
                sysctls.push(Sysctl {
                    name: PORT_START.to_owned(),
                    value: "0".to_owned(),
                });
            }
        }
        for (name, mend) in &self.containers {
            mend.apply(name, pod);
        }
    }
}

impl Mend {
    fn apply(&self, name: &str, pod: &mut PodSpec) {
        let Some(container) = containers(pod).find(|container| container.name == name) else {
            return;
        };
        let directories = self.free(container);
        let sources: Vec<&str> = directories
            .iter()
            .filter(|(_, fill)| **fill == Fill::Copied)
            .map(|(path, _)| *path)
            .collect();
        // The volume and the container that fills it have one name.
        let copier_name = copier_name(name);
        let mut volumes = Vec::new();
        let mut mounts = Vec::new();
        for path in directories.keys() {
            if let Some(place) = sources.iter().position(|source| source == path) {
                mounts.push(mount(&copier_name, path, Some(place.to_string())));
            } else {
                let volume = volume_name(name, path);
                mounts.push(mount(&volume, path, None));
                volumes.push(empty(volume));
            }
        }
        if !sources.is_empty() {
            let copier = copier(container, copier_name.clone(), &sources);
            volumes.push(empty(copier_name));
            // Before all others: those that need the directories come later.
            pod.init_containers.get_or_insert_default().insert(0, copier);
        }
        if !volumes.is_empty() {
            pod.volumes.get_or_insert_default().extend(volumes);
        }
        let Some(container) = containers_mut(pod).find(|container| container.name == name) else {
            return;
        };
        if !mounts.is_empty() {
            container.volume_mounts.get_or_insert_default().extend(mounts);
        }
        if let Some(home) = &self.home {
            let env = container.env.get_or_insert_default();
            if !env.iter().any(|variable| variable.name == "HOME") {
                env.push(EnvVar {
                    name: "HOME".to_owned(),
                    value: Some(home.clone()),
                    value_from: None,
                });
            }
        }
    }

    /// The directories at which the container has no mount of its own.
    fn free<'a>(&'a self, container: &Container) -> BTreeMap<&'a str, Fill> {
        let taken = |path: &str| {
            let mut mounts = container.volume_mounts.iter().flatten();
            mounts.any(|mount| mount.mount_path.trim_end_matches('/') == path)
        };
        self.directories
            .iter()
            .filter(|(path, _)| !taken(path))
            .map(|(path, fill)| (path.as_str(), *fill))
            .collect()
    }
}

/// Name of the container that copies for another.
fn copier_name(container: &str) -> String {
    shortened(&format!("temper-copy-{container}"))
}

fn copier(container: &Container, name: String, paths: &[&str]) -> Container {
    let mut args = vec!["-c".to_owned(), COPY.to_owned(), "copy".to_owned()];
    args.extend(paths.iter().map(|path| (*path).to_owned()));
    Container {
        volume_mounts: Some(vec![mount(&name, COPIES, None)]),
        name,
        image: container.image.clone(),
        image_pull_policy: container.image_pull_policy.clone(),
        command: Some(vec!["sh".to_owned()]),
        args: Some(args),
        resources: container.resources.clone(),
        security_context: container.security_context.clone(),
        ..Container::default()
    }
}

fn mount(volume: &str, path: &str, sub_path: Option<String>) -> VolumeMount {
    VolumeMount {
        name: volume.to_owned(),
        mount_path: path.to_owned(),
        sub_path,
        ..VolumeMount::default()
    }
}

fn empty(name: String) -> Volume {
    Volume {
        name,
        empty_dir: Some(EmptyDirVolumeSource::default()),
        ..Volume::default()
    }
}

/// A name that says which container a volume is for and what it is mounted at, as far as a name can.
pub(super) fn volume_name(container: &str, path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let words = path.trim_matches('/');
    let slug: String = words.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let name = format!("temper-{container}-{}", slug.trim_matches('-'));
    // Two paths may look alike without their punctuation.
    if words.chars().all(|c| is_plain(c) || c == '/') {
        shortened(&name)
    } else {
        shortened(&format!("{name}-{:06x}", crate::digest(path) >> 8))
    }
}

/// At most 63 characters, as names of volumes and containers may have.
fn shortened(name: &str) -> String {
    if name.len() <= 63 {
        return name.to_owned();
    }
    let head: String = name.chars().take(54).collect();
    format!("{}-{:08x}", head.trim_end_matches('-'), crate::digest(name))
}

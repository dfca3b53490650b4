//! What is taken out of a cloned Pod so that it shares nothing with the node or with its source.

use k8s_openapi::api::core::v1::{EmptyDirVolumeSource, PodSpec, Volume};

use super::Refusal;

/// Clones have no longer to stop than this.
const MAX_GRACE_SECONDS: i64 = 1;

/// Removes host namespaces, host ports and the node's name, and replaces volumes that would share state.
pub(super) fn isolate(
    pod: &mut PodSpec,
    workload: &str,
    allow_shared: bool,
    notes: &mut Vec<String>,
) -> Result<(), Refusal> {
    let namespaces = [
        ("hostNetwork", &mut pod.host_network),
        ("hostPID", &mut pod.host_pid),
        ("hostIPC", &mut pod.host_ipc),
    ];
    for (name, value) in namespaces {
        if value.take() == Some(true) {
            notes.push(format!("{workload}: {name} is not used in clones"));
        }
    }
    // It would bypass the scheduler, and with it the limits.
    pod.node_name = None;
    // A clone is thrown away: nobody waits for it to say goodbye.
    let grace = pod.termination_grace_period_seconds.unwrap_or(MAX_GRACE_SECONDS);
    pod.termination_grace_period_seconds = Some(grace.min(MAX_GRACE_SECONDS));
    for container in pod.init_containers.iter_mut().flatten().chain(&mut pod.containers) {
        for port in container.ports.iter_mut().flatten() {
            port.host_ip = None;
            if port.host_port.take().is_some() {
                notes.push(format!(
                    "{workload}: hostPort of container `{}` is not used in clones",
                    container.name
                ));
            }
        }
    }
    if !allow_shared {
        for volume in pod.volumes.iter_mut().flatten() {
            separate(volume, workload, notes)?;
        }
    }
    Ok(())
}

fn separate(volume: &mut Volume, workload: &str, notes: &mut Vec<String>) -> Result<(), Refusal> {
    if let Some(host) = &volume.host_path {
        let kind = host.type_.as_deref().unwrap_or_default();
        if matches!(kind, "File" | "FileOrCreate" | "Socket" | "CharDevice" | "BlockDevice") {
            return Err(Refusal::SharedVolume {
                workload: workload.to_owned(),
                volume: volume.name.clone(),
                what: format!("the host's {kind} {}", host.path),
            });
        }
    } else if !is_remote(volume) {
        return Ok(());
    }
    notes.push(format!(
        "{workload}: volume `{}` is an empty directory in clones",
        volume.name
    ));
    *volume = Volume {
        name: std::mem::take(&mut volume.name),
        empty_dir: Some(EmptyDirVolumeSource::default()),
        ..Volume::default()
    };
    Ok(())
}

/// Volumes that name a remote file system in the Pod itself.
fn is_remote(volume: &Volume) -> bool {
    volume.nfs.is_some()
        || volume.iscsi.is_some()
        || volume.fc.is_some()
        || volume.cephfs.is_some()
        || volume.rbd.is_some()
        || volume.glusterfs.is_some()
        || volume.aws_elastic_block_store.is_some()
        || volume.azure_disk.is_some()
        || volume.azure_file.is_some()
        || volume.gce_persistent_disk.is_some()
        || volume.cinder.is_some()
        || volume.vsphere_volume.is_some()
        || volume.flex_volume.is_some()
        || volume.portworx_volume.is_some()
        || volume.quobyte.is_some()
        || volume.scale_io.is_some()
        || volume.storageos.is_some()
        || volume.photon_persistent_disk.is_some()
        || volume.flocker.is_some()
}

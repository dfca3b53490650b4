//! Ends a cluster in whatever state it is, and leaves nothing but caches.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

use super::layout::Layout;
use super::part::Part;
use super::{cgroup, containerd, namespace};

/// Ends processes, then removes cgroups, mounts, namespaces and files; what is not there any more is no error.
pub(super) async fn tear_down(layout: &Layout) -> Result<()> {
    // First those that would start anew what is being ended.
    for part in [
        Part::ControllerManager,
        Part::Scheduler,
        Part::Kubelet,
        Part::Proxy,
        Part::Dns,
        Part::ApiServer,
    ] {
        part.kill(layout).await?;
    }
    cgroup::kill_pods(layout).await?;
    if Part::Containerd.process(layout).is_some() {
        // Its images stay, so its containers should not; `up` looks again in case this fails.
        if let Err(error) = containerd::purge(layout).await {
            tracing::warn!(error = format!("{error:#}"), "left containers to the next start");
        }
    }
    for part in [Part::Containerd, Part::Etcd] {
        part.kill(layout).await?;
    }
    cgroup::kill_all(layout).await?;
    namespace::remove(layout).await?;
    cgroup::remove(layout).await?;
    remove(&layout.kubeconfig())?;
    remove(&layout.run())
}

fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

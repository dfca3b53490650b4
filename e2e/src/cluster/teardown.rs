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
    let last = |part: &Part| matches!(part, Part::Etcd | Part::Containerd(_));
    // First those that would start anew what is being ended.
    for part in Part::all(layout).into_iter().rev().filter(|part| !last(part)) {
        part.kill(layout).await?;
    }
    cgroup::kill_pods(layout).await?;
    for node in layout.nodes() {
        let containerd = Part::Containerd(node.index());
        let Some(process) = containerd.process(layout) else {
            continue;
        };
        let purge = async {
            // It may have been paused.
            process.hold(false)?;
            containerd::purge(node).await
        };
        // Its images stay, so its containers should not; `up` looks again in case this fails.
        if let Err(error) = purge.await {
            tracing::warn!(error = format!("{error:#}"), "left containers to the next start");
        }
        process.kill().await?;
    }
    Part::Etcd.kill(layout).await?;
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

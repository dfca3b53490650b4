//! What is asked of containerd directly: images, and the containers that an ended cluster left behind.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::process::Command;

use super::node::Node;
use super::part::Part;
use crate::command::{output, run};
use crate::images::Archive;
use crate::wait;

/// Holds nothing.
const LEASE: &str = "temper-collect";

/// Waits until containerd answers.
pub(super) async fn ready(node: Node<'_>) -> Result<()> {
    wait::until("containerd answers", Duration::from_secs(30), || async {
        Part::Containerd(node.index()).must_run(node.layout())?;
        Ok(node.containerd_socket().exists() && run(ctr(node).arg("version")).await.is_ok())
    })
    .await
}

/// Removes all containers, and says whether there were any.
pub(super) async fn purge(node: Node<'_>) -> Result<bool> {
    let containers = output(ctr(node).args(["containers", "list", "--quiet"])).await?;
    let containers: Vec<&str> = containers.lines().collect();
    if containers.is_empty() {
        return Ok(false);
    }
    let tasks = output(ctr(node).args(["tasks", "list", "--quiet"])).await?;
    if !tasks.is_empty() {
        // A task that has just ended by itself is gone too.
        if let Err(error) = run(ctr(node).args(["tasks", "delete", "--force"]).args(tasks.lines())).await {
            tracing::debug!(%error, "some tasks were gone already");
        }
    }
    run(ctr(node).args(["containers", "delete"]).args(&containers)).await?;
    // Their file systems go with the next collection, which the end of a lease can bring about at once.
    run(ctr(node).args(["leases", "create", "--id", LEASE])).await?;
    run(ctr(node).args(["leases", "delete", "--sync", LEASE])).await?;
    Ok(true)
}

/// Loads an image, unless the one of this digest is there; says whether it was loaded.
pub(super) async fn load(node: Node<'_>, archive: &Archive, digest: &str) -> Result<bool> {
    if known(node, &archive.name).await?.as_deref() == Some(digest) {
        return Ok(false);
    }
    run(ctr(node).args(["images", "import"]).arg(&archive.path))
        .await
        .with_context(|| format!("failed to import `{}`", archive.path.display()))?;
    Ok(true)
}

/// Loads whatever images an archive holds, and gives each its second name where that is another.
pub(super) async fn bring(node: Node<'_>, archive: &Path, names: &[(String, String)]) -> Result<()> {
    run(ctr(node).args(["images", "import"]).arg(archive)).await?;
    for (name, full) in names.iter().filter(|(name, full)| name != full) {
        run(ctr(node).args(["images", "tag", "--force", name, full])).await?;
    }
    Ok(())
}

/// The digest of the image that has this name, if there is one.
async fn known(node: Node<'_>, name: &str) -> Result<Option<String>> {
    let listed = output(ctr(node).args(["images", "list", &format!("name=={name}")])).await?;
    let digest = listed.split_whitespace().find(|word| word.starts_with("sha256:"));
    Ok(digest.map(str::to_owned))
}

fn ctr(node: Node<'_>) -> Command {
    let mut command = Command::new("ctr");
    command
        .arg("--address")
        .arg(node.containerd_socket())
        .args(["--namespace", "k8s.io"]);
    command
}

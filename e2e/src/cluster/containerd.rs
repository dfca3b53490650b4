//! What is asked of containerd directly: images, and the containers that an ended cluster left behind.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::process::Command;

use super::layout::Layout;
use super::part::Part;
use crate::command::{output, run};
use crate::wait;

/// Holds nothing.
const LEASE: &str = "temper-collect";

/// Waits until containerd answers.
pub(super) async fn ready(layout: &Layout) -> Result<()> {
    wait::until("containerd answers", Duration::from_secs(30), async || {
        Part::Containerd.must_run(layout)?;
        Ok(layout.containerd_socket().exists() && run(ctr(layout).arg("version")).await.is_ok())
    })
    .await
}

/// Removes all containers, and says whether there were any.
pub(super) async fn purge(layout: &Layout) -> Result<bool> {
    let containers = output(ctr(layout).args(["containers", "list", "--quiet"])).await?;
    let containers: Vec<&str> = containers.lines().collect();
    if containers.is_empty() {
        return Ok(false);
    }
    let tasks = output(ctr(layout).args(["tasks", "list", "--quiet"])).await?;
    if !tasks.is_empty() {
        // A task that has just ended by itself is gone too.
        if let Err(error) = run(ctr(layout).args(["tasks", "delete", "--force"]).args(tasks.lines())).await {
            tracing::debug!(%error, "some tasks were gone already");
        }
    }
    run(ctr(layout).args(["containers", "delete"]).args(&containers)).await?;
    // Their file systems go with the next collection, which the end of a lease can bring about at once.
    run(ctr(layout).args(["leases", "create", "--id", LEASE])).await?;
    run(ctr(layout).args(["leases", "delete", "--sync", LEASE])).await?;
    Ok(true)
}

/// The digest of the image that has this name, if there is one.
pub(super) async fn image(layout: &Layout, name: &str) -> Result<Option<String>> {
    let listed = output(ctr(layout).args(["images", "list", &format!("name=={name}")])).await?;
    let digest = listed.split_whitespace().find(|word| word.starts_with("sha256:"));
    Ok(digest.map(str::to_owned))
}

/// Loads an OCI archive.
pub(super) async fn import(layout: &Layout, archive: &Path) -> Result<()> {
    run(ctr(layout).args(["images", "import"]).arg(archive))
        .await
        .with_context(|| format!("failed to import `{}`", archive.display()))
}

fn ctr(layout: &Layout) -> Command {
    let mut command = Command::new("ctr");
    command
        .arg("--address")
        .arg(layout.containerd_socket())
        .args(["--namespace", "k8s.io"]);
    command
}

//! Installs Temper into the cluster as a user would: with Helm.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::process::Command;

use crate::bed::SYSTEM;
use crate::command;

/// Helm waits this long for everything to be Ready.
const PATIENCE: &str = "180s";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Installs or upgrades. `image` is what makes a build different from the one before: Pods are replaced when it changes.
pub async fn install(image: &str, extra: &[String]) -> Result<()> {
    // Helm never upgrades definitions by itself.
    let crds = root().join("charts/temper/crds");
    command::run(
        Command::new("kubectl")
            .args(["apply", "--server-side", "--force-conflicts", "-f"])
            .arg(&crds),
    )
    .await?;
    let mut helm = Command::new("helm");
    helm.args(["upgrade", "--install", "temper"])
        .arg(root().join("charts/temper"))
        .args([
            "--namespace",
            SYSTEM,
            "--create-namespace",
            "--wait",
            "--timeout",
            PATIENCE,
        ])
        .args(["--set", "images.tag=dev", "--set"])
        .arg(format!("controller.podAnnotations.temper\\.dev/images={image}"))
        .args(extra);
    command::run(&mut helm).await.context("failed to install Temper")
}

//! Installs Temper, as built from this tree, into the cluster that KUBECONFIG names.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use anyhow::Result;
use clap::Parser;
use temper_e2e::images::Image;
use temper_e2e::{cluster, temper};

/// Installs or upgrades Temper with Helm.
#[derive(Debug, Parser)]
struct Arguments {
    /// More arguments for helm.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    helm: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { helm } = Arguments::parse();
    // A new image has the old name: its archive's name tells them apart.
    let mut images = String::new();
    for image in [Image::Controller, Image::Worker] {
        let archive = image.build().await?;
        images.push_str(&archive.path.file_stem().unwrap_or_default().to_string_lossy());
        images.push(' ');
    }
    cluster::client().await?;
    let mut arguments = Vec::new();
    if !cluster::external() {
        // It runs as a process of each node and not as a DaemonSet, by which Temper would find it.
        arguments.extend(["--set", "clones.networkPolicyEngine=Present"].map(str::to_owned));
    }
    // The last word is the caller's.
    arguments.extend(helm);
    temper::install(images.trim(), &arguments).await
}

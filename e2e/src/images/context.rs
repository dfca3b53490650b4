//! What goes into an image: programs, a root file system, and files beside its Containerfile.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::process::Command;

use super::Image;
use super::rootfs::Rootfs;
use crate::command::run;
use crate::digest::Digest;
use crate::tools::{self, Tool};

/// The files of a build context, each with the name that the Containerfile knows it by.
pub(super) struct Inputs {
    files: Vec<(&'static str, PathBuf)>,
}

impl Image {
    /// Makes the inputs, or finds them made.
    pub(super) async fn inputs(self) -> Result<Inputs> {
        let files = match self {
            Self::Pause => vec![("pause", Tool::Pause.build().await?.join("pause"))],
            Self::Nats => vec![("nats-server", Tool::NatsServer.build().await?.join("nats-server"))],
            Self::Controller => ours("temper-controller").await?,
            Self::Worker => ours("temper-worker").await?,
            Self::Busybox => vec![("rootfs.tar", Rootfs::Busybox.build().await?)],
            Self::Nginx => vec![("rootfs.tar", Rootfs::Nginx.build().await?)],
            Self::Shell => vec![("rootfs.tar", Rootfs::Shell.build().await?)],
        };
        Ok(Inputs { files })
    }
}

/// A program of this workspace and the C library that it needs.
async fn ours(package: &'static str) -> Result<Vec<(&'static str, PathBuf)>> {
    tracing::info!(package, "compiling, unless nothing changed");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    run(Command::new("cargo")
        .current_dir(&workspace)
        .args(["build", "--locked", "--profile", "image", "-p", package]))
    .await?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    Ok(vec![
        ("rootfs.tar", Rootfs::Libc.build().await?),
        (package, target.join("image").join(package)),
    ])
}

impl Inputs {
    pub(super) fn digest(&self, containerfile: &Path) -> Result<String> {
        let cache = tools::cache("")?;
        let mut digest = Digest::default().file(containerfile)?;
        for (name, path) in &self.files {
            digest = digest.text(name);
            // What is in our cache is named by a digest of its own inputs already.
            digest = if path.starts_with(&cache) {
                digest.text(&path.to_string_lossy())
            } else {
                digest.file(path)?
            };
        }
        Ok(digest.short())
    }

    pub(super) fn lay_out(&self, directory: &Path) -> Result<()> {
        fs::create_dir_all(directory)?;
        for (name, path) in &self.files {
            let target = directory.join(name);
            fs::copy(path, &target).with_context(|| format!("failed to copy `{}`", path.display()))?;
        }
        Ok(())
    }
}

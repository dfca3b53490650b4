//! What goes into an image: programs, a root file system, and files beside its Containerfile.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::process::Command;

use super::Image;
use super::packages::Packages;
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
            Self::OtelCollector => vec![(
                "otel-collector",
                Tool::OtelCollector.build().await?.join("otel-collector"),
            )],
            Self::Controller => ours("temper-controller").await?,
            Self::Worker => ours("temper-worker").await?,
            Self::Busybox => vec![("rootfs.tar", Rootfs::Busybox.build().await?)],
            Self::Nginx => vec![("rootfs.tar", Rootfs::Nginx.build().await?)],
            Self::Shell => vec![("rootfs.tar", Rootfs::Shell.build().await?)],
            Self::Field => vec![
                ("rootfs.tar", Rootfs::Field.build().await?),
                ("coredns", Tool::Coredns.build().await?.join("coredns")),
                ("nats-server", Tool::NatsServer.build().await?.join("nats-server")),
                ("prometheus", Tool::Prometheus.build().await?.join("prometheus")),
            ],
            Self::FieldModules => vec![
                ("rootfs.tar", Rootfs::Languages.build().await?),
                ("python.tar", Packages::Python.build().await?),
                ("node.tar", Packages::Node.build().await?),
                ("caddy", Tool::Caddy.build().await?.join("caddy")),
                ("tusd", Tool::Tusd.build().await?.join("tusd")),
                (
                    "victoria-metrics",
                    Tool::VictoriaMetrics.build().await?.join("victoria-metrics"),
                ),
                ("alertmanager", Tool::Alertmanager.build().await?.join("alertmanager")),
                ("mochi", Tool::Mochi.build().await?.join("docker")),
                ("registry", Tool::Registry.build().await?.join("registry")),
            ],
        };
        Ok(Inputs { files })
    }
}

/// Profile that our programs are built with. The tests' own is the default, since it is built anyway; `release` is what
/// a registry should get.
const PROFILE: &str = "TEMPER_IMAGE_PROFILE";

/// A program of this workspace, stripped, and the C library that it needs.
async fn ours(package: &'static str) -> Result<Vec<(&'static str, PathBuf)>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let profile = std::env::var(PROFILE).unwrap_or_else(|_| "dev".to_owned());
    // The whole workspace: alone, a package would have the crates that it shares built with other features.
    run(Command::new("cargo").current_dir(&workspace).args([
        "build",
        "--locked",
        "--workspace",
        "--bins",
        "--profile",
        &profile,
    ]))
    .await?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    let directory = if profile == "dev" { "debug" } else { &profile };
    let program = tools::cache("programs")?.join(package);
    // Symbols are three quarters of a program, and nobody debugs inside a container.
    run(Command::new("strip")
        .arg("-o")
        .arg(&program)
        .arg(target.join(directory).join(package)))
    .await?;
    Ok(vec![("rootfs.tar", Rootfs::Libc.build().await?), (package, program)])
}

impl Inputs {
    pub(super) fn digest(&self, containerfile: &Path) -> Result<String> {
        let cache = tools::cache("")?;
        let mut digest = Digest::default().file(containerfile)?;
        for (name, path) in &self.files {
            digest = digest.text(name);
            // What is in our cache is named by a digest of its own inputs already.
            digest = if path.starts_with(&cache) && !path.starts_with(cache.join("programs")) {
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

//! Container images, built by buildah from the same Containerfiles that docker and podman users build.

mod context;
mod packages;
mod rootfs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use tokio::process::Command;

use crate::command::{output, run};
use crate::{lock, tools};

/// Annotation of an image in an archive.
const NAME: &str = "org.opencontainers.image.ref.name";

/// An image that this repository builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// Holds the namespaces of a Pod.
    Pause,
    /// Our controller.
    Controller,
    /// Our worker.
    Worker,
    /// The NATS server.
    Nats,
    /// Writes what it receives over OTLP to its output.
    OtelCollector,
    /// A sample workload of one static program.
    Busybox,
    /// A sample web server, as Debian sets it up.
    Nginx,
    /// A sample workload with a shell and the usual programs.
    Shell,
    /// Real servers and their clients, of which labelled recordings are made.
    Field,
    /// More of them, that Debian has not: from Go modules, PyPI and npm.
    FieldModules,
}

/// A built image in a file.
#[derive(Debug, Clone)]
pub struct Archive {
    /// Name and tag of the image.
    pub name: String,
    /// An OCI archive.
    pub path: PathBuf,
}

impl Image {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Pause,
        Self::Controller,
        Self::Worker,
        Self::Nats,
        Self::OtelCollector,
        Self::Busybox,
        Self::Nginx,
        Self::Shell,
        Self::Field,
        Self::FieldModules,
    ];

    /// The last part of its name.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Controller => "controller",
            Self::Worker => "worker",
            Self::Nats => "nats",
            Self::OtelCollector => "otel-collector",
            Self::Busybox => "busybox",
            Self::Nginx => "nginx",
            Self::Shell => "shell",
            Self::Field => "field",
            Self::FieldModules => "field-modules",
        }
    }

    /// Whether behaviours and the demo need it; what they do not is built for those who name it.
    pub fn is_usual(self) -> bool {
        !matches!(self, Self::Field | Self::FieldModules)
    }

    /// Name and tag, as manifests use it.
    pub fn name(self) -> String {
        format!("temper.local/{}:dev", self.short_name())
    }

    fn containerfile(self) -> PathBuf {
        let e2e = Path::new(env!("CARGO_MANIFEST_DIR"));
        match self {
            Self::Controller | Self::Worker => e2e.join("..").join(self.short_name()).join("Containerfile"),
            _ => e2e.join("images").join(self.short_name()).join("Containerfile"),
        }
    }

    /// Builds the image, unless one of the same inputs was built before.
    pub async fn build(self) -> Result<Archive> {
        let inputs = self.inputs().await?;
        let cache = tools::cache("images")?;
        let path = cache.join(format!(
            "{}-{}.tar",
            self.short_name(),
            inputs.digest(&self.containerfile())?
        ));
        let archive = Archive {
            name: self.name(),
            path,
        };
        if archive.path.exists() {
            return Ok(archive);
        }
        let _lock = lock::take(&cache.join(format!("{}.lock", self.short_name()))).await?;
        if !archive.path.exists() {
            tracing::info!(image = archive.name, "building");
            let temporary = tempfile::Builder::new().prefix(".build-").tempdir_in(&cache)?;
            let context = temporary.path().join("context");
            inputs.lay_out(&context)?;
            let built = bud(&self.containerfile(), &context, temporary.path(), &archive.name).await?;
            fs::rename(&built, &archive.path)?;
        }
        Ok(archive)
    }

    /// Puts the build context into `directory`, for docker and podman.
    pub async fn export_context(self, directory: &Path) -> Result<()> {
        self.inputs().await?.lay_out(directory)?;
        fs::copy(self.containerfile(), directory.join("Containerfile"))?;
        Ok(())
    }
}

/// Builds in storage of its own, so that nothing of an interrupted build stays.
async fn bud(containerfile: &Path, context: &Path, scratch: &Path, name: &str) -> Result<PathBuf> {
    let built = scratch.join("image.tar");
    run(buildah(scratch)
        .args(["bud", "--isolation", "chroot", "--tag", name, "--file"])
        .args([containerfile, context]))
    .await?;
    run(buildah(scratch)
        .args(["push", name])
        .arg(format!("oci-archive:{}:{name}", built.display())))
    .await?;
    Ok(built)
}

fn buildah(scratch: &Path) -> Command {
    let mut command = Command::new("buildah");
    command
        .arg("--root")
        .arg(scratch.join("root"))
        .arg("--runroot")
        .arg(scratch.join("runroot"));
    command.args(["--storage-driver", "vfs"]);
    command
}

/// What loads an image into an external cluster: `TEMPER_LOAD_IMAGE`, a command behind which the path of an archive is put.
pub fn load_hook() -> Option<String> {
    std::env::var("TEMPER_LOAD_IMAGE").ok().filter(|hook| !hook.is_empty())
}

impl Archive {
    /// An OCI archive that somebody made, and the name that it gives its image.
    pub async fn open(path: &Path) -> Result<Self> {
        let image = index(path).await?;
        let name = image.annotations.get(NAME).cloned();
        Ok(Self {
            name: name.with_context(|| format!("the image in `{}` has no name", path.display()))?,
            path: path.to_owned(),
        })
    }

    /// Loads the image by somebody's command: shell words, behind which the path of the archive is put.
    pub async fn load_by(&self, command: &str) -> Result<()> {
        let script = format!("{command} \"$1\"");
        run(Command::new("sh").args(["-c", &script, "load"]).arg(&self.path))
            .await
            .with_context(|| format!("failed to load `{}`", self.name))
    }

    /// The digest that containerd will know the image by.
    pub(crate) async fn digest(&self) -> Result<String> {
        Ok(index(&self.path).await?.digest)
    }
}

/// What an archive says about its image.
#[derive(Deserialize)]
struct Described {
    digest: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// The only image of an archive, as its index describes it.
async fn index(archive: &Path) -> Result<Described> {
    #[derive(Deserialize)]
    struct Index {
        manifests: Vec<Described>,
    }
    let index = output(Command::new("tar").arg("-xOf").arg(archive).arg("index.json")).await?;
    let index: Index = serde_json::from_str(&index)?;
    let image = index.manifests.into_iter().next();
    image.with_context(|| format!("`{}` holds no image", archive.display()))
}

//! Packages of PyPI and npm at pinned versions, as archives that an image adds to its root file system.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tokio::process::Command;

use crate::command::run;
use crate::digest::Digest;
use crate::{lock, tools};

/// Packages of one registry, listed beside the image's Containerfile.
#[derive(Debug, Clone, Copy)]
pub(super) enum Packages {
    /// Wheels for the Python that Debian has.
    Python,
    /// A folder `node_modules`.
    Node,
}

impl Packages {
    fn lists(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["requirements.txt"],
            Self::Node => &["package.json", "package-lock.json"],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "node",
        }
    }

    /// What puts them into a folder that holds their lists. Nothing that they bring is run.
    fn install(self) -> &'static [&'static str] {
        match self {
            Self::Python => &[
                "pip3",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--no-compile",
                "--only-binary=:all:",
                "--python-version=3.11",
                "--implementation=cp",
                "--platform=manylinux2014_x86_64",
                "--platform=manylinux_2_28_x86_64",
                "--requirement=requirements.txt",
                "--target=.",
            ],
            Self::Node => &["npm", "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"],
        }
    }

    /// Makes the archive, unless it was made before.
    pub(super) async fn build(self) -> Result<PathBuf> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("images/field-modules");
        let lists: Vec<PathBuf> = self.lists().iter().map(|list| source.join(list)).collect();
        let command = self.install();
        let (program, arguments) = command.split_first().context("nothing installs them")?;
        let digest = command.iter().fold(Digest::default(), |digest, word| digest.text(word));
        let digest = lists.iter().try_fold(digest, |digest, list| digest.file(list))?;
        let cache = tools::cache("packages")?;
        let path = cache.join(format!("{}-{}.tar", self.name(), digest.short()));
        if path.exists() {
            return Ok(path);
        }
        let _lock = lock::take(&cache.join("lock")).await?;
        if !path.exists() {
            tracing::info!(kind = self.name(), "installing packages");
            let temporary = tempfile::Builder::new().prefix(".build-").tempdir_in(&cache)?;
            let folder = temporary.path().join("packages");
            fs::create_dir(&folder)?;
            for (list, name) in lists.iter().zip(self.lists()) {
                fs::copy(list, folder.join(name))?;
            }
            run(Command::new(program).args(arguments).current_dir(&folder)).await?;
            let built = temporary.path().join("packages.tar");
            run(Command::new("tar")
                .args(["--create", "--owner=0", "--group=0", "--numeric-owner", "--file"])
                .arg(&built)
                .arg("--directory")
                .arg(&folder)
                .arg("."))
            .await?;
            fs::rename(&built, &path)?;
        }
        Ok(path)
    }
}

//! Root file systems of Debian packages, made once by mmdebstrap.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use tokio::process::Command;

use crate::command::run;
use crate::digest::Digest;
use crate::{lock, tools};

/// The release that packages come from.
const SUITE: &str = "bookworm";

/// Documents and translations are a third of a small system.
const UNREAD: [&str; 4] = [
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
];

/// A root file system.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rootfs {
    /// What a dynamically linked program of ours needs.
    Libc,
    /// One static program.
    Busybox,
    /// nginx as Debian sets it up.
    Nginx,
    /// A shell, setpriv and a program that listens.
    Shell,
    /// Servers as Debian sets them up, and clients of them.
    Field,
    /// What servers from elsewhere run on.
    Languages,
}

impl Rootfs {
    fn packages(self) -> &'static str {
        match self {
            Self::Libc => "libc6,libgcc-s1",
            Self::Busybox => "busybox-static",
            Self::Nginx => "nginx",
            Self::Shell => "bash,coreutils,util-linux,ncat,procps",
            Self::Languages => "bash,coreutils,util-linux,procps,passwd,python3,nodejs",
            Self::Field => {
                "nginx,redis-server,memcached,postgresql,mariadb-server,etcd-server,openssh-server,\
                 openssh-sftp-server,cron,python3,python3-flask,nodejs,node-express,procps,util-linux"
            }
        }
    }

    /// How much of Debian: bare files, or a system whose packages were configured.
    fn variant(self) -> &'static str {
        match self {
            Self::Libc | Self::Busybox => "extract",
            Self::Nginx | Self::Shell | Self::Field | Self::Languages => "essential",
        }
    }

    /// Makes the archive, unless it was made before.
    pub(super) async fn build(self) -> Result<PathBuf> {
        let cache = tools::cache("rootfs")?;
        let digest = UNREAD.iter().fold(Digest::default(), |digest, path| digest.text(path));
        let digest = digest.text(SUITE).text(self.variant()).text(self.packages()).short();
        let path = cache.join(format!("{digest}.tar"));
        if path.exists() {
            return Ok(path);
        }
        let _lock = lock::take(&cache.join("lock")).await?;
        if !path.exists() {
            tracing::info!(packages = self.packages(), "making a root file system");
            let temporary = tempfile::Builder::new().prefix(".build-").tempdir_in(&cache)?;
            let built = temporary.path().join("rootfs.tar");
            run(Command::new("mmdebstrap")
                .env("TMPDIR", temporary.path())
                .args(["--variant", self.variant(), "--include", self.packages()])
                .args(UNREAD.map(|path| format!("--dpkgopt=path-exclude={path}")))
                .arg(SUITE)
                .arg(&built))
            .await?;
            fs::rename(&built, &path)?;
        }
        Ok(path)
    }
}

//! Go programs that the cluster is made of, built once from registry modules by name and version.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use tokio::process::Command;

use crate::command;
use crate::digest::Digest;
use crate::lock;

/// A Go module of `e2e/cluster/go`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl.
    Kubernetes,
    /// Cluster DNS.
    Coredns,
    /// Holds the namespaces of a Pod.
    Pause,
    /// Installs the chart.
    Helm,
    /// Enforces network policies.
    KubeRouter,
    /// Goes into the image of the same name.
    NatsServer,
    /// Likewise.
    OtelCollector,
    /// Goes into the image of real servers: Debian's cannot find targets by the API server.
    Prometheus,
    /// Goes into the image of servers that Debian has not.
    Caddy,
    /// Likewise.
    Tusd,
    /// Likewise.
    VictoriaMetrics,
    /// Likewise.
    Alertmanager,
    /// Likewise; its program is named `docker`.
    Mochi,
    /// Likewise.
    Registry,
}

impl Tool {
    /// What the cluster and its behaviours need, in the order of their need.
    pub const ALL: [Self; 7] = [
        Self::Kubernetes,
        Self::Coredns,
        Self::KubeRouter,
        Self::Pause,
        Self::Helm,
        Self::NatsServer,
        Self::OtelCollector,
    ];

    fn module(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Coredns => "coredns",
            Self::Pause => "pause",
            Self::Helm => "helm",
            Self::KubeRouter => "kube-router",
            Self::NatsServer => "nats-server",
            Self::OtelCollector => "otel-collector",
            Self::Prometheus => "prometheus",
            Self::Caddy => "caddy",
            Self::Tusd => "tusd",
            Self::VictoriaMetrics => "victoria-metrics",
            Self::Alertmanager => "alertmanager",
            Self::Mochi => "mochi",
            Self::Registry => "registry",
        }
    }

    /// What to build: the module's `tool` block or its own main package.
    fn target(self) -> &'static str {
        match self {
            Self::Coredns | Self::Pause | Self::OtelCollector => ".",
            Self::Kubernetes
            | Self::Helm
            | Self::KubeRouter
            | Self::NatsServer
            | Self::Prometheus
            | Self::Caddy
            | Self::Tusd
            | Self::VictoriaMetrics
            | Self::Alertmanager
            | Self::Mochi
            | Self::Registry => "tool",
        }
    }

    fn linker_flags(self) -> String {
        let mut flags = "-s -w".to_owned();
        if self == Self::Kubernetes {
            for (variable, value) in [("gitVersion", "v1.34.4"), ("gitMajor", "1"), ("gitMinor", "34")] {
                flags.push_str(" -X k8s.io/component-base/version.");
                flags.push_str(variable);
                flags.push('=');
                flags.push_str(value);
            }
        }
        flags
    }

    fn source(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("cluster/go")
            .join(self.module())
    }

    /// Where the built programs are, whether or not they were built yet.
    pub fn directory(self) -> Result<PathBuf> {
        let source = self.source();
        let mut inputs: Vec<PathBuf> = fs::read_dir(&source)
            .with_context(|| format!("failed to list `{}`", source.display()))?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        inputs.retain(|path| {
            path.extension()
                .is_some_and(|end| end == "mod" || end == "sum" || end == "go")
        });
        inputs.sort();
        let digest = inputs
            .iter()
            .try_fold(Digest::default(), |digest, path| digest.file(path))?;
        Ok(cache("tools")?.join(format!("{}-{}", self.module(), digest.short())))
    }

    /// Builds the programs unless they are there, and returns their directory.
    pub async fn build(self) -> Result<PathBuf> {
        let directory = self.directory()?;
        if directory.is_dir() {
            return Ok(directory);
        }
        let cache = cache("tools")?;
        let _lock = lock::take(&cache.join(format!("{}.lock", self.module()))).await?;
        if directory.is_dir() {
            return Ok(directory);
        }
        tracing::info!(module = self.module(), "building, once per version and machine");
        let started = Instant::now();
        // Renamed when complete: an interrupted build leaves nothing that looks built.
        let temporary = tempfile::Builder::new().prefix(".build-").tempdir_in(&cache)?;
        let output = temporary.path().join("out");
        fs::create_dir(&output)?;
        command::run(
            Command::new("go")
                .current_dir(self.source())
                .args(["build", "-trimpath", "-ldflags", &self.linker_flags(), "-o"])
                .arg(format!("{}/", output.display()))
                .arg(self.target())
                .envs([
                    ("CGO_ENABLED", "0"),
                    ("GOFLAGS", "-mod=readonly"),
                    ("GOTOOLCHAIN", "local"),
                ]),
        )
        .await?;
        fs::rename(&output, &directory).with_context(|| format!("failed to create `{}`", directory.display()))?;
        tracing::info!(module = self.module(), seconds = started.elapsed().as_secs(), "built");
        Ok(directory)
    }
}

/// A directory of the user's cache, outside every work tree.
pub(crate) fn cache(kind: &str) -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(base) => PathBuf::from(base),
        None => std::env::home_dir()
            .context("neither XDG_CACHE_HOME nor HOME names a place for caches")?
            .join(".cache"),
    };
    let directory = base.join("temper").join(kind);
    fs::create_dir_all(&directory).with_context(|| format!("failed to create `{}`", directory.display()))?;
    Ok(directory)
}

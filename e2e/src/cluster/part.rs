//! The programs of a cluster: how each is started, and which ones are running.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::layout::Layout;
use super::process::Process;
use super::{cgroup, namespace};
use crate::command::tail;

/// A program of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The store of the API server.
    Etcd,
    /// Runs containers.
    Containerd,
    /// The API server.
    ApiServer,
    /// The controllers of Kubernetes itself.
    ControllerManager,
    /// Gives Pods to nodes.
    Scheduler,
    /// Runs the Pods of the node.
    Kubelet,
    /// Makes Services reachable.
    Proxy,
    /// Resolves their names.
    Dns,
}

impl Part {
    /// All of them, in the order of their start.
    pub const ALL: [Self; 8] = [
        Self::Etcd,
        Self::Containerd,
        Self::ApiServer,
        Self::ControllerManager,
        Self::Scheduler,
        Self::Kubelet,
        Self::Proxy,
        Self::Dns,
    ];

    /// Name of the program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Containerd => "containerd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kubelet => "kubelet",
            Self::Proxy => "kube-proxy",
            Self::Dns => "coredns",
        }
    }

    fn record(self, layout: &Layout) -> PathBuf {
        layout.processes().join(self.name())
    }

    pub(super) fn log(self, layout: &Layout) -> PathBuf {
        layout.log(&format!("{}.log", self.name()))
    }

    /// Its process, while it runs.
    pub(super) fn process(self, layout: &Layout) -> Option<Process> {
        Process::recorded(&self.record(layout)).filter(|process| process.alive())
    }

    /// Fails with the last words of this part when it is not running.
    pub(super) fn must_run(self, layout: &Layout) -> Result<()> {
        if self.process(layout).is_some() {
            return Ok(());
        }
        let log = self.log(layout);
        let said = fs::read(&log).unwrap_or_default();
        bail!(
            "{} has ended; `{}` says\n{}",
            self.name(),
            log.display(),
            tail(&String::from_utf8_lossy(&said))
        )
    }

    /// Starts the program in the cluster's namespaces and cgroup.
    pub(super) fn start(self, layout: &Layout, program: &Path, arguments: &[String]) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.log(layout))?;
        // The process joins the cgroup before it becomes anything, so that it is found even if it is never recorded;
        // its own session keeps the terminal's signals from it. Each step replaces the one before: the pid stays.
        let enter = r#"echo $$ >"$1" && shift && exec setsid nsenter "$@""#;
        let child = Command::new("sh")
            .args(["-ec", enter, self.name()])
            .arg(cgroup::system(layout)?.join("cgroup.procs"))
            .args([namespace::network_flag(layout), namespace::mount_flag(layout)])
            .arg(program)
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("failed to start {}", self.name()))?;
        let pid = i32::try_from(child.id().context("a started process has a pid")?)?;
        match Process::of(pid) {
            Some(process) => process.record(&self.record(layout)),
            None => self.must_run(layout),
        }
    }

    /// Ends the program, without ceremony.
    pub(super) async fn kill(self, layout: &Layout) -> Result<()> {
        if let Some(process) = self.process(layout) {
            process.kill().await?;
        }
        Ok(())
    }
}

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

/// A program of the cluster. Those that run once on every node carry the index of theirs; the others run on the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The store of the API server.
    Etcd,
    /// The API server.
    ApiServer,
    /// The controllers of Kubernetes itself.
    ControllerManager,
    /// Gives Pods to nodes.
    Scheduler,
    /// Makes volumes.
    Provisioner,
    /// Runs containers.
    Containerd(u8),
    /// Runs the Pods of the node.
    Kubelet(u8),
    /// Makes Services reachable.
    Proxy(u8),
    /// Resolves their names.
    Dns(u8),
    /// Enforces network policies.
    PolicyEngine(u8),
}

impl Part {
    /// Those that there is one of.
    const CENTRAL: [Self; 5] = [
        Self::Etcd,
        Self::ApiServer,
        Self::ControllerManager,
        Self::Scheduler,
        Self::Provisioner,
    ];

    /// Those of the node with this index, in the order of their start.
    fn of_node(index: u8) -> [Self; 5] {
        [
            Self::Containerd(index),
            Self::Kubelet(index),
            Self::Proxy(index),
            Self::Dns(index),
            Self::PolicyEngine(index),
        ]
    }

    /// Those of a cluster.
    pub(super) fn all(layout: &Layout) -> Vec<Self> {
        let nodes = layout.nodes().into_iter();
        let of_nodes = nodes.flat_map(|node| Self::of_node(node.index()));
        Self::CENTRAL.into_iter().chain(of_nodes).collect()
    }

    /// Name of the program, and on all nodes but the first the index of the node: `kubelet`, `kubelet-1`.
    pub fn name(self) -> String {
        match self.index() {
            0 => self.program().to_owned(),
            index => format!("{}-{index}", self.program()),
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Provisioner => "provisioner",
            Self::Containerd(_) => "containerd",
            Self::Kubelet(_) => "kubelet",
            Self::Proxy(_) => "kube-proxy",
            Self::Dns(_) => "coredns",
            Self::PolicyEngine(_) => "kube-router",
        }
    }

    /// The node that it runs on.
    fn index(self) -> u8 {
        match self {
            Self::Etcd | Self::ApiServer | Self::ControllerManager | Self::Scheduler | Self::Provisioner => 0,
            Self::Containerd(index)
            | Self::Kubelet(index)
            | Self::Proxy(index)
            | Self::Dns(index)
            | Self::PolicyEngine(index) => index,
        }
    }

    fn record(self, layout: &Layout) -> PathBuf {
        layout.processes().join(self.name())
    }

    pub(super) fn log(self, layout: &Layout) -> PathBuf {
        layout.log(&format!("{}.log", self.name()))
    }

    /// Its process, while it runs or is paused.
    pub(super) fn process(self, layout: &Layout) -> Option<Process> {
        Process::recorded(&self.record(layout)).filter(|process| process.alive())
    }

    /// Its process; fails with the last words of this part when it is not running.
    pub(super) fn must_run(self, layout: &Layout) -> Result<Process> {
        if let Some(process) = self.process(layout) {
            return Ok(process);
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

    /// Starts the program in the namespaces and the cgroup of its node.
    pub(super) fn start(self, layout: &Layout, program: &Path, arguments: &[String]) -> Result<()> {
        let node = layout.node(self.index());
        let log = File::options().create(true).append(true).open(self.log(layout))?;
        // The process joins the cgroup before it becomes anything, so that it is found even if it is never recorded;
        // its own session keeps the terminal's signals from it. Each step replaces the one before: the pid stays.
        let enter = r#"echo $$ >"$1" && shift && exec setsid nsenter "$@""#;
        let child = Command::new("sh")
            .args(["-ec", enter, self.program()])
            .arg(cgroup::system(node)?.join("cgroup.procs"))
            .args([namespace::network_flag(node), namespace::mount_flag(node)])
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
            None => self.must_run(layout).map(drop),
        }
    }

    /// Ends the program, without ceremony.
    pub(super) async fn kill(self, layout: &Layout) -> Result<()> {
        if let Some(process) = self.process(layout) {
            process.kill().await?;
        }
        Ok(())
    }
    /// Stops it where it is, or lets it go on.
    pub(super) fn hold(self, layout: &Layout, held: bool) -> Result<()> {
        self.must_run(layout)?.hold(held)
    }
}

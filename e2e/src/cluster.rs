//! A Kubernetes cluster of one node or a few, made of real components on this machine.

mod accounts;
mod agents;
mod cgroup;
mod containerd;
mod control_plane;
mod crash;
mod etcd;
mod layout;
mod namespace;
mod node;
mod part;
mod pki;
mod process;
mod ready;
mod start;
mod teardown;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, ensure};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use self::layout::Layout;
use self::node::Node;
pub use self::part::Part;
use crate::images::{Archive, Image};
use crate::lock;
use crate::tools::Tool;

/// The cluster that somebody else runs, when `CLUSTER=external` says so.
pub fn external() -> bool {
    std::env::var_os("CLUSTER").is_some_and(|value| value == "external")
}

/// A client for the cluster that the environment chooses: the external one, or that of `TEMPER_CLUSTER`.
pub async fn client() -> Result<Client> {
    if external() {
        provide_crypto();
        return Client::try_default()
            .await
            .context("KUBECONFIG names no cluster that can be used");
    }
    Cluster::from_env()?.client().await
}

/// A client with the rights that a kubeconfig gives.
pub async fn client_of(kubeconfig: &Path) -> Result<Client> {
    provide_crypto();
    let read = Kubeconfig::read_from(kubeconfig);
    let read = read.with_context(|| format!("failed to read `{}`", kubeconfig.display()))?;
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

/// A cluster on this machine, running or not.
#[derive(Debug, Clone)]
pub struct Cluster {
    layout: Layout,
}

/// What `Cluster::up` did.
#[derive(Debug, Clone, Copy)]
pub enum Start {
    /// Everything was running and healthy.
    Found,
    /// Started from nothing, in this time, without the building of tools and images.
    Started(Duration),
}

/// How a part of the cluster is.
#[derive(Debug, Clone)]
pub struct PartStatus {
    /// Which part.
    pub part: Part,
    /// Its process, if it runs.
    pub pid: Option<i32>,
    /// Whether it was stopped where it is.
    pub paused: bool,
    /// Its output.
    pub log: PathBuf,
}

impl Cluster {
    /// The cluster of this name.
    pub fn named(name: &str) -> Result<Self> {
        Ok(Self {
            layout: Layout::new(name)?,
        })
    }

    /// The cluster that `TEMPER_CLUSTER` names, or `dev`.
    pub fn from_env() -> Result<Self> {
        Self::named(&std::env::var("TEMPER_CLUSTER").unwrap_or_else(|_| "dev".to_owned()))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.layout.name()
    }

    /// The administrator's kubeconfig, for programs on this machine.
    pub fn kubeconfig(&self) -> PathBuf {
        self.layout.kubeconfig()
    }

    /// One JSON object per request, of level Metadata, as the API server writes them.
    pub fn audit_log(&self) -> PathBuf {
        self.layout.log("audit.log")
    }

    /// Names of its nodes, the one with the control plane first; none when it is not up.
    pub fn node_names(&self) -> Vec<String> {
        self.layout.nodes().into_iter().map(Node::name).collect()
    }

    /// Names of the nodes of a cluster that must have two.
    pub fn two_nodes(&self) -> Result<[String; 2]> {
        let names = self.node_names();
        let has = names.len();
        let two = <[String; 2]>::try_from(names).ok();
        two.with_context(|| {
            format!(
                "nodes: {has}, wanted: 2: set TEMPER_NODES=2 when cluster `{}` starts",
                self.name()
            )
        })
    }

    /// Where kubectl is, and where helm is.
    pub fn programs() -> Result<[PathBuf; 2]> {
        Ok([Tool::Kubernetes.directory()?, Tool::Helm.directory()?])
    }

    /// A client with the administrator's rights.
    pub async fn client(&self) -> Result<Client> {
        let opened = client_of(&self.kubeconfig()).await;
        opened.with_context(|| format!("cluster `{}` is not up: start it with `make cluster`", self.name()))
    }

    /// Makes the cluster run: finds it healthy, or removes what is left of it and starts it from nothing. Without a wish
    /// for so many `nodes`, one that runs has as many as it has, and a new one has one.
    pub async fn up(&self, nodes: Option<u8>) -> Result<Start> {
        for tool in [Tool::Kubernetes, Tool::Coredns, Tool::KubeRouter, Tool::Helm] {
            tool.build().await?;
        }
        let pause = Image::Pause.build().await?;
        let _lock = lock::take(&self.layout.lock()).await?;
        if self.layout.run().exists() {
            match self.fit(nodes).await {
                Ok(()) => return Ok(Start::Found),
                Err(error) => {
                    // What a dead part said last may be long; its log is about to go with the rest.
                    tracing::warn!(reason = first_line(&error), "starting the cluster anew");
                    tracing::debug!(reason = format!("{error:#}"), "in full");
                }
            }
        }
        teardown::tear_down(&self.layout).await?;
        let started = Instant::now();
        self.start(nodes.unwrap_or(1), &pause)
            .await
            .with_context(|| format!("cluster `{}` did not start", self.name()))?;
        Ok(Start::Started(started.elapsed()))
    }

    async fn start(&self, nodes: u8, pause: &Archive) -> Result<()> {
        start::prepare(&self.layout, nodes).await?;
        start::everything(&self.layout, &self.client().await?, pause).await
    }

    /// Fails when the cluster is not healthy or has another number of nodes than it should have.
    async fn fit(&self, nodes: Option<u8>) -> Result<()> {
        let has = self.layout.nodes().len();
        if let Some(wanted) = nodes {
            ensure!(has == usize::from(wanted), "nodes: {has}, wanted: {wanted}");
        }
        self.healthy().await
    }

    /// Fails when anything of the cluster is not as it should be.
    pub async fn healthy(&self) -> Result<()> {
        ensure!(
            self.layout.run().exists(),
            "cluster `{}` is not up: start it with `make cluster`",
            self.name()
        );
        for part in Part::all(&self.layout) {
            part.must_run(&self.layout)?;
        }
        for node in self.layout.nodes() {
            containerd::ready(node).await?;
        }
        ready::everything(&self.layout, &self.client().await?, Duration::from_secs(5)).await
    }

    /// Ends the cluster and removes everything of it but caches.
    pub async fn down(&self) -> Result<()> {
        let _lock = lock::take(&self.layout.lock()).await?;
        teardown::tear_down(&self.layout).await
    }

    /// Every part with its process and its log.
    pub fn parts(&self) -> impl Iterator<Item = PartStatus> {
        Part::all(&self.layout).into_iter().map(|part| {
            let process = part.process(&self.layout);
            PartStatus {
                part,
                pid: process.map(process::Process::pid),
                paused: process.is_some_and(process::Process::held),
                log: part.log(&self.layout),
            }
        })
    }

    /// The part of this name, such as `etcd`, `kubelet` or `kubelet-1`.
    pub fn part(&self, name: &str) -> Result<Part> {
        let parts = Part::all(&self.layout);
        let found = parts.iter().copied().find(|part| part.name() == name);
        found.with_context(|| {
            let names: Vec<String> = parts.iter().map(|part| part.name()).collect();
            format!("no part is named `{name}`; there are {}", names.join(", "))
        })
    }

    /// Ends every process of a container, without a word to anybody. `container_id` is that of the container's status.
    pub fn crash(&self, container_id: &str) -> Result<()> {
        crash::crash(&self.layout, container_id)
    }

    /// The processes of a container, by the id in its status; none when it has ended.
    pub fn processes(&self, container_id: &str) -> Result<Vec<i32>> {
        cgroup::processes(&self.layout, container_id)
    }

    /// Bytes that etcd's keys take now, with what of their history it keeps: it drops that every five minutes.
    pub fn etcd_bytes(&self) -> Result<u64> {
        etcd::bytes(&self.layout)
    }

    /// Stops one part where it is, as if it hung: whoever asks it waits, and what it held stays. An etcd that is paused
    /// makes the API server slow at first and then fail, one API server that is paused lets its clients wait.
    pub fn pause(&self, part: Part) -> Result<()> {
        part.hold(&self.layout, true)
    }

    /// Lets a part go on that was paused.
    pub fn resume(&self, part: Part) -> Result<()> {
        part.hold(&self.layout, false)
    }

    /// Ends a part, if it runs or is paused, starts it again and waits until the cluster is ready; Pods go on. An API
    /// server that is restarted drops its watches.
    pub async fn restart(&self, part: Part) -> Result<()> {
        let layout = &self.layout;
        part.kill(layout).await?;
        start::part(layout, part)?;
        let client = self.client().await?;
        ready::api(layout, &client).await?;
        for node in layout.nodes() {
            containerd::ready(node).await?;
        }
        ready::everything(layout, &client, start::PATIENCE).await
    }

    /// Loads an image into every node that does not hold this very image; says whether any did not.
    pub async fn import(&self, archive: &Archive) -> Result<bool> {
        let nodes = self.layout.nodes();
        ensure!(
            !nodes.is_empty(),
            "cluster `{}` is not up: start it with `make cluster`",
            self.name()
        );
        let digest = archive.digest().await?;
        let mut any = false;
        for node in nodes {
            any |= containerd::load(node, archive, &digest).await?;
        }
        Ok(any)
    }

    /// Loads somebody's archive into every node, and gives each of its images its second name where that is another.
    pub async fn bring(&self, archive: &Path, names: &[(String, String)]) -> Result<()> {
        for node in self.layout.nodes() {
            containerd::bring(node, archive, names).await?;
        }
        Ok(())
    }

    /// Where the kubelet of each node looks for seccomp profiles.
    pub fn seccomp_profiles(&self) -> Vec<PathBuf> {
        let nodes = self.layout.nodes().into_iter();
        nodes.map(|node| node.run().join("kubelet/seccomp")).collect()
    }

    /// The directory that vanishes with the cluster.
    pub fn run_directory(&self) -> PathBuf {
        self.layout.run()
    }
}

fn first_line(error: &Error) -> String {
    format!("{error:#}").lines().next().unwrap_or_default().to_owned()
}

/// kube takes the process-wide provider; whoever installed one first has our consent.
fn provide_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

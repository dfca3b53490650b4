//! A Kubernetes cluster of one node, made of real components on this machine.

mod cgroup;
mod containerd;
mod control_plane;
mod crash;
mod layout;
mod namespace;
mod node;
mod part;
mod pki;
mod process;
mod ready;
mod teardown;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail, ensure};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use self::layout::Layout;
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

    /// Name of its only node.
    pub fn node_name(&self) -> String {
        self.layout.node_name()
    }

    /// Where kubectl is, and where helm is.
    pub fn programs() -> Result<[PathBuf; 2]> {
        Ok([Tool::Kubernetes.directory()?, Tool::Helm.directory()?])
    }

    /// A client with the administrator's rights.
    pub async fn client(&self) -> Result<Client> {
        provide_crypto();
        let path = self.kubeconfig();
        let kubeconfig = Kubeconfig::read_from(&path)
            .with_context(|| format!("cluster `{}` is not up: start it with `make cluster`", self.name()))?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        Ok(Client::try_from(config)?)
    }

    /// Makes the cluster run: finds it healthy, or removes what is left of it and starts it from nothing.
    pub async fn up(&self) -> Result<Start> {
        for tool in [Tool::Kubernetes, Tool::Coredns, Tool::Helm] {
            tool.build().await?;
        }
        let pause = Image::Pause.build().await?;
        let _lock = lock::take(&self.layout.lock()).await?;
        if self.layout.run().exists() {
            match self.healthy().await {
                Ok(()) => return Ok(Start::Found),
                Err(error) => {
                    // What a dead part said last may be long; its log is about to go with the rest.
                    tracing::warn!(
                        reason = first_line(&error),
                        "the cluster is not healthy, starting it anew"
                    );
                    tracing::debug!(reason = format!("{error:#}"), "in full");
                }
            }
        }
        teardown::tear_down(&self.layout).await?;
        let started = Instant::now();
        self.start(&pause)
            .await
            .with_context(|| format!("cluster `{}` did not start", self.name()))?;
        Ok(Start::Started(started.elapsed()))
    }

    async fn start(&self, pause: &Archive) -> Result<()> {
        let layout = &self.layout;
        layout.create()?;
        pki::issue(layout)?;
        cgroup::create(layout)?;
        namespace::create(layout).await?;
        let programs = Tool::Kubernetes.directory()?;
        control_plane::start_api(layout, &programs)?;
        let client = self.client().await?;
        tokio::try_join!(self.start_containerd(pause), ready::api(layout, &client))?;
        control_plane::start_controllers(layout, &programs)?;
        node::start_kubelet(layout)?;
        node::start_proxy(layout)?;
        // In this order: refused once, CoreDNS would wait for seconds before it asks again.
        ready::grant_dns(&client).await?;
        node::start_dns(layout)?;
        ready::node(layout, &client, Duration::from_mins(1)).await
    }

    async fn start_containerd(&self, pause: &Archive) -> Result<()> {
        node::start_containerd(&self.layout, &pause.name)?;
        containerd::ready(&self.layout).await?;
        if containerd::purge(&self.layout).await? {
            // It remembers what it found when it started.
            Part::Containerd.kill(&self.layout).await?;
            node::start_containerd(&self.layout, &pause.name)?;
            containerd::ready(&self.layout).await?;
        }
        self.import(pause).await.map(drop)
    }

    /// Fails when anything of the cluster is not as it should be.
    pub async fn healthy(&self) -> Result<()> {
        ensure!(
            self.layout.run().exists(),
            "cluster `{}` is not up: start it with `make cluster`",
            self.name()
        );
        for part in Part::ALL {
            part.must_run(&self.layout)?;
        }
        let client = self.client().await?;
        containerd::ready(&self.layout).await?;
        ready::node(&self.layout, &client, Duration::from_secs(5)).await
    }

    /// Ends the cluster and removes everything of it but caches.
    pub async fn down(&self) -> Result<()> {
        let _lock = lock::take(&self.layout.lock()).await?;
        teardown::tear_down(&self.layout).await
    }

    /// Every part with its process and its log.
    pub fn parts(&self) -> impl Iterator<Item = PartStatus> {
        Part::ALL.into_iter().map(|part| PartStatus {
            part,
            pid: part.process(&self.layout).map(process::Process::pid),
            log: part.log(&self.layout),
        })
    }

    /// Ends one part as if it crashed. Nothing restarts it but `restart`.
    pub async fn kill(&self, part: Part) -> Result<()> {
        part.kill(&self.layout).await
    }

    /// Ends every process of a container, without a word to anybody. `container_id` is that of the container's status.
    pub fn crash(&self, container_id: &str) -> Result<()> {
        crash::crash(&self.layout, container_id)
    }

    /// Ends a part of the node, if it runs, and starts it again; its Pods go on.
    pub async fn restart(&self, part: Part) -> Result<()> {
        let layout = &self.layout;
        let start: fn(&Layout) -> Result<()> = match part {
            Part::Containerd => |layout| node::start_containerd(layout, &Image::Pause.name()),
            Part::Kubelet => node::start_kubelet,
            Part::Proxy => node::start_proxy,
            Part::Dns => node::start_dns,
            Part::Etcd | Part::ApiServer | Part::ControllerManager | Part::Scheduler => {
                bail!("{} is no part of the node", part.name())
            }
        };
        part.kill(layout).await?;
        start(layout)?;
        containerd::ready(layout).await?;
        ready::node(layout, &self.client().await?, Duration::from_mins(1)).await
    }

    /// Loads an image into the node, unless it holds this very image; says whether it was loaded.
    pub async fn import(&self, archive: &Archive) -> Result<bool> {
        let digest = archive.digest().await?;
        if containerd::image(&self.layout, &archive.name).await?.as_ref() == Some(&digest) {
            return Ok(false);
        }
        containerd::import(&self.layout, &archive.path).await?;
        Ok(true)
    }

    /// The directory that vanishes with the cluster.
    pub fn run_directory(&self) -> PathBuf {
        self.layout.run()
    }
}

/// A word for `PATH`: the directories of kubectl and helm, then what was there.
pub fn search_path(directories: &[impl AsRef<Path>]) -> Result<std::ffi::OsString> {
    let before = std::env::var_os("PATH").unwrap_or_default();
    let paths = directories
        .iter()
        .map(|path| path.as_ref().to_owned())
        .chain(std::env::split_paths(&before));
    Ok(std::env::join_paths(paths)?)
}

fn first_line(error: &Error) -> String {
    format!("{error:#}").lines().next().unwrap_or_default().to_owned()
}

/// kube takes the process-wide provider; whoever installed one first has our consent.
fn provide_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

//! From nothing to a cluster, and any one of its parts anew.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use k8s_openapi::api::storage::v1::StorageClass;
use kube::Client;
use kube::api::{Api, PostParams};

use super::layout::Layout;
use super::node::Node;
use super::part::Part;
use super::{accounts, agents, cgroup, containerd, control_plane, namespace, pki, ready};
use crate::images::Archive;
use crate::provisioner;

/// A start takes seconds; nobody waits for more than this.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// Makes everything that processes stand on.
pub(super) async fn prepare(layout: &Layout, nodes: u8) -> Result<()> {
    layout.create(nodes)?;
    pki::issue(layout)?;
    cgroup::create(layout)?;
    namespace::create(layout).await
}

/// Starts every part and waits until Pods can run.
pub(super) async fn everything(layout: &Layout, client: &Client, pause: &Archive) -> Result<()> {
    part(layout, Part::Etcd)?;
    part(layout, Part::ApiServer)?;
    let nodes = layout.nodes();
    let digest = pause.digest().await?;
    let runtimes = try_join_all(nodes.iter().map(|node| runtime(*node, pause, &digest)));
    tokio::try_join!(runtimes, ready::api(layout, client))?;
    part(layout, Part::ControllerManager)?;
    part(layout, Part::Scheduler)?;
    for node in &nodes {
        part(layout, Part::Kubelet(node.index()))?;
        part(layout, Part::Proxy(node.index()))?;
    }
    // In this order: refused once, CoreDNS would wait for seconds before it asks again.
    accounts::grant(client).await?;
    for node in &nodes {
        part(layout, Part::Dns(node.index()))?;
    }
    let class = provisioner::class(nodes.iter().map(|node| node.name()).collect());
    let classes = Api::<StorageClass>::all(client.clone());
    classes
        .create(&PostParams::default(), &class)
        .await
        .with_context(|| format!("failed to create StorageClass `{}`", provisioner::CLASS))?;
    part(layout, Part::Provisioner)?;
    try_join_all(nodes.iter().map(|node| policies(*node, client))).await?;
    ready::everything(layout, client, PATIENCE).await
}

/// Starts containerd and gives it what Pods of any kind need.
async fn runtime(node: Node<'_>, pause: &Archive, digest: &str) -> Result<()> {
    let layout = node.layout();
    let containerd = Part::Containerd(node.index());
    part(layout, containerd)?;
    containerd::ready(node).await?;
    if containerd::purge(node).await? {
        // It remembers what it found when it started.
        containerd.kill(layout).await?;
        part(layout, containerd)?;
        containerd::ready(node).await?;
    }
    containerd::load(node, pause, digest).await.map(drop)
}

/// Starts kube-router, which looks for its node once and gives up where there is none.
async fn policies(node: Node<'_>, client: &Client) -> Result<()> {
    ready::registered(node, client, PATIENCE).await?;
    part(node.layout(), Part::PolicyEngine(node.index()))
}

/// Starts one part.
pub(super) fn part(layout: &Layout, part: Part) -> Result<()> {
    match part {
        Part::Etcd => control_plane::start_etcd(layout),
        Part::ApiServer => control_plane::start_api_server(layout),
        Part::ControllerManager => control_plane::start_controller_manager(layout),
        Part::Scheduler => control_plane::start_scheduler(layout),
        Part::Provisioner => control_plane::start_provisioner(layout),
        Part::Containerd(node) => agents::start_containerd(layout.node(node)),
        Part::Kubelet(node) => agents::start_kubelet(layout.node(node)),
        Part::Proxy(node) => agents::start_proxy(layout.node(node)),
        Part::Dns(node) => agents::start_dns(layout.node(node)),
        Part::PolicyEngine(node) => agents::start_policy_engine(layout.node(node)),
    }
}

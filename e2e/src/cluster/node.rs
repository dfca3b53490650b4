//! What is a node's own: names, paths, addresses. Everything that two kubelets on one machine must not share.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::layout::Layout;

/// A node of a cluster. The first one, which has the control plane, hangs on the host, and all others on the first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    layout: &'a Layout,
    index: u8,
}

impl<'a> Node<'a> {
    pub(super) fn new(layout: &'a Layout, index: u8) -> Self {
        Self { layout, index }
    }

    pub(super) fn index(self) -> u8 {
        self.index
    }

    pub(super) fn layout(self) -> &'a Layout {
        self.layout
    }

    /// Its name in the API.
    pub(super) fn name(self) -> String {
        format!("{}-{}", self.layout.name(), self.short_name())
    }

    /// Its name among those of its cluster.
    pub(super) fn short_name(self) -> String {
        format!("node-{}", self.index)
    }

    /// Everything of it that goes when the cluster goes.
    pub(super) fn run(self) -> PathBuf {
        self.layout.run().join(self.short_name())
    }

    pub(super) fn config(self, file: &str) -> PathBuf {
        self.run().join("config").join(file)
    }

    /// A certificate, a key or a kubeconfig that no other node has.
    pub(super) fn pki(self, file: &str) -> PathBuf {
        self.layout.pki(&format!("{}-{file}", self.short_name()))
    }

    /// What the provisioner makes volumes of.
    pub(super) fn volumes(self) -> PathBuf {
        self.run().join("volumes")
    }

    /// Images outlive the cluster: loading them again would cost more than all the rest of a start.
    pub(super) fn containerd_root(self) -> PathBuf {
        self.layout.images().join(self.short_name())
    }

    pub(super) fn containerd_socket(self) -> PathBuf {
        self.run().join("containerd.sock")
    }

    pub(super) fn mount_namespace(self) -> PathBuf {
        self.run().join("ns/mnt")
    }

    /// Name of its network namespace, as `ip netns` knows it.
    pub(super) fn network(self) -> String {
        format!("{}-{}", self.layout.full_name(), self.index)
    }

    pub(super) fn network_namespace(self) -> PathBuf {
        PathBuf::from("/run/netns").join(self.network())
    }

    /// The node that leads to this one; none where the host does.
    pub(super) fn uplink(self) -> Option<Self> {
        (self.index > 0).then(|| self.layout.first())
    }

    /// The far end of its veth pair, within the 15 characters of a device name.
    pub(super) fn device(self) -> String {
        format!("temper{:04x}{}", self.layout.slot(), self.index)
    }

    /// What that end has for an address.
    pub(super) fn gateway(self) -> Ipv4Addr {
        self.address_of(1)
    }

    pub(super) fn address(self) -> Ipv4Addr {
        self.address_of(2)
    }

    /// The /30 of both ends.
    pub(super) fn subnet(self) -> String {
        format!("{}/30", self.address_of(0))
    }

    /// 198.18.0.0/15 is for benchmarks between devices, so nobody routes it; each cluster takes a /28 of it, and each
    /// of its nodes a quarter of that.
    fn address_of(self, host: u32) -> Ipv4Addr {
        let cluster = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + u32::from(self.layout.slot()) * 16;
        Ipv4Addr::from(cluster + u32::from(self.index) * 4 + host)
    }

    /// Its share of the cluster's Pod range: large enough that an address does not come back soon.
    pub(super) fn pod_cidr(self) -> String {
        format!("10.244.{}.0/20", self.index * 16)
    }

    /// Makes its directories.
    pub(super) fn create(self) -> Result<()> {
        let below = ["config", "ns", "cni/conf", "cni/data", "volumes"].map(|directory| self.run().join(directory));
        for path in below.into_iter().chain([self.containerd_root()]) {
            fs::create_dir_all(&path).with_context(|| format!("failed to create `{}`", path.display()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::layout::MOST_NODES;

    #[test]
    fn nodes_of_a_cluster_share_nothing() {
        let layout = Layout::new("dev").unwrap();
        let properties: [fn(Node<'_>) -> String; 8] = [
            |node| node.name(),
            |node| node.device(),
            |node| node.network(),
            |node| node.subnet(),
            |node| node.pod_cidr(),
            |node| node.run().display().to_string(),
            |node| node.containerd_root().display().to_string(),
            |node| node.pki("kubelet.crt").display().to_string(),
        ];
        for property in properties {
            let mut seen: Vec<String> = (0..MOST_NODES).map(|index| property(layout.node(index))).collect();
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), usize::from(MOST_NODES), "{seen:?}");
        }
    }

    #[test]
    fn the_last_node_of_the_last_cluster_is_still_in_the_range() {
        for name in ["dev", "test", "a-name-of-20-letters"] {
            let layout = Layout::new(name).unwrap();
            let last = layout.node(MOST_NODES - 1);
            assert!([18, 19].contains(&last.address().octets()[1]), "{}", last.address());
            assert!(last.device().len() <= 15, "{}", last.device());
        }
    }
}

//! Where everything of one cluster is: names, paths and addresses, all derived from its name.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use sha2::{Digest as _, Sha256};

use super::node::Node;

/// Pods, in the cluster's own network namespaces: every cluster may use the same range.
pub(super) const POD_CIDR: &str = "10.244.0.0/16";
/// Services, likewise.
pub(super) const SERVICE_CIDR: &str = "10.96.0.0/16";
/// The API server's own Service.
pub(super) const API_SERVICE: &str = "10.96.0.1";
/// Cluster DNS on the loopback device of every node, as NodeLocal DNS does it.
pub(super) const DNS: &str = "169.254.20.10";
/// So many subnets are a cluster's own, one for the way to each node.
pub(super) const MOST_NODES: u8 = 4;

/// Length of `sun_path` in Linux, with its final zero.
const SOCKET_PATH: usize = 108;

/// Paths, names and addresses of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    name: String,
    home: PathBuf,
    slot: u16,
}

impl Layout {
    pub(super) fn new(name: &str) -> Result<Self> {
        let plain = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
        ensure!(
            (1..=20).contains(&name.len()) && name.chars().all(plain) && !name.starts_with('-') && !name.ends_with('-'),
            "cluster name `{name}` must be 1 to 20 of a-z, 0-9 and - and neither begin nor end with -"
        );
        let state = std::env::var_os("TEMPER_STATE_DIR").filter(|value| !value.is_empty());
        let state = state.map_or_else(|| PathBuf::from("/var/lib/temper"), PathBuf::from);
        // Clusters need no register of who has which address: 8192 ranges make a clash unlikely, and a clash is told.
        let digest = Sha256::digest(name);
        let slot = digest
            .iter()
            .take(2)
            .fold(0_u16, |slot, byte| (slot << 8) | u16::from(*byte))
            & 0x1fff;
        let layout = Self {
            name: name.to_owned(),
            home: state.join(name),
            slot,
        };
        let longest = format!("{}.ttrpc", layout.first().containerd_socket().display());
        ensure!(layout.home.is_absolute(), "TEMPER_STATE_DIR must be an absolute path");
        ensure!(
            longest.len() < SOCKET_PATH,
            "socket `{longest}` is too long: set a shorter TEMPER_STATE_DIR"
        );
        Ok(layout)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A number below 8192 that its addresses and devices are made of.
    pub(super) fn slot(&self) -> u16 {
        self.slot
    }

    /// Name of the cgroup and the kubeconfig context.
    pub(super) fn full_name(&self) -> String {
        format!("temper-{}", self.name)
    }

    /// The node that has the control plane.
    pub(super) fn first(&self) -> Node<'_> {
        self.node(0)
    }

    pub(super) fn node(&self, index: u8) -> Node<'_> {
        Node::new(self, index)
    }

    /// The nodes that the cluster was created with, running or not, in the order of their indices.
    pub(super) fn nodes(&self) -> Vec<Node<'_>> {
        let all = (0..MOST_NODES).map(|index| self.node(index));
        all.filter(|node| node.run().is_dir()).collect()
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.home.join("lock")
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.home.join("kubeconfig")
    }

    pub(super) fn images(&self) -> PathBuf {
        self.home.join("images")
    }

    /// Everything that goes when the cluster goes.
    pub(super) fn run(&self) -> PathBuf {
        self.home.join("run")
    }

    pub(super) fn pki(&self, file: &str) -> PathBuf {
        self.run().join("pki").join(file)
    }

    pub(super) fn config(&self, file: &str) -> PathBuf {
        self.run().join("config").join(file)
    }

    pub(super) fn log(&self, file: &str) -> PathBuf {
        self.run().join("log").join(file)
    }

    pub(super) fn processes(&self) -> PathBuf {
        self.run().join("processes")
    }

    /// Where the API server is, for the host and for every node.
    pub(super) fn server(&self) -> String {
        format!("https://{}:6443", self.first().address())
    }

    /// Makes the directories of a cluster with so many nodes.
    pub(super) fn create(&self, nodes: u8) -> Result<()> {
        ensure!(
            (1..=MOST_NODES).contains(&nodes),
            "a cluster of {nodes} nodes: it must have 1 to {MOST_NODES}"
        );
        for directory in ["pki", "config", "log", "processes", "etcd"] {
            let path = self.run().join(directory);
            fs::create_dir_all(&path).with_context(|| format!("failed to create `{}`", path.display()))?;
        }
        (0..nodes).try_for_each(|index| self.node(index).create())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_with_other_names_share_nothing() {
        let (one, two) = (Layout::new("dev").unwrap(), Layout::new("test").unwrap());
        assert_ne!(one.first().address(), two.first().address());
        assert_ne!(one.first().device(), two.first().device());
        assert_ne!(one.run(), two.run());
    }

    #[test]
    fn names_that_would_be_paths_are_refused() {
        for name in ["", "..", "a/b", "-a", "Dev", "a-name-of-more-than-twenty"] {
            assert!(Layout::new(name).is_err(), "{name}");
        }
    }
}

//! Where everything of one cluster is: names, paths and addresses, all derived from its name.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use sha2::{Digest as _, Sha256};

/// Pods, in the cluster's own network namespace: every cluster may use the same range.
pub(super) const POD_CIDR: &str = "10.244.0.0/16";
/// Services, likewise.
pub(super) const SERVICE_CIDR: &str = "10.96.0.0/16";
/// The API server's own Service.
pub(super) const API_SERVICE: &str = "10.96.0.1";
/// Cluster DNS on the loopback device of the node, as NodeLocal DNS does it.
pub(super) const DNS: &str = "169.254.20.10";

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
        // Clusters need no register of who has which address: 32768 subnets make a clash unlikely, and a clash is told.
        let digest = Sha256::digest(name);
        let slot = digest
            .iter()
            .take(2)
            .fold(0_u16, |slot, byte| (slot << 8) | u16::from(*byte))
            & 0x7fff;
        let layout = Self {
            name: name.to_owned(),
            home: state.join(name),
            slot,
        };
        let longest = format!("{}.ttrpc", layout.containerd_socket().display());
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

    /// Name of the namespace, the cgroup and the kubeconfig context.
    pub(super) fn full_name(&self) -> String {
        format!("temper-{}", self.name)
    }

    pub(super) fn node_name(&self) -> String {
        format!("{}-node", self.name)
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.home.join("lock")
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.home.join("kubeconfig")
    }

    /// Images outlive the cluster: loading them again would cost more than all the rest of a start.
    pub(super) fn containerd_root(&self) -> PathBuf {
        self.home.join("containerd")
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

    pub(super) fn containerd_socket(&self) -> PathBuf {
        self.run().join("containerd.sock")
    }

    pub(super) fn mount_namespace(&self) -> PathBuf {
        self.run().join("ns/mnt")
    }

    pub(super) fn network_namespace(&self) -> PathBuf {
        PathBuf::from("/run/netns").join(self.full_name())
    }

    /// The host's end of the veth pair, within the 15 characters of a device name.
    pub(super) fn host_device(&self) -> String {
        format!("temper{:04x}", self.slot)
    }

    pub(super) fn host_address(&self) -> Ipv4Addr {
        self.address(1)
    }

    pub(super) fn node_address(&self) -> Ipv4Addr {
        self.address(2)
    }

    /// 198.18.0.0/15 is for benchmarks between devices, so nobody routes it; each cluster takes a /30 of it.
    fn address(&self, host: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + u32::from(self.slot) * 4 + host)
    }

    pub(super) fn server(&self) -> String {
        format!("https://{}:6443", self.node_address())
    }

    pub(super) fn create(&self) -> Result<()> {
        for directory in [
            "pki",
            "config",
            "log",
            "processes",
            "ns",
            "etcd",
            "cni/conf",
            "cni/data",
        ] {
            fs::create_dir_all(self.run().join(directory))?;
        }
        fs::create_dir_all(self.containerd_root())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_with_other_names_share_nothing() {
        let (one, two) = (Layout::new("dev").unwrap(), Layout::new("test").unwrap());
        assert_ne!(one.node_address(), two.node_address());
        assert_ne!(one.host_device(), two.host_device());
        assert_ne!(one.run(), two.run());
        assert!(one.host_device().len() <= 15);
    }

    #[test]
    fn names_that_would_be_paths_are_refused() {
        for name in ["", "..", "a/b", "-a", "Dev", "a-name-of-more-than-twenty"] {
            assert!(Layout::new(name).is_err(), "{name}");
        }
    }
}

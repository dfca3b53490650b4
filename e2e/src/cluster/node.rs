//! containerd, the kubelet, kube-proxy and CoreDNS.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::layout::{DNS, Layout, POD_CIDR};
use super::part::Part;
use crate::tools::Tool;

/// Where Debian puts the CNI plugins.
const CNI_PLUGINS: &str = "/usr/lib/cni";

/// Starts containerd.
pub(super) fn start_containerd(layout: &Layout, pause: &str) -> Result<()> {
    let networks = layout.run().join("cni/conf");
    let network = include_str!("../../cluster/config/cni.conflist");
    let data = layout.run().join("cni/data");
    let network = network
        .replace("@DATA@", &data.display().to_string())
        .replace("@POD_CIDR@", POD_CIDR);
    fs::write(networks.join("10-temper.conflist"), network)?;
    let config = include_str!("../../cluster/config/containerd.toml")
        .replace("@ROOT@", &layout.containerd_root().display().to_string())
        .replace("@STATE@", &layout.run().join("containerd").display().to_string())
        .replace("@SOCKET@", &layout.containerd_socket().display().to_string())
        .replace("@PAUSE@", pause)
        .replace("@CNI_BIN@", CNI_PLUGINS)
        .replace("@CNI_CONF@", &networks.display().to_string());
    let path = layout.config("containerd.toml");
    fs::write(&path, config)?;
    Part::Containerd.start(
        layout,
        Path::new("containerd"),
        &[format!("--config={}", path.display())],
    )
}

/// Starts the kubelet.
pub(super) fn start_kubelet(layout: &Layout) -> Result<()> {
    let pki = |file: &str| layout.pki(file).display().to_string();
    let config = include_str!("../../cluster/config/kubelet.yaml")
        .replace("@SOCKET@", &layout.containerd_socket().display().to_string())
        .replace("@CGROUP@", &format!("/{}", layout.full_name()))
        .replace("@CA@", &pki("ca.crt"))
        .replace("@CERT@", &pki("kubelet.crt"))
        .replace("@KEY@", &pki("kubelet.key"))
        .replace("@DNS@", DNS);
    let path = layout.config("kubelet.yaml");
    fs::write(&path, config)?;
    Part::Kubelet.start(
        layout,
        &Tool::Kubernetes.directory()?.join("kubelet"),
        &[
            format!("--config={}", path.display()),
            format!("--kubeconfig={}", pki("kubelet.kubeconfig")),
            format!("--hostname-override={}", layout.node_name()),
            format!("--node-ip={}", layout.node_address()),
        ],
    )
}

/// Starts kube-proxy.
pub(super) fn start_proxy(layout: &Layout) -> Result<()> {
    Part::Proxy.start(
        layout,
        &Tool::Kubernetes.directory()?.join("kube-proxy"),
        &[
            format!("--kubeconfig={}", layout.pki("kube-proxy.kubeconfig").display()),
            format!("--hostname-override={}", layout.node_name()),
            "--proxy-mode=nftables".to_owned(),
            format!("--cluster-cidr={POD_CIDR}"),
            "--conntrack-max-per-core=0".to_owned(),
        ],
    )
}

/// Starts CoreDNS, as a process of the node: names resolve before the first Pod runs.
pub(super) fn start_dns(layout: &Layout) -> Result<()> {
    let kubeconfig = layout.pki("coredns.kubeconfig");
    let config = include_str!("../../cluster/config/Corefile");
    let path = layout.config("Corefile");
    fs::write(&path, config.replace("@KUBECONFIG@", &kubeconfig.display().to_string()))?;
    Part::Dns.start(
        layout,
        &Tool::Coredns.directory()?.join("coredns"),
        &[format!("-conf={}", path.display())],
    )
}

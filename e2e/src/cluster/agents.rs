//! What runs on every node: containerd, the kubelet, kube-proxy, CoreDNS and kube-router.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::cgroup;
use super::layout::{DNS, POD_CIDR, SERVICE_CIDR};
use super::node::Node;
use super::part::Part;
use crate::images::Image;
use crate::tools::Tool;

/// Where Debian puts the CNI plugins.
const CNI_PLUGINS: &str = "/usr/lib/cni";

/// Where kube-router says whether it is well.
pub(super) const POLICY_ENGINE_PORT: u16 = 20244;

/// Starts containerd.
pub(super) fn start_containerd(node: Node<'_>) -> Result<()> {
    let networks = node.run().join("cni/conf");
    let network = include_str!("../../cluster/config/cni.conflist");
    let data = node.run().join("cni/data");
    let network = network
        .replace("@DATA@", &data.display().to_string())
        .replace("@POD_CIDR@", &node.pod_cidr());
    fs::write(networks.join("10-temper.conflist"), network)?;
    let config = include_str!("../../cluster/config/containerd.toml")
        .replace("@ROOT@", &node.containerd_root().display().to_string())
        .replace("@STATE@", &node.run().join("containerd").display().to_string())
        .replace("@SOCKET@", &node.containerd_socket().display().to_string())
        .replace("@PAUSE@", &Image::Pause.name())
        .replace("@CNI_BIN@", CNI_PLUGINS)
        .replace("@CNI_CONF@", &networks.display().to_string());
    let path = node.config("containerd.toml");
    fs::write(&path, config)?;
    Part::Containerd(node.index()).start(
        node.layout(),
        Path::new("containerd"),
        &[format!("--config={}", path.display())],
    )
}

/// Starts the kubelet.
pub(super) fn start_kubelet(node: Node<'_>) -> Result<()> {
    let config = include_str!("../../cluster/config/kubelet.yaml")
        .replace("@SOCKET@", &node.containerd_socket().display().to_string())
        .replace("@CGROUP@", &cgroup::pods(node))
        .replace("@CA@", &node.layout().pki("ca.crt").display().to_string())
        .replace("@CERT@", &node.pki("kubelet.crt").display().to_string())
        .replace("@KEY@", &node.pki("kubelet.key").display().to_string())
        .replace("@DNS@", DNS);
    let path = node.config("kubelet.yaml");
    fs::write(&path, config)?;
    Part::Kubelet(node.index()).start(
        node.layout(),
        &Tool::Kubernetes.directory()?.join("kubelet"),
        &[
            format!("--config={}", path.display()),
            format!("--kubeconfig={}", node.pki("kubelet.kubeconfig").display()),
            format!("--hostname-override={}", node.name()),
            format!("--node-ip={}", node.address()),
        ],
    )
}

/// Starts kube-proxy.
pub(super) fn start_proxy(node: Node<'_>) -> Result<()> {
    Part::Proxy(node.index()).start(
        node.layout(),
        &Tool::Kubernetes.directory()?.join("kube-proxy"),
        &[
            format!("--kubeconfig={}", node.layout().pki("kube-proxy.kubeconfig").display()),
            format!("--hostname-override={}", node.name()),
            "--proxy-mode=nftables".to_owned(),
            format!("--cluster-cidr={POD_CIDR}"),
            "--conntrack-max-per-core=0".to_owned(),
        ],
    )
}

/// Starts CoreDNS, as a process of the node: names resolve before the first Pod runs.
pub(super) fn start_dns(node: Node<'_>) -> Result<()> {
    let kubeconfig = node.layout().pki("coredns.kubeconfig");
    let config = include_str!("../../cluster/config/Corefile");
    let path = node.config("Corefile");
    fs::write(&path, config.replace("@KUBECONFIG@", &kubeconfig.display().to_string()))?;
    Part::Dns(node.index()).start(
        node.layout(),
        &Tool::Coredns.directory()?.join("coredns"),
        &[format!("-conf={}", path.display())],
    )
}

/// Starts kube-router as nothing but an engine for network policies; the node must be known to the API server.
pub(super) fn start_policy_engine(node: Node<'_>) -> Result<()> {
    Part::PolicyEngine(node.index()).start(
        node.layout(),
        &Tool::KubeRouter.directory()?.join("kube-router"),
        &[
            format!("--kubeconfig={}", node.layout().pki("kube-router.kubeconfig").display()),
            format!("--hostname-override={}", node.name()),
            "--run-firewall=true".to_owned(),
            "--run-router=false".to_owned(),
            "--run-service-proxy=false".to_owned(),
            "--run-loadbalancer=false".to_owned(),
            "--enable-ipv6=false".to_owned(),
            format!("--service-cluster-ip-range={SERVICE_CIDR}"),
            format!("--health-port={POLICY_ENGINE_PORT}"),
            "--metrics-port=0".to_owned(),
        ],
    )
}

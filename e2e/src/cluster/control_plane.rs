//! etcd, the API server, what acts on its objects, and the provisioner of volumes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::layout::{Layout, SERVICE_CIDR};
use super::part::Part;
use crate::tools::Tool;

/// Where etcd listens, on the loopback device of the cluster's own network.
pub(super) const ETCD: &str = "http://127.0.0.1:2379";
const ETCD_PEER: &str = "http://127.0.0.1:2380";

/// Starts etcd.
pub(super) fn start_etcd(layout: &Layout) -> Result<()> {
    Part::Etcd.start(
        layout,
        Path::new("etcd"),
        &[
            format!("--data-dir={}", layout.run().join("etcd").display()),
            format!("--listen-client-urls={ETCD}"),
            format!("--advertise-client-urls={ETCD}"),
            format!("--listen-peer-urls={ETCD_PEER}"),
            format!("--initial-advertise-peer-urls={ETCD_PEER}"),
            format!("--initial-cluster=default={ETCD_PEER}"),
            "--logger=zap".to_owned(),
        ],
    )
}

/// Starts the API server.
pub(super) fn start_api_server(layout: &Layout) -> Result<()> {
    let policy = layout.config("audit.yaml");
    fs::write(&policy, include_str!("../../cluster/config/audit.yaml"))?;
    let pki = |file: &str| layout.pki(file).display().to_string();
    Part::ApiServer.start(
        layout,
        &Tool::Kubernetes.directory()?.join("kube-apiserver"),
        &[
            format!("--etcd-servers={ETCD}"),
            format!("--advertise-address={}", layout.first().address()),
            "--secure-port=6443".to_owned(),
            format!("--tls-cert-file={}", pki("kube-apiserver.crt")),
            format!("--tls-private-key-file={}", pki("kube-apiserver.key")),
            format!("--client-ca-file={}", pki("ca.crt")),
            format!("--token-auth-file={}", pki("tokens.csv")),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--enable-admission-plugins=NodeRestriction".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
            format!("--service-account-key-file={}", pki("service-accounts.pub")),
            format!("--service-account-signing-key-file={}", pki("service-accounts.key")),
            format!("--service-cluster-ip-range={SERVICE_CIDR}"),
            format!("--kubelet-certificate-authority={}", pki("ca.crt")),
            format!("--kubelet-client-certificate={}", pki("kubelet-client.crt")),
            format!("--kubelet-client-key={}", pki("kubelet-client.key")),
            "--kubelet-preferred-address-types=InternalIP".to_owned(),
            "--allow-privileged=true".to_owned(),
            format!("--audit-policy-file={}", policy.display()),
            format!("--audit-log-path={}", layout.log("audit.log").display()),
            // In megabytes: one file, so that a reader never misses the turn to the next.
            "--audit-log-maxsize=65536".to_owned(),
        ],
    )
}

/// Starts the controllers of Kubernetes; the API server must be ready, or they give up.
pub(super) fn start_controller_manager(layout: &Layout) -> Result<()> {
    let pki = |file: &str| layout.pki(file).display().to_string();
    Part::ControllerManager.start(
        layout,
        &Tool::Kubernetes.directory()?.join("kube-controller-manager"),
        &[
            format!("--kubeconfig={}", pki("kube-controller-manager.kubeconfig")),
            format!("--root-ca-file={}", pki("ca.crt")),
            format!("--service-account-private-key-file={}", pki("service-accounts.key")),
            "--use-service-account-credentials".to_owned(),
            format!("--cluster-signing-cert-file={}", pki("ca.crt")),
            format!("--cluster-signing-key-file={}", pki("ca.key")),
            "--leader-elect=false".to_owned(),
            // Its usual 20 requests a second make the start of its many controllers last for seconds.
            "--kube-api-qps=200".to_owned(),
            "--kube-api-burst=400".to_owned(),
            format!("--service-cluster-ip-range={SERVICE_CIDR}"),
        ],
    )
}

/// Starts the scheduler; the API server must be ready.
pub(super) fn start_scheduler(layout: &Layout) -> Result<()> {
    Part::Scheduler.start(
        layout,
        &Tool::Kubernetes.directory()?.join("kube-scheduler"),
        &[
            format!("--kubeconfig={}", layout.pki("kube-scheduler.kubeconfig").display()),
            "--leader-elect=false".to_owned(),
        ],
    )
}

/// Starts the provisioner: this very program, or that of the same build where this is a test.
pub(super) fn start_provisioner(layout: &Layout) -> Result<()> {
    let own = std::env::current_exe().context("failed to find this program")?;
    let directory = own.parent().context("a program is in a directory")?;
    // Cargo puts tests one level below programs.
    let directory = directory
        .parent()
        .filter(|_| directory.ends_with("deps"))
        .unwrap_or(directory);
    let program = directory.join("cluster");
    ensure!(
        program.exists(),
        "`{}` is not built: run `cargo build -p temper-e2e --bins`",
        program.display()
    );
    let mut arguments = vec![
        "provision".to_owned(),
        format!("--kubeconfig={}", layout.pki("provisioner.kubeconfig").display()),
    ];
    for node in layout.nodes() {
        arguments.push(format!("--node={}={}", node.name(), node.volumes().display()));
    }
    Part::Provisioner.start(layout, &program, &arguments)
}

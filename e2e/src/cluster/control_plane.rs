//! etcd, the API server, the controller manager and the scheduler.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::layout::{Layout, SERVICE_CIDR};
use super::part::Part;

/// Where etcd listens, on the loopback device of the cluster's own network.
const ETCD: &str = "http://127.0.0.1:2379";
const ETCD_PEER: &str = "http://127.0.0.1:2380";

/// Starts etcd and the API server.
pub(super) fn start_api(layout: &Layout, programs: &Path) -> Result<()> {
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
    )?;
    let policy = layout.config("audit.yaml");
    fs::write(&policy, include_str!("../../cluster/config/audit.yaml"))?;
    let pki = |file: &str| layout.pki(file).display().to_string();
    Part::ApiServer.start(
        layout,
        &programs.join("kube-apiserver"),
        &[
            format!("--etcd-servers={ETCD}"),
            format!("--advertise-address={}", layout.node_address()),
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

/// Starts what acts on the API; the API server must be ready, or they give up.
pub(super) fn start_controllers(layout: &Layout, programs: &Path) -> Result<()> {
    let pki = |file: &str| layout.pki(file).display().to_string();
    Part::ControllerManager.start(
        layout,
        &programs.join("kube-controller-manager"),
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
    )?;
    Part::Scheduler.start(
        layout,
        &programs.join("kube-scheduler"),
        &[
            format!("--kubeconfig={}", pki("kube-scheduler.kubeconfig")),
            "--leader-elect=false".to_owned(),
        ],
    )
}

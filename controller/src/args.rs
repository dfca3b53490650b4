//! Every flag and variable, once.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::kinds::Kinds;

/// Finds, by experiment, the strictest security settings under which Kubernetes workloads still work.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// Namespace of worker Jobs, their ServiceAccounts and credentials.
    #[arg(long, env = "TEMPER_RUNS_NAMESPACE", default_value = "temper-runs")]
    pub(crate) runs_namespace: String,

    /// What tells this process from other controllers: the name of its Pod.
    #[arg(long, env = "TEMPER_IDENTITY", default_value = "temper-controller")]
    pub(crate) identity: String,

    /// Seconds after which a controller that does not renew the lease has lost it.
    #[arg(long, env = "TEMPER_LEASE_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u16).range(5..=300))]
    pub(crate) lease_seconds: u16,

    /// Image of the worker.
    #[arg(long, env = "TEMPER_WORKER_IMAGE")]
    pub(crate) worker_image: String,

    /// When kubelets pull the worker's image.
    #[arg(long, env = "TEMPER_WORKER_IMAGE_PULL_POLICY", default_value = "IfNotPresent")]
    pub(crate) worker_image_pull_policy: String,

    /// ClusterRole that is bound to a worker in its clone.
    #[arg(long, env = "TEMPER_WORKER_CLUSTER_ROLE", default_value = "temper-worker-clone")]
    pub(crate) worker_cluster_role: String,

    /// Secret in the runs namespace with the keys `user` and `password` for workers.
    #[arg(long, env = "TEMPER_WORKER_NATS_SECRET", default_value = "temper-worker-nats")]
    pub(crate) worker_nats_secret: String,

    /// ConfigMap in the runs namespace whose key `ca.crt` verifies kubelets; the cluster's own CA if empty.
    #[arg(long, env = "TEMPER_KUBELET_CA_CONFIGMAP", default_value = "")]
    pub(crate) kubelet_ca_configmap: String,

    /// Do not verify the certificates of kubelets.
    #[arg(long, env = "TEMPER_KUBELET_INSECURE_SKIP_TLS_VERIFY", action = clap::ArgAction::Set, default_value_t = false)]
    pub(crate) kubelet_insecure_skip_tls_verify: bool,

    /// Let workers read from kubelets' metrics how often containers wait for CPU: they have a right on `nodes/metrics`.
    #[arg(long, env = "TEMPER_KUBELET_THROTTLING", action = clap::ArgAction::Set, default_value_t = false)]
    pub(crate) kubelet_throttling: bool,

    /// Address of NATS.
    #[arg(long, env = "NATS_URL", default_value = "nats://temper-nats:4222")]
    pub(crate) nats_url: String,

    /// User at NATS.
    #[arg(long, env = "NATS_USER")]
    pub(crate) nats_user: Option<String>,

    /// Password at NATS.
    #[arg(long, env = "NATS_PASSWORD", hide_env_values = true)]
    pub(crate) nats_password: Option<String>,

    /// Runs whose clones may exist at once, over all checks.
    #[arg(long, env = "TEMPER_MAX_RUNS", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) max_runs: u16,

    /// Seconds that a clone may take to become Ready.
    #[arg(long, env = "TEMPER_START_DEADLINE_SECONDS", default_value = "300", value_parser = seconds)]
    pub(crate) start_deadline: Duration,

    /// Seconds that a check waits for its target to become Ready.
    #[arg(long, env = "TEMPER_TARGET_READY_TIMEOUT_SECONDS", default_value = "120", value_parser = seconds)]
    pub(crate) target_ready_timeout: Duration,

    /// Whether NetworkPolicies are enforced in this cluster.
    #[arg(
        long,
        env = "TEMPER_NETWORK_POLICY_ENGINE",
        default_value = "Auto",
        ignore_case = true
    )]
    pub(crate) network_policy_engine: PolicyEngine,

    /// Kinds with a Pod template beside those of every cluster, as JSON:
    /// `[{"apiVersion": "example.com/v1", "kind": "Widget", "resource": "widgets", "path": "spec.template",
    /// "replicasPath": "spec.replicas"}]`.
    #[arg(long = "template-paths", env = "TEMPER_TEMPLATE_PATHS", default_value = "[]")]
    pub(crate) kinds: Kinds,

    /// Address of health, readiness and metrics.
    #[arg(long, env = "TEMPER_HTTP_ADDRESS", default_value = "0.0.0.0:8080")]
    pub(crate) http_address: SocketAddr,

    /// How logs are written.
    #[arg(long, env = "TEMPER_LOG_FORMAT", default_value = "json")]
    pub(crate) log_format: LogFormat,
}

/// Whether NetworkPolicies are enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub(crate) enum PolicyEngine {
    /// Look for the DaemonSet of a known engine.
    Auto,
    /// They are.
    Present,
    /// They are not.
    Absent,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For a person at a terminal.
    Text,
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn flags_are_consistent() {
        Args::command().debug_assert();
    }
}

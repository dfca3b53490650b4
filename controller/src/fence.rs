//! Whether NetworkPolicies are enforced in this cluster. Kubernetes does not tell: a policy is accepted either way.

use k8s_openapi::api::apps::v1::DaemonSet;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};

use crate::args::PolicyEngine;

/// Names of the DaemonSets that known engines run on every node.
const ENGINES: [&str; 11] = [
    "antrea-agent",
    "aws-node",
    "azure-npm",
    "calico-node",
    "canal",
    "cilium",
    "kube-network-policies",
    "kube-ovn-cni",
    "kube-router",
    "ovnkube-node",
    "weave-net",
];

/// What the operator says, or what is seen.
pub(crate) async fn enforced(client: &Client, engine: PolicyEngine) -> Result<bool, kube::Error> {
    match engine {
        PolicyEngine::Present => Ok(true),
        PolicyEngine::Absent => Ok(false),
        PolicyEngine::Auto => {
            let sets: Api<DaemonSet> = Api::all(client.clone());
            let sets = sets.list_metadata(&ListParams::default()).await?;
            Ok(sets.items.iter().any(|set| ENGINES.contains(&set.name_any().as_str())))
        }
    }
}

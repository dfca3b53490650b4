//! The product's worker in a Pod as the controller would make it.

use anyhow::Result;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::DeleteParams;
use kube::{Api, Client};
use serde_json::{Value, json};

use super::case::Case;
use super::stage::create;
use crate::bed::RUNS;

const ACCOUNT: &str = "field";
/// Names that the chart gives by default.
const CLONE_ROLE: &str = "temper-worker-clone";
const NATS_SECRET: &str = "temper-nats-worker";
const NATS_URL: &str = "nats://temper-nats.temper-system.svc:4222";
/// Seconds that a workload may take to become Ready: twice what the slowest takes on a busy machine.
pub(super) const START_DEADLINE: u32 = 40;

/// Makes the account that all workers have.
pub(super) async fn account(client: &Client) -> Result<()> {
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT}});
    create(client, Some(RUNS), account).await.map(drop)
}

/// Removes it, if it is there.
pub(super) async fn remove_account(client: &Client) -> Result<()> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), RUNS);
    match accounts.delete(ACCOUNT, &DeleteParams::default()).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        result => Ok(result.map(drop)?),
    }
}

/// What a worker may do in the namespace that it records.
pub(super) fn binding() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "temper-worker"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": CLONE_ROLE},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": RUNS}]
    })
}

/// The worker of a run that is known by the UID of its namespace.
pub(super) fn pod(case: &Case<'_>, namespace: &str, uid: &str) -> Value {
    let text = |name: &str, value: &str| json!({"name": name, "value": value});
    let secret =
        |name: &str, key: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": NATS_SECRET, "key": key}}});
    // Without TEMPER_WORKER_IMAGE nothing is inspected: it would add a container to each run and nothing to a log.
    let env = [
        text("TEMPER_NAMESPACE", namespace),
        text("TEMPER_SELECTOR", &format!("app={}", case.name)),
        text("TEMPER_CHECK_UID", uid),
        text("TEMPER_RUN", case.setting),
        text("TEMPER_RUN_UID", uid),
        text("TEMPER_DURATION_SECONDS", &case.program.seconds.to_string()),
        text("TEMPER_START_DEADLINE_SECONDS", &START_DEADLINE.to_string()),
        text("NATS_URL", NATS_URL),
        secret("NATS_USER", "user"),
        secret("NATS_PASSWORD", "password"),
    ];
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": namespace, "labels": {"app": ACCOUNT}},
        "spec": {
            "serviceAccountName": ACCOUNT,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 10,
            "enableServiceLinks": false,
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"}
            },
            "containers": [{
                "name": "worker", "image": "temper.local/worker:dev", "args": ["record"], "env": env,
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "96Mi"}},
                "securityContext": {
                    "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                    "capabilities": {"drop": ["ALL"]}
                }
            }]
        }
    })
}

//! Pods that behaviours look at one by one, each on the node that it is wanted on.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

use crate::bed::Bed;
use crate::wait;

/// Longer than any Pod takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs a script, with an empty volume at /data.
pub fn shell(name: &str, node: &str, script: &str) -> Result<Pod> {
    pod(name, node, &json!({"name": "data", "emptyDir": {}}), &bash(script))
}

/// Runs a script, with the volume of a claim at /data.
pub fn shell_with_claim(name: &str, node: &str, script: &str, claim: &str) -> Result<Pod> {
    let data = json!({"name": "data", "persistentVolumeClaim": {"claimName": claim}});
    pod(name, node, &data, &bash(script))
}

fn bash(script: &str) -> Value {
    json!({
        "name": "bash", "image": "temper.local/shell:dev",
        "command": ["bash", "-euc", script],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    })
}

/// Answers every request at port 8080 with the address that it came from; needs the ConfigMap `server` of
/// `e2e/workloads/neighbours.yaml`.
pub fn server(name: &str, node: &str) -> Result<Pod> {
    let nginx = json!({
        "name": "nginx", "image": "temper.local/nginx:dev",
        "command": ["nginx", "-e", "stderr", "-c", "/config/nginx.conf"],
        "readinessProbe": {"httpGet": {"port": 8080}, "periodSeconds": 1},
        "volumeMounts": [{"name": "config", "mountPath": "/config"}, {"name": "data", "mountPath": "/tmp"}],
    });
    pod(name, node, &json!({"name": "data", "emptyDir": {}}), &nginx)
}

/// A Pod of one container that runs as nobody in particular, on a node that the scheduler is told.
fn pod(name: &str, node: &str, data: &Value, container: &Value) -> Result<Pod> {
    Ok(serde_json::from_value(json!({
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false,
            "securityContext": {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000},
            "containers": [container],
            "volumes": [{"name": "config", "configMap": {"name": "server", "optional": true}}, data],
        },
    }))?)
}

/// Its address.
pub fn address(pod: &Pod) -> Result<String> {
    let status = pod.status.as_ref();
    status
        .and_then(|status| status.pod_ip.clone())
        .context("the Pod has no address")
}

/// Its phase, such as `Running`.
pub fn phase(pod: &Pod) -> &str {
    let status = pod.status.as_ref();
    status.and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

/// Makes a Pod and waits until it is Ready.
pub async fn ready(bed: &Bed, pod: &Pod) -> Result<Pod> {
    let pods: Api<Pod> = Api::namespaced(bed.client.clone(), &bed.namespace);
    pods.create(&PostParams::default(), pod).await?;
    reaches(&pods, &pod.name_any(), is_ready).await
}

/// Whether it is Ready.
pub fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"))
}

/// Waits until a Pod is in a state.
pub async fn reaches(pods: &Api<Pod>, name: &str, state: impl Fn(&Pod) -> bool) -> Result<Pod> {
    let what = format!("Pod `{name}` to get where it should");
    let reached = |pod: Option<&Pod>| pod.is_some_and(&state);
    let pod = wait::watch(&what, PATIENCE, pods.clone(), name, reached).await?;
    pod.with_context(|| format!("Pod `{name}` is gone"))
}

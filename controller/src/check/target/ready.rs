//! Whether the target works where it is: what does not is no baseline.

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use serde_json::Value;
use temper_core::kind::Kind;

use crate::context::Context;
use crate::error::{Error, Result};

/// Why the target is not Ready, if it is not.
pub(super) async fn not_ready(
    kind: &Kind,
    object: &Value,
    namespace: &str,
    context: &Context,
) -> Result<Option<String>> {
    let Some((wanted, ready)) = counts(kind, object) else {
        return Ok(None);
    };
    if wanted == 0 {
        return Ok(Some("it has 0 replicas".to_owned()));
    }
    let number = |path: &str| object.pointer(path).and_then(Value::as_i64);
    let rolled_out = number("/status/observedGeneration") >= number("/metadata/generation") || *kind == Kind::Pod;
    if ready >= wanted && rolled_out {
        return Ok(None);
    }
    let waiting = if *kind == Kind::Pod {
        waiting(&serde_json::from_value(object.clone()).unwrap_or_default())
    } else {
        let pods: Api<Pod> = Api::namespaced(context.client.clone(), namespace);
        let pods = pods.list(&ListParams::default().labels(&selector(object))).await;
        let pods = pods.map_err(|source| Error::Read {
            what: "the pods of the target",
            source,
        })?;
        pods.items.iter().find_map(waiting)
    };
    let counted = format!("{ready} of {wanted} Pods are Ready");
    Ok(Some(waiting.map_or_else(
        || counted.clone(),
        |waiting| format!("{counted}, {}", waiting.trim()),
    )))
}

/// How many Pods are wanted, and how many are Ready. None of what runs to its end, which is not there all the time, and
/// of a custom kind, whose status nobody here can read: their baselines tell.
fn counts(kind: &Kind, object: &Value) -> Option<(i64, i64)> {
    let number = |path: &str, default| object.pointer(path).and_then(Value::as_i64).unwrap_or(default);
    match kind {
        Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet => {
            Some((number("/spec/replicas", 1), number("/status/readyReplicas", 0)))
        }
        Kind::DaemonSet => Some((
            number("/status/desiredNumberScheduled", 1),
            number("/status/numberReady", 0),
        )),
        Kind::Pod => {
            let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
            let is_ready = |condition: &Value| {
                condition.get("type").is_some_and(|kind| kind == "Ready")
                    && condition.get("status").is_some_and(|status| status == "True")
            };
            let has_succeeded = object
                .pointer("/status/phase")
                .is_some_and(|phase| phase == "Succeeded");
            let ready = has_succeeded || conditions.into_iter().flatten().any(is_ready);
            Some((1, ready.into()))
        }
        Kind::Job | Kind::CronJob | Kind::Custom(_) => None,
    }
}

fn selector(object: &Value) -> String {
    let labels = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let terms = labels.into_iter().flatten();
    let terms = terms.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    terms.collect::<Vec<_>>().join(",")
}

/// What a container of the Pod waits for.
fn waiting(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let containers = status
        .init_container_statuses
        .iter()
        .flatten()
        .chain(status.container_statuses.iter().flatten());
    let mut waiting = containers.filter_map(|c| Some((&c.name, c.state.as_ref()?.waiting.as_ref()?)));
    waiting.find_map(|(name, waiting)| {
        let reason = waiting
            .reason
            .as_deref()
            .filter(|r| *r != "ContainerCreating" && *r != "PodInitializing")?;
        let message = waiting.message.as_deref().unwrap_or_default();
        Some(format!("container `{name}` waits with {reason} {message}"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stays_is_to_be_ready() {
        let set = json!({"spec": {"replicas": 2}, "status": {"readyReplicas": 1}});
        assert_eq!(counts(&Kind::ReplicaSet, &set), Some((2, 1)));
        let pod = |status: &str, phase: &str| json!({"status": {"phase": phase, "conditions": [{"type": "Ready", "status": status}]}});
        assert_eq!(counts(&Kind::Pod, &pod("True", "Running")), Some((1, 1)));
        assert_eq!(counts(&Kind::Pod, &pod("False", "Running")), Some((1, 0)));
        assert_eq!(counts(&Kind::Pod, &pod("False", "Succeeded")), Some((1, 1)));
    }

    #[test]
    fn what_runs_at_its_time_may_be_away() {
        for kind in [Kind::Job, Kind::CronJob] {
            assert_eq!(counts(&kind, &json!({"status": {"failed": 1}})), None);
        }
    }
}

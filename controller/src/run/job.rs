//! What a run needs beside its clone: a namespace, a worker and the worker's rights. Pure functions of the run.

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use serde_json::{Value, json};
use temper_api::{CheckRun, MANAGER, PortMode, RunRole, annotation, label};

use crate::args::Args;
use crate::{probes, trace};

/// Everything that the worker's Job is made from.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) run: &'a CheckRun,
    /// Namespace of the clone; the worker's ServiceAccount has the same name.
    pub(crate) clone: &'a str,
    pub(crate) attempt: u32,
    /// Label selector of the target's Pods.
    pub(crate) selector: &'a str,
    /// How many Pods must be Ready.
    pub(crate) pods: u32,
    /// When they were, if a worker saw that already: the recording goes on from there.
    pub(crate) ready_at: Option<jiff::Timestamp>,
}

/// Labels of everything that a run makes.
pub(crate) fn labels(run: &CheckRun) -> Vec<(String, String)> {
    [
        (label::MANAGED_BY, MANAGER.to_owned()),
        (label::CHECK_UID, run.spec.check.uid.clone()),
        (label::RUN_UID, run.uid().unwrap_or_default()),
        (label::RUN, run.spec.run.clone()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// Name of a run's clone namespace.
pub(crate) fn clone_name(run: &CheckRun) -> String {
    temper_api::clone_name(&run.spec.check, &run.spec.run)
}

/// Namespace that enforces the level that a run claims, for a dry run.
pub(crate) fn admission_name(run: &CheckRun) -> String {
    format!("{}-psa", clone_name(run))
}

/// Labels of the source namespace that change what runs in it: admission levels and injected sidecars.
fn kept(key: &str) -> bool {
    [
        "pod-security.kubernetes.io/",
        "istio-injection",
        "istio.io/rev",
        "linkerd.io/inject",
        "kuma.io/sidecar-injection",
    ]
    .iter()
    .any(|prefix| key.starts_with(prefix))
}

/// The namespace of the clone.
pub(crate) fn namespace(run: &CheckRun, source: &Namespace, name: &str, deadline: &str) -> Value {
    let mut object = empty_namespace(run, name, deadline);
    for (field, pairs) in [("labels", source.labels()), ("annotations", source.annotations())] {
        for (key, value) in pairs.iter().filter(|(key, _)| kept(key)) {
            if let Some(slot) = object
                .pointer_mut(&format!("/metadata/{field}"))
                .and_then(Value::as_object_mut)
            {
                slot.insert(key.clone(), json!(value));
            }
        }
    }
    object
}

/// An empty namespace in which the API server enforces a level.
pub(crate) fn admission_namespace(run: &CheckRun, level: &str, deadline: &str) -> Value {
    let mut object = empty_namespace(run, &admission_name(run), deadline);
    if let Some(labels) = object.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.insert("pod-security.kubernetes.io/enforce".to_owned(), json!(level));
    }
    object
}

fn empty_namespace(run: &CheckRun, name: &str, deadline: &str) -> Value {
    let mut labels: serde_json::Map<String, Value> = labels(run)
        .into_iter()
        .map(|(key, value)| (key, json!(value)))
        .collect();
    labels.insert(label::CLONE_OF.to_owned(), json!(run.namespace().unwrap_or_default()));
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": {
                annotation::CHECK: run.spec.check.name,
                annotation::DEADLINE: deadline,
                annotation::RUN: object_ref(run),
                // Nothing may move a Pod that is being recorded.
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"
            }
        }
    })
}

/// The run as `namespace/name`, which leads a watch of the object back to it.
pub(crate) fn object_ref(run: &CheckRun) -> String {
    format!("{}/{}", run.namespace().unwrap_or_default(), run.name_any())
}

/// The worker's account, its rights in the clone, and its Job, in the order of their creation.
pub(crate) fn worker(work: &Work<'_>, args: &Args) -> Vec<Value> {
    let Work {
        run, clone, attempt, ..
    } = work;
    let labels: serde_json::Map<String, Value> = labels(run)
        .into_iter()
        .map(|(key, value)| (key, json!(value)))
        .collect();
    let runs = &args.runs_namespace;
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": clone, "namespace": runs, "labels": labels}
    });
    let binding = |suffix: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": format!("temper-worker{suffix}"), "namespace": clone, "labels": labels},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                "name": format!("{}{suffix}", args.worker_cluster_role)
            },
            "subjects": [{"kind": "ServiceAccount", "name": clone, "namespace": runs}]
        })
    };
    let job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(clone, *attempt),
            "namespace": runs,
            "labels": labels,
            "annotations": {annotation::RUN: object_ref(run)}
        },
        "spec": {
            // The controller owns attempts: what a Job would repeat by itself is not known to be harmless.
            "backoffLimit": 0,
            "activeDeadlineSeconds": deadline_seconds(run, args),
            "ttlSecondsAfterFinished": 600,
            "template": {"metadata": {"labels": labels}, "spec": pod(work, args)}
        }
    });
    let mut objects = vec![account, binding("")];
    // What only some probes need, only their workers may do.
    objects.extend(probes::roles(&run.spec.probes).map(binding));
    objects.push(job);
    objects
}

/// Name of the Job of one attempt.
pub(crate) fn job_name(clone: &str, attempt: u32) -> String {
    format!("{clone}-{attempt}")
}

/// How long a run may take in all, with a reserve for slow nodes.
pub(crate) fn deadline_seconds(run: &CheckRun, args: &Args) -> u64 {
    args.start_deadline.as_secs() + run.spec.recording_seconds + probes::seconds(&run.spec.probes) + 300
}

/// RFC 3339 time after which the janitor removes what a run made now.
pub(crate) fn deadline(run: &CheckRun, args: &Args) -> String {
    let seconds = i64::try_from(deadline_seconds(run, args)).unwrap_or(i64::MAX);
    let end = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(seconds));
    end.unwrap_or(jiff::Timestamp::MAX).to_string()
}

fn pod(work: &Work<'_>, args: &Args) -> Value {
    let Work {
        run,
        clone,
        attempt,
        selector,
        pods,
        ready_at,
    } = work;
    let text = |name: &str, value: String| json!({"name": name, "value": value});
    let secret = |name: &str, key: &str| {
        // An external NATS may need no credentials.
        json!({"name": name, "valueFrom": {"secretKeyRef": {"name": args.worker_nats_secret, "key": key, "optional": true}}})
    };
    let mut env = vec![
        text("TEMPER_NAMESPACE", (*clone).to_owned()),
        text("TEMPER_SELECTOR", (*selector).to_owned()),
        text("TEMPER_PODS", pods.to_string()),
        text("TEMPER_CHECK_UID", run.spec.check.uid.clone()),
        text("TEMPER_RUN", run.spec.run.clone()),
        text("TEMPER_RUN_UID", run.uid().unwrap_or_default()),
        text("TEMPER_ATTEMPT", attempt.to_string()),
        text("TEMPER_DURATION_SECONDS", run.spec.recording_seconds.to_string()),
        text(
            "TEMPER_START_DEADLINE_SECONDS",
            args.start_deadline.as_secs().to_string(),
        ),
        text("TEMPER_WORKER_IMAGE", args.worker_image.clone()),
        text("NATS_URL", args.nats_url.clone()),
        secret("NATS_USER", "user"),
        secret("NATS_PASSWORD", "password"),
        text("TRACEPARENT", trace::of_worker(run, *attempt)),
    ];
    if run.spec.role == RunRole::Baseline {
        // What repairs stand on is what works.
        env.push(text("TEMPER_OBSERVE", "true".to_owned()));
    }
    if let Some(at) = ready_at {
        env.push(text("TEMPER_READY_AT", at.to_string()));
    }
    if !run.spec.probes.is_empty() {
        env.push(text("TEMPER_PROBES", probes::for_worker(&run.spec.probes).to_string()));
    }
    if run.spec.oracles.ports == PortMode::Ask {
        env.push(text("TEMPER_ASK_PORTS", "true".to_owned()));
    }
    if !run.spec.oracles.metrics.is_empty() {
        env.push(text("TEMPER_METRICS", json!(run.spec.oracles.metrics).to_string()));
    }
    let (mut mounts, mut volumes) = (Vec::new(), Vec::new());
    if args.kubelet_insecure_skip_tls_verify {
        env.push(text("TEMPER_KUBELET_INSECURE_SKIP_TLS_VERIFY", "true".to_owned()));
    }
    if args.kubelet_throttling {
        env.push(text("TEMPER_KUBELET_THROTTLING", "true".to_owned()));
    }
    if !args.kubelet_ca_configmap.is_empty() {
        env.push(text("TEMPER_KUBELET_CA", "/etc/temper/kubelet/ca.crt".to_owned()));
        mounts.push(json!({"name": "kubelet-ca", "mountPath": "/etc/temper/kubelet", "readOnly": true}));
        volumes.push(json!({"name": "kubelet-ca", "configMap": {"name": args.kubelet_ca_configmap}}));
    }
    json!({
        "serviceAccountName": clone,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 10,
        "enableServiceLinks": false,
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"}
        },
        "containers": [{
            "name": "worker",
            "image": args.worker_image,
            "imagePullPolicy": args.worker_image_pull_policy,
            "args": ["record"],
            "env": env,
            "volumeMounts": mounts,
            "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "96Mi"}},
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "securityContext": {
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}
            }
        }],
        "volumes": volumes
    })
}

#[cfg(test)]
mod tests {
    use temper_api::{BaseSecurityContext, CheckRef, CheckRunSpec, Isolation, Oracles, Repairs, TargetRef};

    use super::*;

    fn run(check: &str, run: &str) -> CheckRun {
        let spec = CheckRunSpec {
            check: CheckRef {
                name: check.into(),
                uid: "0b5f6c1e-1111-2222-3333-444455556666".into(),
            },
            run: run.into(),
            role: RunRole::Candidate,
            target_ref: TargetRef {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                name: "web".into(),
            },
            settings: vec![],
            repairs: Repairs::default(),
            screening: false,
            resources: std::collections::BTreeMap::new(),
            security_context: BaseSecurityContext::default(),
            recording_seconds: 60,
            isolation: Isolation::default(),
            oracles: Oracles::default(),
            probes: vec![],
        };
        CheckRun::new("x", spec)
    }

    #[test]
    fn names_stay_within_their_limits() {
        let long = run(&"a.very-long-name-".repeat(10), "automount-service-account");
        assert!(job_name(&admission_name(&long), 9).len() <= 63);
        let name = clone_name(&long);
        assert!(
            name.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{name}"
        );
        assert_eq!(clone_name(&run("web", "baseline-1")), "temper-web-0b5f6c1e-baseline-1");
    }
}

//! How the copy of each kind of workload differs from its source, apart from its Pod's `spec`.

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::{Map, Value, json};

use super::{MAX_REPLICAS, Refusal, metadata, objects};
use crate::kind::Kind;

/// Marks the one Pod of a clone that is under test. Other kinds have a selector of their own.
const TARGET: (&str, &str) = ("temper.dev/target", "true");

/// Labels that a Job's controller gives to its Pods, and would miss in a copy that had those of its source.
const JOB_LABELS: [&str; 4] = [
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
];

/// What of a Job a run does without: what ties it to its source; what repeats, forgives or removes a Pod that failed,
/// which is the evidence; and what would end it before the recording does.
const JOB_FIELDS: [&str; 11] = [
    "activeDeadlineSeconds",
    "backoffLimitPerIndex",
    "managedBy",
    "manualSelector",
    "maxFailedIndexes",
    "podFailurePolicy",
    "podReplacementPolicy",
    "selector",
    "successPolicy",
    "suspend",
    "ttlSecondsAfterFinished",
];

/// Prefix of the volumes in which admission puts the token of a Pod's ServiceAccount.
const TOKEN_VOLUME: &str = "kube-api-access-";

/// The copy of a workload, and its kind: a CronJob's is the Job that it would make now.
pub(super) fn copy(kind: &Kind, workload: &Value) -> (Kind, Value) {
    match kind {
        Kind::Deployment | Kind::DaemonSet | Kind::ReplicaSet | Kind::Pod | Kind::Custom(_) => {
            (kind.clone(), workload.clone())
        }
        Kind::StatefulSet => {
            let mut copy = workload.clone();
            empty_claim_templates(&mut copy);
            (Kind::StatefulSet, copy)
        }
        Kind::Job => (Kind::Job, job(workload.clone())),
        Kind::CronJob => (Kind::Job, job(due(workload))),
    }
}

fn empty_claim_templates(workload: &mut Value) {
    let templates = workload
        .pointer_mut("/spec/volumeClaimTemplates")
        .and_then(Value::as_array_mut);
    for template in templates.into_iter().flatten() {
        *template = objects::claim(template);
        metadata::strip(template);
    }
}

/// The Job that a CronJob makes when it is due.
fn due(cron_job: &Value) -> Value {
    let mut job = cron_job.pointer("/spec/jobTemplate").cloned().unwrap_or_default();
    if let Some(job) = job.as_object_mut() {
        job.insert("apiVersion".to_owned(), json!("batch/v1"));
        job.insert("kind".to_owned(), json!("Job"));
        let metadata = job.entry("metadata").or_insert_with(|| json!({}));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("name".to_owned(), json!(objects::text(cron_job, "/metadata/name")));
        }
    }
    job
}

/// A Job whose Pods run once. Any exit but 0 fails a run anyway, so that a repetition could show nothing; and `OnFailure`
/// would have the Job's controller remove the Pod that failed, together with its log.
fn job(mut job: Value) -> Value {
    for path in ["/metadata/labels", "/spec/template/metadata/labels"] {
        if let Some(labels) = job.pointer_mut(path).and_then(Value::as_object_mut) {
            labels.retain(|label, _| !JOB_LABELS.contains(&label.as_str()));
        }
    }
    if let Some(spec) = job.get_mut("spec").and_then(Value::as_object_mut) {
        spec.retain(|field, _| !JOB_FIELDS.contains(&field.as_str()));
        spec.insert("backoffLimit".to_owned(), json!(0));
    }
    if let Some(pod) = job.pointer_mut("/spec/template/spec").and_then(Value::as_object_mut) {
        pod.insert("restartPolicy".to_owned(), json!("Never"));
    }
    job
}

/// Takes out of a bare Pod what admission and debuggers put in after it was made. Other kinds have that in their Pods only.
pub(super) fn as_made(kind: &Kind, pod: &mut PodSpec) {
    if *kind != Kind::Pod {
        return;
    }
    pod.ephemeral_containers = None;
    pod.overhead = None;
    pod.preemption_policy = None;
    pod.priority = None;
    for container in pod.init_containers.iter_mut().flatten().chain(&mut pod.containers) {
        let mounts = container.volume_mounts.take();
        container.volume_mounts = some(mounts, |mount| !mount.name.starts_with(TOKEN_VOLUME));
    }
    pod.volumes = some(pod.volumes.take(), |volume| !volume.name.starts_with(TOKEN_VOLUME));
    // The plugin DefaultTolerationSeconds gives these to every Pod.
    pod.tolerations = some(pod.tolerations.take(), |toleration| {
        let key = toleration.key.as_deref().unwrap_or_default();
        let is_given = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].contains(&key);
        !(is_given && toleration.toleration_seconds == Some(300))
    });
}

/// A list without some of its items; none instead of an empty one.
fn some<T>(list: Option<Vec<T>>, is_kept: impl FnMut(&T) -> bool) -> Option<Vec<T>> {
    let kept: Vec<T> = list?.into_iter().filter(is_kept).collect();
    (!kept.is_empty()).then_some(kept)
}

/// At least `least` and at most [`MAX_REPLICAS`] Pods; their number in the clone, where it is known.
pub(super) fn cap(kind: &Kind, workload: &mut Value, least: i64, notes: &mut Vec<String>) -> Option<u32> {
    let name = objects::describe(workload);
    match kind {
        Kind::Pod => Some(1),
        Kind::DaemonSet => None,
        Kind::Job | Kind::CronJob => one_wave(workload, &name, notes),
        Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet | Kind::Custom(_) => {
            let Some(path) = kind.replicas() else { return Some(1) };
            let (parent, field) = path.rsplit_once('/')?;
            let parent = workload.pointer_mut(parent).and_then(Value::as_object_mut)?;
            let wanted = parent.get(field).and_then(Value::as_i64).unwrap_or(1);
            let capped = wanted.clamp(least, MAX_REPLICAS);
            if capped != wanted {
                notes.push(format!("{name}: clones run {capped} replicas instead of {wanted}"));
            }
            parent.insert(field.to_owned(), json!(capped));
            u32::try_from(capped).ok()
        }
    }
}

/// As many Pods as run at once, and each of them once: what the rest would do shows in these.
fn one_wave(job: &mut Value, name: &str, notes: &mut Vec<String>) -> Option<u32> {
    let spec = job.get_mut("spec").and_then(Value::as_object_mut)?;
    let number = |spec: &Map<String, Value>, field: &str| spec.get(field).and_then(Value::as_i64);
    let parallelism = number(spec, "parallelism").unwrap_or(1);
    let completions = number(spec, "completions");
    let wanted = completions.unwrap_or(parallelism);
    let wave = parallelism.min(wanted).clamp(1, MAX_REPLICAS);
    if wave < wanted {
        notes.push(format!("{name}: clones run {wave} of {wanted} Pods"));
    }
    spec.insert("parallelism".to_owned(), json!(wave));
    if completions.is_some() {
        spec.insert("completions".to_owned(), json!(wave));
    }
    u32::try_from(wave).ok()
}

/// Label selector of the Pods of a clone's target, in the text form that list and watch take.
pub(super) fn selector(kind: &Kind, workload: &Value) -> Result<String, Refusal> {
    Ok(match kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet => objects::selector(workload),
        Kind::Job | Kind::CronJob => {
            format!(
                "batch.kubernetes.io/job-name={}",
                objects::text(workload, "/metadata/name")
            )
        }
        Kind::Pod => format!("{}={}", TARGET.0, TARGET.1),
        Kind::Custom(_) => {
            let labels = workload.pointer(&kind.labels()).and_then(Value::as_object);
            let term = |(key, value): (&String, &Value)| format!("{key}={}", value.as_str().unwrap_or_default());
            let terms: Vec<String> = labels.into_iter().flatten().map(term).collect();
            if terms.is_empty() {
                return Err(Refusal::NoLabels {
                    workload: objects::describe(workload),
                    path: kind.labels(),
                });
            }
            terms.join(",")
        }
    })
}

/// Makes the target findable among the Pods of its clone.
pub(super) fn mark(kind: &Kind, workload: &mut Value) {
    if *kind != Kind::Pod {
        return;
    }
    let metadata = workload.get_mut("metadata").and_then(Value::as_object_mut);
    let labels = metadata.map(|metadata| metadata.entry("labels").or_insert_with(|| json!({})));
    if let Some(labels) = labels.and_then(Value::as_object_mut) {
        labels.insert(TARGET.0.to_owned(), json!(TARGET.1));
    }
}

/// Whether a workload is there for others all the time: a neighbour that the target may need.
pub(super) fn is_neighbour(kind: &Kind, workload: &Value) -> bool {
    match kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet | Kind::Custom(_) => true,
        Kind::Pod => !matches!(objects::text(workload, "/status/phase"), "Succeeded" | "Failed"),
        // What a Job does, nobody asked this clone to do.
        Kind::Job | Kind::CronJob => false,
    }
}

//! A Job of the user's that drives a clone, or asks something of it.

use k8s_openapi::api::batch::v1::JobTemplateSpec;
use k8s_openapi::api::core::v1::{EnvVar, PodSpec};
use serde_json::{Value, json};

use super::{Copied, Refusal, objects, pod, set_pod, workload};
use crate::kind::Kind;
use crate::level::{Level, level};
use crate::setting::containers;

/// A Job that a clone holds beside its workloads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Driver {
    /// Name of the probe that it is.
    pub name: String,
    /// As `spec.jobTemplate` of a CronJob.
    pub template: Value,
    /// How long it may run once it was started, in seconds.
    pub limit_seconds: u64,
    /// Names and values of variables that its containers get.
    pub environment: Vec<(String, String)>,
}

impl Driver {
    /// Name of its Job.
    pub fn job_name(&self) -> String {
        format!("temper-probe-{}", self.name)
    }

    /// Why it may not be part of a clone, with what to do about it.
    pub fn refusal(&self) -> Option<String> {
        self.pod().err()
    }

    fn pod(&self) -> Result<PodSpec, String> {
        let name = &self.name;
        let template = serde_json::from_value::<JobTemplateSpec>(self.template.clone());
        let template = template.map_err(|error| {
            format!("spec.probes: job.template of `{name}` is not one ({error}): write it like spec.jobTemplate of a CronJob")
        })?;
        let pod = template.spec.and_then(|spec| spec.template.spec).unwrap_or_default();
        if pod.containers.is_empty() {
            return Err(format!(
                "spec.probes: job.template of `{name}` has no spec.template.spec.containers: give it one that asks something of the workload"
            ));
        }
        match way_out(&pod) {
            Some(field) => Err(format!(
                "spec.probes: job.template of `{name}` has {field}, by which it would leave its clone: leave it out"
            )),
            None => Ok(pod),
        }
    }

    /// Its Job, which waits to be started. Its Pods have none of the labels by which the target's are found.
    pub(super) fn copy(&self, target: &Value, notes: &mut Vec<String>) -> Result<Made, Refusal> {
        let malformed = |why| Refusal::Malformed {
            what: format!("probe `{}`", self.name),
            why,
        };
        let mut pod = self.pod().map_err(malformed)?;
        let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {}});
        for field in ["metadata", "spec"] {
            if let (Some(job), Some(value)) = (job.as_object_mut(), self.template.get(field)) {
                job.insert(field.to_owned(), value.clone());
            }
        }
        let (kind, mut job) = workload::copy(&Kind::Job, &job);
        if let Some(metadata) = job.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("name".to_owned(), json!(self.job_name()));
        }
        let labels = job.pointer_mut(&kind.labels()).and_then(Value::as_object_mut);
        if let Some(labels) = labels {
            labels.retain(|label, value| target.get(label) != Some(value));
        }
        let name = objects::describe(&job);
        pod::isolate(&mut pod, &name, false, notes)?;
        pod.restart_policy = Some("Never".to_owned());
        for container in pod.init_containers.iter_mut().flatten().chain(&mut pod.containers) {
            // Why it failed is told of its last lines where it says nothing else.
            let policy = container.termination_message_policy.get_or_insert_default();
            "FallbackToLogsOnError".clone_into(policy);
            let variables = container.env.get_or_insert_default();
            variables.extend(self.environment.iter().map(|(name, value)| EnvVar {
                name: name.clone(),
                value: Some(value.clone()),
                value_from: None,
            }));
        }
        let mut copied = Copied { kind, object: job, pod };
        set_pod(&mut copied)?;
        let pods = workload::cap(&copied.kind, &mut copied.object, 1, notes).unwrap_or(1);
        if let Some(spec) = copied.object.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("suspend".to_owned(), json!(true));
            spec.insert("activeDeadlineSeconds".to_owned(), json!(self.limit_seconds.max(1)));
        }
        Ok(Made {
            job: copied.object,
            pod: copied.pod,
            pods,
        })
    }
}

/// A Job as a clone has it.
pub(super) struct Made {
    pub(super) job: Value,
    pub(super) pod: PodSpec,
    /// How many Pods run at once.
    pub(super) pods: u32,
}

/// What of a Pod reaches out of its clone: all that the level baseline of the Pod Security Standards forbids.
fn way_out(pod: &PodSpec) -> Option<String> {
    if level(pod) != Level::Privileged {
        return None;
    }
    let host = [
        ("hostNetwork", pod.host_network),
        ("hostPID", pod.host_pid),
        ("hostIPC", pod.host_ipc),
    ];
    if let Some((field, _)) = host.iter().find(|(_, value)| *value == Some(true)) {
        return Some(format!("{field}: true"));
    }
    if let Some(volume) = pod.volumes.iter().flatten().find(|volume| volume.host_path.is_some()) {
        return Some(format!("the hostPath of volume `{}`", volume.name));
    }
    let privileged = containers(pod).find(|container| {
        let context = container.security_context.as_ref();
        context.is_some_and(|context| context.privileged == Some(true))
    });
    Some(match privileged {
        Some(container) => format!("privileged: true in container `{}`", container.name),
        None => "what the level baseline of the Pod Security Standards forbids, such as a capability, a hostPort or a sysctl"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn driver(pod: &Value) -> Driver {
        Driver {
            name: "load".to_owned(),
            template: json!({
                "metadata": {"labels": {"team": "a"}},
                "spec": {
                    "backoffLimit": 6, "parallelism": 9, "ttlSecondsAfterFinished": 1,
                    "template": {"metadata": {"labels": {"app": "web", "role": "client"}}, "spec": pod}
                }
            }),
            limit_seconds: 70,
            environment: vec![("TEMPER_RUN".to_owned(), "all".to_owned())],
        }
    }

    #[test]
    fn it_waits_runs_once_and_is_not_taken_for_the_target() {
        let driver = driver(&json!({
            "restartPolicy": "OnFailure", "terminationGracePeriodSeconds": 90,
            "containers": [{"name": "ask", "image": "i", "env": [{"name": "A", "value": "b"}]}]
        }));
        let made = driver
            .copy(&json!({"app": "web", "role": "server"}), &mut Vec::new())
            .unwrap();
        assert_eq!(made.pods, 3);
        assert_eq!(
            made.job["metadata"],
            json!({"name": "temper-probe-load", "labels": {"team": "a"}})
        );
        let spec = &made.job["spec"];
        assert_eq!(spec["suspend"], true);
        assert_eq!(spec["activeDeadlineSeconds"], 70);
        assert_eq!(spec["backoffLimit"], 0);
        assert!(spec.get("ttlSecondsAfterFinished").is_none());
        assert_eq!(spec["template"]["metadata"]["labels"], json!({"role": "client"}));
        let pod = &spec["template"]["spec"];
        assert_eq!(pod["restartPolicy"], "Never");
        assert_eq!(pod["terminationGracePeriodSeconds"], 1);
        assert_eq!(
            pod["containers"][0]["env"],
            json!([{"name": "A", "value": "b"}, {"name": "TEMPER_RUN", "value": "all"}])
        );
    }

    #[test]
    fn what_would_leave_the_clone_is_refused_by_name() {
        let container = |context: Value| json!({"containers": [{"name": "ask", "securityContext": context}]});
        let plain = json!({"containers": [{"name": "ask"}]});
        let with = |field: &str, value: Value| {
            let mut pod = plain.clone();
            pod[field] = value;
            pod
        };
        for (pod, words) in [
            (with("hostNetwork", json!(true)), "hostNetwork: true"),
            (with("hostPID", json!(true)), "hostPID: true"),
            (
                with("volumes", json!([{"name": "v", "hostPath": {"path": "/"}}])),
                "the hostPath of volume `v`",
            ),
            (
                container(json!({"privileged": true})),
                "privileged: true in container `ask`",
            ),
            (
                container(json!({"capabilities": {"add": ["SYS_ADMIN"]}})),
                "level baseline",
            ),
            (json!({"containers": []}), "has no spec.template.spec.containers"),
            (json!({"containers": 1}), "is not one"),
        ] {
            let refusal = driver(&pod).refusal().unwrap();
            assert!(refusal.starts_with("spec.probes: job.template of `load`"), "{refusal}");
            assert!(refusal.contains(words), "{refusal}");
        }
        assert_eq!(driver(&plain).refusal(), None);
    }
}

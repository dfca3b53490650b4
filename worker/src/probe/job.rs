//! A Job of the user's in the clone. It was made with the clone and waits: it is started here, and its end is told.

use std::time::Duration;

use k8s_openapi::api::batch::v1::{Job, JobCondition};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, Patch, PatchParams};
use kube::runtime::wait::await_condition;
use kube::{Api, Client};
use serde_json::json;

use super::answer::shown;
use crate::pods::nanos;

/// A Job that its own deadline should have ended gets this much longer.
const RESERVE: Duration = Duration::from_secs(30);

/// How a Job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    /// Why it did not pass.
    pub(super) found: Result<(), String>,
    /// When, if Kubernetes says so.
    pub(super) time_nanos: Option<i64>,
}

/// The Job of a probe.
#[derive(Clone)]
pub(super) struct Driver {
    name: String,
    jobs: Api<Job>,
    pods: Api<Pod>,
}

impl Driver {
    /// The one that the controller made for a probe.
    pub(super) fn new(client: Client, namespace: &str, probe: &str) -> Self {
        Self {
            name: format!("temper-probe-{probe}"),
            jobs: Api::namespaced(client.clone(), namespace),
            pods: Api::namespaced(client, namespace),
        }
    }

    /// Starts it, unless another worker did, and waits for its end.
    pub(super) async fn run(&self) -> Ended {
        let failed = |why: String| Ended {
            found: Err(why),
            time_nanos: None,
        };
        let resumed = Patch::Merge(json!({"spec": {"suspend": false}}));
        if let Err(error) = self.jobs.patch(&self.name, &PatchParams::default(), &resumed).await {
            return failed(format!("the Job could not be started: {error}"));
        }
        let is_over = |job: Option<&Job>| job.is_none_or(|job| end(job).is_some());
        let job = match await_condition(self.jobs.clone(), &self.name, is_over).await {
            Ok(Some(job)) => job,
            Ok(None) => return failed("the Job was removed before it ended".to_owned()),
            Err(error) => return failed(format!("the Job could not be watched: {error}")),
        };
        match end(&job) {
            Some(Ended {
                found: Err(why),
                time_nanos,
            }) => Ended {
                found: Err(self.last_words().await.unwrap_or(why)),
                time_nanos,
            },
            Some(ended) => ended,
            None => failed("the Job did not end".to_owned()),
        }
    }

    /// Starts it, and gives it no longer than this and a reserve.
    pub(super) async fn run_within(&self, limit: Duration) -> Ended {
        let late = |_| Ended {
            found: Err(format!("the Job did not end within {} s", limit.as_secs())),
            time_nanos: None,
        };
        tokio::time::timeout(limit + RESERVE, self.run())
            .await
            .unwrap_or_else(late)
    }

    /// How a container of its Pods failed, and what it said last.
    async fn last_words(&self) -> Option<String> {
        let mine = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={}", self.name));
        let pods = self.pods.list(&mine).await.ok()?;
        pods.items.iter().find_map(failure)
    }
}

fn end(job: &Job) -> Option<Ended> {
    let conditions = job.status.as_ref()?.conditions.as_ref()?;
    let of = |kind: &str| {
        conditions
            .iter()
            .find(|condition| condition.type_ == kind && condition.status == "True")
    };
    let ended = |condition: &JobCondition, found| Ended {
        found,
        time_nanos: condition.last_transition_time.as_ref().map(|time| nanos(time.0)),
    };
    if let Some(complete) = of("Complete") {
        return Some(ended(complete, Ok(())));
    }
    let failed = of("Failed")?;
    let why = match failed.reason.as_deref() {
        Some("DeadlineExceeded") => "the Job did not end in time".to_owned(),
        reason => format!("the Job failed: {}", reason.unwrap_or("no reason is given")),
    };
    Some(ended(failed, Err(why)))
}

fn failure(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let statuses = [&status.init_container_statuses, &status.container_statuses];
    statuses.into_iter().flatten().flatten().find_map(|container| {
        let end = container.state.as_ref()?.terminated.as_ref()?;
        let said = end.message.as_deref().map(shown).filter(|text| !text.is_empty());
        let said = said.map(|text| format!(": \"{text}\"")).unwrap_or_default();
        let name = &container.name;
        (end.exit_code != 0).then(|| format!("container {name} of the Job ended with {}{said}", end.exit_code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(conditions: &serde_json::Value) -> Job {
        serde_json::from_value(json!({"metadata": {}, "status": {"conditions": conditions}})).unwrap()
    }

    #[test]
    fn its_conditions_tell_its_end() {
        assert_eq!(end(&Job::default()), None);
        let time = "2026-01-01T00:00:01Z";
        let condition = |kind: &str, reason: &str| {
            let state = json!({"type": kind, "status": "True", "reason": reason, "lastTransitionTime": time});
            end(&job(&json!([{"type": "Suspended", "status": "False"}, state])))
        };
        let at = Some(1_767_225_601_000_000_000);
        assert_eq!(condition("SuccessCriteriaMet", ""), None);
        assert_eq!(
            condition("Complete", ""),
            Some(Ended {
                found: Ok(()),
                time_nanos: at
            })
        );
        let late = Err("the Job did not end in time".to_owned());
        assert_eq!(
            condition("Failed", "DeadlineExceeded"),
            Some(Ended {
                found: late,
                time_nanos: at
            })
        );
    }

    #[test]
    fn a_failed_container_is_told_with_its_last_words() {
        let pod = |code: i32, message: &str| -> Pod {
            let status = json!({"name": "ask", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
                "state": {"terminated": {"exitCode": code, "message": message}}});
            serde_json::from_value(json!({"metadata": {}, "status": {"containerStatuses": [status]}})).unwrap()
        };
        assert_eq!(failure(&pod(0, "fine")), None);
        let told = failure(&pod(3, "wget: server returned error\n")).unwrap();
        assert_eq!(
            told,
            "container ask of the Job ended with 3: \"wget: server returned error\""
        );
    }
}

//! The ephemeral containers of our own image that look at the processes of a container beside them.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Capabilities, Container, Pod, SecurityContext};
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::inspect::status::Status;
use crate::pods::INSPECTOR;

/// A node that is busy with a dozen clones takes seconds to start a container.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What such a container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Looks once at process 1.
    Inspect,
    /// Goes on looking at everything.
    Observe,
}

/// As whom such a container looks. All that its target may not do, it may not either, but for what is said here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guise {
    /// As the user that the target's manifest names, else that of our image.
    Target,
    /// As this user and group.
    User(u32, u32),
    /// As root that may look at everything and change nothing. A program that gave up root without becoming another
    /// one is shown to nobody else, not even to its own user (`PR_SET_DUMPABLE` in prctl(2)).
    Reader,
}

impl Guise {
    /// As the user of a process.
    pub(crate) fn of(status: &Status) -> Self {
        Self::User(status.uid, status.gid)
    }
}

/// How far such a container must have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It has a log.
    Begun,
    /// Its log is all there is.
    Ended,
}

/// Name of the one that looks at a container in some round.
pub(crate) fn name(container: &str, round: u32) -> String {
    let short: String = container.chars().take(40).collect();
    format!("{INSPECTOR}-{round}-{}", short.trim_end_matches('-'))
}

/// One with the restrictions of the container that it looks at.
pub(crate) fn spec(target: &Container, round: u32, image: &str, guise: Guise, task: Task) -> Value {
    let own = target.security_context.clone().unwrap_or_default();
    let context = match guise {
        Guise::Target => own,
        Guise::User(uid, gid) => SecurityContext {
            run_as_user: Some(uid.into()),
            run_as_group: Some(gid.into()),
            run_as_non_root: own.run_as_non_root.filter(|_| uid != 0),
            ..own
        },
        Guise::Reader => SecurityContext {
            run_as_user: Some(0),
            run_as_group: Some(0),
            run_as_non_root: Some(false),
            privileged: None,
            allow_privilege_escalation: Some(false),
            capabilities: Some(Capabilities {
                drop: Some(vec!["ALL".to_owned()]),
                add: Some(vec!["SYS_PTRACE".to_owned(), "DAC_READ_SEARCH".to_owned()]),
            }),
            ..own
        },
    };
    let args = match task {
        Task::Inspect => json!(["inspect"]),
        Task::Observe => json!(["inspect", "--observe"]),
    };
    json!({
        "name": name(&target.name, round),
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": args,
        "targetContainerName": target.name,
        "securityContext": context,
        "terminationMessagePolicy": "File"
    })
}

/// Adds them to a Pod. Those that another worker added are there already.
pub(crate) async fn add(pods: &Api<Pod>, pod: &str, specs: &[Value]) -> Result<(), String> {
    let patch = json!({"spec": {"ephemeralContainers": specs}});
    let patched = pods
        .patch_ephemeral_containers(pod, &PatchParams::default(), &Patch::Strategic(patch))
        .await;
    patched
        .map(drop)
        .map_err(|error| format!("the inspecting container was refused: {error}"))
}

/// Whether one has come so far; else why it has not, as far as is known.
pub(crate) fn standing(pod: &Pod, container: &str, wanted: Stage) -> Result<(), String> {
    let statuses = pod
        .status
        .iter()
        .flat_map(|status| status.ephemeral_container_statuses.iter().flatten());
    let state = statuses
        .filter(|status| status.name == container)
        .find_map(|status| status.state.as_ref());
    let has_ended = state.is_some_and(|state| state.terminated.is_some());
    let has_begun = has_ended || state.is_some_and(|state| state.running.is_some());
    let verb = match wanted {
        Stage::Begun if has_begun => return Ok(()),
        Stage::Ended if has_ended => return Ok(()),
        Stage::Begun => "start",
        Stage::Ended => "end",
    };
    let waiting = state.and_then(|state| state.waiting.as_ref());
    let reason = waiting
        .and_then(|waiting| waiting.reason.as_deref())
        .unwrap_or("no reason is given");
    Err(format!("the inspecting container did not {verb}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(state: &Value) -> Pod {
        let status = json!({"name": "temper-inspect-1-app", "image": "i", "imageID": "", "ready": false,
            "restartCount": 0, "state": state});
        serde_json::from_value(json!({"metadata": {}, "status": {"ephemeralContainerStatuses": [status]}})).unwrap()
    }

    #[test]
    fn a_log_is_there_once_it_runs_and_whole_once_it_ended() {
        let standing = |state: Value, stage| standing(&pod(&state), "temper-inspect-1-app", stage);
        let running = json!({"running": {}});
        assert_eq!(standing(running.clone(), Stage::Begun), Ok(()));
        assert!(standing(running, Stage::Ended).unwrap_err().contains("did not end"));
        let ended = json!({"terminated": {"exitCode": 0}});
        assert_eq!(standing(ended.clone(), Stage::Begun), Ok(()));
        assert_eq!(standing(ended, Stage::Ended), Ok(()));
        let waiting = json!({"waiting": {"reason": "ErrImageNeverPull"}});
        let error = standing(waiting, Stage::Begun).unwrap_err();
        assert_eq!(error, "the inspecting container did not start: ErrImageNeverPull");
    }

    #[test]
    fn it_is_as_restricted_as_its_target_and_becomes_its_user() {
        let target: Container = serde_json::from_value(json!({
            "name": "app",
            "securityContext": {"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}}
        }))
        .unwrap();
        let root = spec(&target, 2, "i", Guise::User(0, 5), Task::Observe);
        assert_eq!(root["name"], "temper-inspect-2-app");
        assert_eq!(root["args"], json!(["inspect", "--observe"]));
        let expected = json!({"runAsUser": 0, "runAsGroup": 5, "capabilities": {"drop": ["ALL"]}});
        assert_eq!(root["securityContext"], expected);
        let user = spec(&target, 2, "i", Guise::User(7, 0), Task::Inspect);
        assert_eq!(user["securityContext"]["runAsNonRoot"], true);
        let reader = spec(&target, 2, "i", Guise::Reader, Task::Observe);
        let capabilities = json!({"drop": ["ALL"], "add": ["SYS_PTRACE", "DAC_READ_SEARCH"]});
        assert_eq!(reader["securityContext"]["capabilities"], capabilities);
        assert_eq!(reader["securityContext"]["allowPrivilegeEscalation"], false);
    }
}

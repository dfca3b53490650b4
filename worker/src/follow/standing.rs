//! Where an instance of a container stands by what its Pod says: which log is its log, and whether it has ended.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::pods;
use crate::recorder::Instance;

/// Where an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is the container's latest.
    Current {
        ended: bool,
        /// When it was started, in nanoseconds by the clock of its node, to the second.
        started: Option<i64>,
    },
    /// Its log is the previous one now.
    Replaced,
    /// Its log cannot be read any more.
    Gone,
}

pub(super) fn standing(pod: &Pod, instance: &Instance) -> Standing {
    if pod.metadata.uid.as_deref() != Some(&instance.pod_uid) {
        return Standing::Gone;
    }
    let status = pod.status.as_ref();
    let lists = status.map(|status| [&status.init_container_statuses, &status.container_statuses]);
    let container = lists
        .into_iter()
        .flatten()
        .flat_map(|list| list.iter().flatten())
        .find(|container| container.name == instance.container);
    let Some(container) = container else {
        return Standing::Gone;
    };
    let restarts = u32::try_from(container.restart_count).unwrap_or_default();
    let state = container.state.as_ref();
    if restarts == instance.restart {
        return current(container);
    }
    // While the next instance is waiting to be started again, the previous log is that one's.
    let is_waiting = state.is_some_and(|state| state.waiting.is_some());
    if restarts == instance.restart + 1 && !is_waiting {
        Standing::Replaced
    } else {
        Standing::Gone
    }
}

fn current(container: &ContainerStatus) -> Standing {
    let (state, last) = (container.state.as_ref(), container.last_state.as_ref());
    let running = state.and_then(|state| state.running.as_ref());
    let terminated = [state, last]
        .into_iter()
        .flatten()
        .find_map(|state| state.terminated.as_ref());
    let started = match running {
        Some(running) => running.started_at.as_ref(),
        None => terminated.and_then(|terminated| terminated.started_at.as_ref()),
    };
    Standing::Current {
        ended: running.is_none() && terminated.is_some(),
        started: started.map(|Time(time)| pods::nanos(*time)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(status: serde_json::Value) -> Standing {
        let mut status = status;
        let defaults = json!({"name": "app", "image": "i", "imageID": "", "ready": false});
        for (key, value) in defaults.as_object().unwrap() {
            status[key] = value.clone();
        }
        let pod = json!({"metadata": {"name": "p", "uid": "u"}, "status": {"containerStatuses": [status]}});
        let instance = Instance {
            pod: "p".into(),
            pod_uid: "u".into(),
            container: "app".into(),
            restart: 1,
            init: false,
        };
        standing(&serde_json::from_value(pod).unwrap(), &instance)
    }

    #[test]
    fn only_the_pod_knows_where_an_instance_stands() {
        let running = json!({"running": {"startedAt": "1970-01-01T00:00:07Z"}});
        let terminated = json!({"terminated": {"exitCode": 1, "startedAt": "1970-01-01T00:00:05Z"}});
        let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        let current = |ended: bool, started: i64| Standing::Current {
            ended,
            started: Some(started * 1_000_000_000),
        };
        for (status, want) in [
            (json!({"restartCount": 1, "state": running}), current(false, 7)),
            (json!({"restartCount": 1, "state": terminated}), current(true, 5)),
            (
                json!({"restartCount": 1, "state": waiting, "lastState": terminated}),
                current(true, 5),
            ),
            (
                json!({"restartCount": 2, "state": running, "lastState": terminated}),
                Standing::Replaced,
            ),
            (
                json!({"restartCount": 2, "state": terminated, "lastState": terminated}),
                Standing::Replaced,
            ),
            (
                json!({"restartCount": 2, "state": waiting, "lastState": terminated}),
                Standing::Gone,
            ),
            (json!({"restartCount": 3, "state": running}), Standing::Gone),
        ] {
            assert_eq!(at(status.clone()), want, "{status}");
        }
    }
}

//! From the API server's view of a Pod to the wire's.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use temper_proto::v1;

use crate::redact::Redactor;

/// Containers that the recorder itself adds.
pub(crate) const INSPECTOR: &str = "temper-inspect";

/// Nanoseconds since the epoch.
pub(crate) fn now() -> i64 {
    nanos(jiff::Timestamp::now())
}

pub(crate) fn nanos(time: jiff::Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

/// What changed state this Pod is in.
pub(crate) fn state(pod: &Pod, target: bool, deleted: bool) -> v1::PodState {
    let status = pod.status.clone().unwrap_or_default();
    let restart_policy = pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
    let may_end = matches!(restart_policy, Some("Never" | "OnFailure"));
    let is_ready = is_ready(&status) || (may_end && does_its_part(&status));
    let containers = |list: &Option<Vec<ContainerStatus>>, init: bool| -> Vec<v1::ContainerState> {
        list.iter().flatten().map(|status| container(status, init)).collect()
    };
    let mut all = containers(&status.init_container_statuses, true);
    all.extend(containers(&status.container_statuses, false));
    v1::PodState {
        pod: pod.metadata.name.clone().unwrap_or_default(),
        pod_uid: pod.metadata.uid.clone().unwrap_or_default(),
        time_nanos: now(),
        phase: status.phase.unwrap_or_default(),
        ready: is_ready,
        deleted: deleted || pod.metadata.deletion_timestamp.is_some(),
        node: pod
            .spec
            .as_ref()
            .and_then(|spec| spec.node_name.clone())
            .unwrap_or_default(),
        reason: status.reason.unwrap_or_default(),
        message: status.message.unwrap_or_default(),
        containers: all,
        target,
    }
}

/// TCP ports that the containers declare which live as long as the Pod.
pub(crate) fn ports(pod: &Pod) -> BTreeSet<u16> {
    let spec = pod.spec.as_ref();
    let sidecars = spec.into_iter().flat_map(|spec| spec.init_containers.iter().flatten());
    let sidecars = sidecars.filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let containers = spec.into_iter().flat_map(|spec| &spec.containers).chain(sidecars);
    let ports = containers.flat_map(|container| container.ports.iter().flatten());
    let of_tcp = ports.filter(|port| port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP"));
    of_tcp
        .filter_map(|port| u16::try_from(port.container_port).ok())
        .collect()
}

fn is_ready(status: &PodStatus) -> bool {
    let mut conditions = status.conditions.iter().flatten();
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Whether every container is ready or has ended well. A Pod of which one has is not Ready any more for Kubernetes.
fn does_its_part(status: &PodStatus) -> bool {
    let ended = |state: &ContainerState| state.terminated.as_ref().is_some_and(|end| end.exit_code == 0);
    let mut containers = status.container_statuses.iter().flatten().peekable();
    containers.peek().is_some() && containers.all(|status| status.ready || status.state.as_ref().is_some_and(ended))
}

/// Masks what programs wrote into their Pod's status, such as the end of a log as a termination message.
pub(crate) fn redact(state: &mut v1::PodState, redactor: &Redactor) {
    let mask = |text: &mut String| *text = redactor.redact_text(text);
    mask(&mut state.message);
    for container in &mut state.containers {
        mask(&mut container.waiting_message);
        if let Some(terminated) = &mut container.terminated {
            mask(&mut terminated.message);
        }
    }
}

fn container(status: &ContainerStatus, init: bool) -> v1::ContainerState {
    let current = status.state.clone().unwrap_or_default();
    let last = status.last_state.clone().unwrap_or_default();
    let waiting = current.waiting.unwrap_or_default();
    let terminated = current.terminated.or(last.terminated).map(|end| v1::Termination {
        exit_code: end.exit_code,
        signal: end.signal.unwrap_or_default(),
        reason: end.reason.unwrap_or_default(),
        message: end.message.unwrap_or_default(),
        finished_nanos: end.finished_at.map(|Time(time)| nanos(time)).unwrap_or_default(),
    });
    v1::ContainerState {
        name: status.name.clone(),
        init,
        ready: status.ready,
        started: status.started.unwrap_or_default(),
        restarts: u32::try_from(status.restart_count).unwrap_or_default(),
        waiting_reason: waiting.reason.unwrap_or_default(),
        waiting_message: waiting.message.unwrap_or_default(),
        terminated,
        running: current.running.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_that_may_end_is_ready_while_each_container_works_or_has() {
        let running = |ready: bool| json!({"ready": ready, "state": {"running": {}}});
        let ended = |code: i32| json!({"ready": false, "state": {"terminated": {"exitCode": code}}});
        let is_ready = |policy: &str, phase: &str, containers: &[serde_json::Value]| {
            let containers: Vec<_> = containers
                .iter()
                .cloned()
                .map(|mut container| {
                    for (field, value) in [("name", json!("c")), ("image", json!("i")), ("imageID", json!(""))] {
                        container[field] = value;
                    }
                    container["restartCount"] = json!(0);
                    container
                })
                .collect();
            let pod = json!({
                "metadata": {"name": "p"}, "spec": {"restartPolicy": policy, "containers": []},
                "status": {"phase": phase, "containerStatuses": containers}
            });
            state(&serde_json::from_value(pod).unwrap(), true, false).ready
        };
        for (policy, phase, containers, wanted) in [
            ("Never", "Running", vec![running(true), ended(0)], true),
            ("OnFailure", "Succeeded", vec![ended(0)], true),
            ("Never", "Running", vec![running(false), ended(0)], false),
            ("Never", "Running", vec![running(true), ended(1)], false),
            ("Never", "Pending", vec![], false),
            // It is started again.
            ("Always", "Running", vec![running(true), ended(0)], false),
        ] {
            assert_eq!(is_ready(policy, phase, &containers), wanted, "{policy} {containers:?}");
        }
    }

    #[test]
    fn ports_are_those_of_containers_that_stay() {
        let ports = |number: u16, protocol: &str| json!([{"containerPort": number, "protocol": protocol}]);
        let pod = json!({"metadata": {"name": "p"}, "spec": {
            "containers": [
                {"name": "a", "ports": ports(80, "TCP")}, {"name": "b", "ports": ports(53, "UDP")}, {"name": "c"},
                {"name": "d", "ports": [{"containerPort": 80}, {"containerPort": 443}]}
            ],
            "initContainers": [
                {"name": "e", "ports": ports(1, "TCP")},
                {"name": "f", "ports": ports(2, "TCP"), "restartPolicy": "Always"}
            ]
        }});
        assert_eq!(ports_of(&pod), [2, 80, 443]);
        assert_eq!(ports_of(&json!({"metadata": {"name": "p"}})), [0; 0]);
    }

    fn ports_of(pod: &serde_json::Value) -> Vec<u16> {
        ports(&serde_json::from_value(pod.clone()).unwrap())
            .into_iter()
            .collect()
    }

    #[test]
    fn a_termination_message_is_redacted() {
        let ended = json!({"terminated": {"exitCode": 1, "message": "cannot log in with hunter2hunter2"}});
        let status = json!({"name": "app", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "hunter2hunter2"}}, "lastState": ended});
        let pod = json!({"metadata": {"name": "p"}, "status": {"containerStatuses": [status]}});
        let mut state = state(&serde_json::from_value(pod).unwrap(), true, false);
        redact(&mut state, &Redactor::new([&b"hunter2hunter2"[..]]).unwrap());
        assert_eq!(state.containers[0].waiting_message, "[redacted]");
        let message = &state.containers[0].terminated.as_ref().unwrap().message;
        assert_eq!(message, "cannot log in with [redacted]");
    }
}

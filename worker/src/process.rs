//! Looks at the running processes of a Pod through ephemeral containers of our own image, which share the process
//! namespace of the container they look at. This works for images without a shell and needs no right to execute.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, Pod};
use kube::Api;
use kube::api::LogParams;
use kube::runtime::wait::await_condition;
use temper_proto::subject::Kind;
use temper_proto::v1::{self, chunk::Body};
use tokio::sync::watch;

use crate::inspect::{self, Report};
use crate::inspector::{self, Guise, PATIENCE, Stage, Task};
use crate::pods::now;
use crate::publish::Publisher;
use crate::recorder::is_over;

/// The target's Pods that may be looked at, as the watch of Pods shows them.
#[derive(Debug, Default)]
pub(crate) struct Present {
    /// All that there were have been seen.
    listed: bool,
    /// By name.
    ready: BTreeMap<String, Pod>,
}

impl Present {
    /// Takes in a Pod of the target.
    pub(crate) fn see(&mut self, pod: &Pod, state: &v1::PodState) {
        // One that has run to its end was Ready, and there is nothing in it to look at.
        if state.ready && !state.deleted && !is_over(state) {
            self.ready.insert(state.pod.clone(), pod.clone());
        } else {
            self.ready.remove(&state.pod);
        }
    }

    /// Takes in that only these Pods, by UID, exist.
    pub(crate) fn only(&mut self, listed: &BTreeSet<String>) {
        self.listed = true;
        self.ready
            .retain(|_, pod| pod.metadata.uid.as_ref().is_some_and(|uid| listed.contains(uid)));
    }
}

/// One Pod of the target that is Ready, if any is, once it is known which there are.
pub(crate) async fn find(mut present: watch::Receiver<Present>) -> Option<Pod> {
    // Fails only where the recording has ended before.
    let present = present.wait_for(|present| present.listed).await.ok()?;
    present.ready.values().next().cloned()
}

/// Looks at every long-lived container of a Pod, and publishes what is seen or why nothing is.
pub(crate) async fn look(pods: Api<Pod>, pod: Pod, image: String, attempt: u32, publisher: Publisher) {
    let name = pod.metadata.name.clone().unwrap_or_default();
    let targets = long_lived(&pod);
    let first: Vec<_> = targets
        .iter()
        .map(|target| inspector::spec(target, 1, &image, Guise::Target, Task::Inspect))
        .collect();
    let mut reports = inspect_all(&pods, &name, &targets, first, 1).await;
    // The mount table is shown to a process of the same user only, and the image's user is not known before.
    let again: Vec<(&Container, Report)> = targets
        .iter()
        .zip(&reports)
        .filter_map(|(target, report)| Some((*target, report.as_ref().ok()?.clone())))
        .filter(|(_, report)| !report.error.is_empty() && !report.status.name.is_empty())
        .collect();
    if !again.is_empty() {
        let second: Vec<_> = again
            .iter()
            .map(|(target, report)| inspector::spec(target, 2, &image, Guise::of(&report.status), Task::Inspect))
            .collect();
        let names: Vec<&Container> = again.iter().map(|(target, _)| *target).collect();
        let better = inspect_all(&pods, &name, &names, second, 2).await;
        for (target, report) in names.iter().zip(better) {
            if let Some(index) = targets.iter().position(|other| other.name == target.name)
                && let Some(slot) = reports.get_mut(index)
            {
                *slot = report;
            }
        }
    }
    for (target, report) in targets.iter().zip(reports) {
        // What one worker could not see another one may: only the same finding is the same part.
        let finding = if report.is_ok() {
            "seen".to_owned()
        } else {
            format!("unseen-{attempt}")
        };
        tell(&publisher, source(&pod, target), report, &finding).await;
    }
}

/// Publishes what a process shows of itself, or why it does not; the same finding is published once.
pub(crate) async fn tell(publisher: &Publisher, source: v1::Source, report: Result<Report, String>, finding: &str) {
    let part = format!(
        "process/{}/{}/{}/{finding}",
        source.pod_uid, source.container, source.restart
    );
    publisher
        .send(Kind::Process, part, Body::Process(process(source, report)))
        .await;
}

/// The instance of a container that a Pod has now.
pub(crate) fn source(pod: &Pod, container: &Container) -> v1::Source {
    v1::Source {
        pod: pod.metadata.name.clone().unwrap_or_default(),
        pod_uid: pod.metadata.uid.clone().unwrap_or_default(),
        container: container.name.clone(),
        restart: restarts(pod, &container.name),
        init: container.restart_policy.is_some(),
    }
}

/// The containers that go on running: they, and sidecars.
pub(crate) fn long_lived(pod: &Pod) -> Vec<&Container> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let sidecars = spec
        .init_containers
        .iter()
        .flatten()
        .filter(|c| c.restart_policy.as_deref() == Some("Always"));
    sidecars.chain(&spec.containers).collect()
}

async fn inspect_all(
    pods: &Api<Pod>,
    pod: &str,
    targets: &[&Container],
    inspectors: Vec<serde_json::Value>,
    round: u32,
) -> Vec<Result<Report, String>> {
    if let Err(error) = inspector::add(pods, pod, &inspectors).await {
        return targets.iter().map(|_| Err(error.clone())).collect();
    }
    let names: Vec<String> = targets
        .iter()
        .map(|target| inspector::name(&target.name, round))
        .collect();
    let ended = |pod: &Pod, name: &str| inspector::standing(pod, name, Stage::Ended);
    let all_ended = |pod: Option<&Pod>| pod.is_none_or(|pod| names.iter().all(|name| ended(pod, name).is_ok()));
    // Those that ended are read even if another one did not.
    let waited = tokio::time::timeout(PATIENCE, await_condition(pods.clone(), pod, all_ended)).await;
    let latest = match waited {
        Ok(Ok(latest)) => latest,
        Ok(Err(_)) | Err(_) => pods.get_opt(pod).await.ok().flatten(),
    };
    let mut reports = Vec::new();
    for name in &names {
        let standing = latest
            .as_ref()
            .map_or_else(|| Err("the Pod is gone".to_owned()), |pod| ended(pod, name));
        reports.push(match standing {
            Ok(()) => {
                let parameters = LogParams {
                    container: Some(name.clone()),
                    ..LogParams::default()
                };
                let log = pods.logs(pod, &parameters).await.map_err(|error| error.to_string());
                log.and_then(|log| inspect::parse(&log))
            }
            Err(error) => Err(error),
        });
    }
    reports
}

fn restarts(pod: &Pod, container: &str) -> u32 {
    let state = crate::pods::state(pod, true, false);
    state
        .containers
        .iter()
        .find(|state| state.name == container)
        .map_or(0, |state| state.restarts)
}

fn process(source: v1::Source, report: Result<Report, String>) -> v1::Process {
    let report = report.unwrap_or_else(|error| Report {
        error,
        ..Report::default()
    });
    let Report {
        status,
        root_read_only,
        mounts,
        error,
    } = report;
    v1::Process {
        source: Some(source),
        time_nanos: now(),
        uid: status.uid,
        gid: status.gid,
        groups: status.groups,
        no_new_privs: status.no_new_privs,
        seccomp: status.seccomp,
        cap_effective: status.cap_effective,
        cap_permitted: status.cap_permitted,
        cap_bounding: status.cap_bounding,
        cap_inheritable: status.cap_inheritable,
        cap_ambient: status.cap_ambient,
        root_read_only,
        mounts: mounts
            .into_iter()
            .map(|mount| v1::Mount {
                path: mount.path,
                fs_type: mount.fs_type,
                read_only: mount.read_only,
            })
            .collect(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn see(present: &mut Present, name: &str, uid: &str, ready: bool, deleted: bool) {
        let pod: Pod = serde_json::from_value(json!({"metadata": {"name": name, "uid": uid}})).unwrap();
        let state = v1::PodState {
            pod: name.into(),
            pod_uid: uid.into(),
            ready,
            deleted,
            ..v1::PodState::default()
        };
        present.see(&pod, &state);
    }

    #[tokio::test]
    async fn a_pod_is_found_while_it_is_ready_and_once_all_are_known() {
        let present = watch::Sender::new(Present::default());
        present.send_modify(|present| {
            see(present, "a", "1", true, false);
            see(present, "b", "2", true, false);
            see(present, "c", "3", false, false);
        });
        let found = tokio::spawn(find(present.subscribe()));
        present.send_modify(|present| present.only(&BTreeSet::from(["2".to_owned(), "3".to_owned()])));
        let found = found.await.unwrap().unwrap();
        assert_eq!(found.metadata.name.as_deref(), Some("b"));
        present.send_modify(|present| see(present, "b", "2", true, true));
        assert_eq!(find(present.subscribe()).await, None);
    }
}

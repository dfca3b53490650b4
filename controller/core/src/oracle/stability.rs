//! TC-01: does it run, and does it stay up.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Oracle, Rule, Weight, readiness};
use crate::logs::{Severity, is_called_harmless};
use crate::recording::{ContainerState, PodState, Recording, Seen};

/// Waiting reasons after which a container does not start without somebody's help.
const REJECTED: [&str; 3] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// Waiting reasons of a container whose image is not there. A baseline's own fault; but a candidate has the image of
/// its baselines, and no setting changes whether it can be pulled.
const NO_IMAGE: [&str; 5] = [
    "ErrImagePull",
    "ErrImageNeverPull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ImageInspectError",
];

/// Reasons of a Pod that failed as a whole because the kubelet cannot or will not do what it asks for.
const POD_REJECTED: [&str; 6] = [
    "SysctlForbidden",
    "AppArmor",
    "PodFeatureUnsupported",
    "UnexpectedAdmissionError",
    "NodeAffinity",
    "Forbidden",
];

/// Faults of a run that no baseline has, its readiness among them.
pub(super) fn judge(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let known: BTreeSet<Fault> = baselines
        .iter()
        .flat_map(|baseline| faults(baseline).into_keys())
        .collect();
    let mut findings: Vec<Finding> = faults(candidate)
        .into_iter()
        .filter(|(fault, _)| !known.contains(fault))
        .filter(|((rule, _), _)| *rule != Rule::ImageNotPulled || baselines.is_empty())
        .map(|(_, finding)| finding)
        .collect();
    for finding in &mut findings {
        finding.example =
            last_words(baselines, candidate, finding.container.as_deref()).or_else(|| finding.example.take());
    }
    // What happened first is closest to the cause.
    findings.sort_by_key(|finding| finding.at_nanos);
    findings.extend(restarts(baselines, candidate));
    findings.extend(readiness::judge(baselines, candidate));
    findings
}

/// What the cluster, not the candidate, is to blame for where a Pod never started.
pub(super) fn obstacle(candidate: &Recording) -> Option<Finding> {
    if candidate.ready_at().is_some() {
        return None;
    }
    // In the order of Pod and time: the last state of each.
    let last: BTreeMap<&str, &PodState> = candidate.target_pods().map(|pod| (pod.pod.as_str(), pod)).collect();
    let waiting = last.values().filter(|pod| !pod.deleted && pod.node.is_empty());
    let unplaced: BTreeSet<&str> = waiting.map(|pod| pod.pod.as_str()).collect();
    let homeless = candidate
        .events()
        .filter(|event| event.reason == "FailedScheduling" && unplaced.contains(event.object_name.as_str()))
        .max_by_key(|event| event.time_nanos);
    if let Some(event) = homeless {
        let mut finding = Finding::new(Oracle::Stability, Rule::Unschedulable, Weight::Note);
        finding.pod = Some(event.object_name.clone());
        finding.at_nanos = Some(event.time_nanos);
        finding.detail.clone_from(&event.message);
        return Some(finding);
    }
    let states = last
        .values()
        .flat_map(|pod| pod.containers.iter().map(move |container| (pod, container)));
    let mut faults = states.flat_map(|(pod, container)| container_faults(pod, container));
    faults
        .find(|finding| finding.rule == Rule::ImageNotPulled)
        .map(|finding| Finding {
            weight: Weight::Note,
            ..finding
        })
}

/// What makes two faults the same one: the rule, and the container or the Pod's reason.
type Fault = (Rule, String);

fn faults(recording: &Recording) -> BTreeMap<Fault, Finding> {
    let mut faults = BTreeMap::new();
    for pod in recording.target_pods() {
        // What ends because we or its owner removed it did not fail.
        if !pod.deleted {
            // Sidecars are killed once they serve nobody, and their exit codes tell nothing.
            let is_killed = |container: &&ContainerState| container.init && pod.has_done_its_work();
            for container in pod.containers.iter().filter(|container| !is_killed(container)) {
                for finding in container_faults(pod, container) {
                    faults.entry((finding.rule, container.name.clone())).or_insert(finding);
                }
            }
            if let Some(finding) = pod_fault(pod) {
                faults.entry((finding.rule, pod.reason.clone())).or_insert(finding);
            }
        }
    }
    for event in recording.events().filter(|event| event.type_ == "Warning") {
        // The object's controller was refused by the API server: quota, Pod Security, a webhook.
        if event.reason == "FailedCreate" && !event.message.contains("serviceaccount") {
            let mut finding = Finding::new(Oracle::Stability, Rule::PodRejected, Weight::Fail);
            finding.detail.clone_from(&event.message);
            finding.at_nanos = Some(event.time_nanos);
            faults
                .entry((Rule::PodRejected, event.reason.clone()))
                .or_insert(finding);
        }
    }
    faults
}

fn container_faults(pod: &PodState, container: &ContainerState) -> Vec<Finding> {
    let finding = |rule: Rule, detail: String| {
        let mut finding = Finding::new(Oracle::Stability, rule, Weight::Fail);
        finding.container = Some(container.name.clone());
        finding.pod = Some(pod.pod.clone());
        finding.at_nanos = Some(pod.time_nanos);
        finding.detail = detail;
        finding
    };
    let mut found = Vec::new();
    if REJECTED.contains(&container.waiting_reason.as_str()) {
        found.push(finding(
            Rule::ContainerRejected,
            format!("{}: {}", container.waiting_reason, container.waiting_message),
        ));
    }
    if NO_IMAGE.contains(&container.waiting_reason.as_str()) {
        found.push(finding(Rule::ImageNotPulled, container.waiting_message.clone()));
    }
    if let Some(end) = &container.terminated {
        if end.reason == "OOMKilled" {
            found.push(finding(Rule::OutOfMemory, String::new()));
        } else if matches!(end.reason.as_str(), "StartError" | "ContainerCannotRun") {
            found.push(finding(
                Rule::ContainerRejected,
                format!("{}: {}", end.reason, end.message),
            ));
        } else if end.exit_code != 0 {
            let detail = if end.signal == 0 {
                format!("exit code {}", end.exit_code)
            } else {
                format!("exit code {} by signal {}", end.exit_code, end.signal)
            };
            found.push(finding(Rule::Exited, detail));
        }
    }
    found
}

fn pod_fault(pod: &PodState) -> Option<Finding> {
    let rule = match pod.reason.as_str() {
        "Evicted" | "Preempting" | "Preempted" => Rule::Evicted,
        reason if pod.phase == "Failed" && POD_REJECTED.contains(&reason) => Rule::PodRejected,
        _ => return None,
    };
    let mut finding = Finding::new(Oracle::Stability, rule, Weight::Fail);
    finding.pod = Some(pod.pod.clone());
    finding.at_nanos = Some(pod.time_nanos);
    format!("{} {}", pod.reason, pod.message)
        .trim()
        .clone_into(&mut finding.detail);
    Some(finding)
}

/// Restarts beyond those of every baseline; also those with exit code 0.
fn restarts(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let usual: Vec<BTreeMap<String, u32>> = baselines.iter().map(|baseline| restart_counts(baseline)).collect();
    let mut findings = Vec::new();
    for (container, count) in restart_counts(candidate) {
        let most = usual
            .iter()
            .filter_map(|counts| counts.get(&container))
            .max()
            .copied()
            .unwrap_or(0);
        if count > most {
            let mut finding = Finding::new(Oracle::Stability, Rule::Restarted, Weight::Fail);
            finding.container = Some(container.clone());
            finding.count = count.into();
            finding.baseline_counts = usual
                .iter()
                .map(|counts| counts.get(&container).copied().unwrap_or(0).into())
                .collect();
            findings.push(finding);
        }
    }
    findings
}

fn restart_counts(recording: &Recording) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for container in recording.target_pods().flat_map(|pod| &pod.containers) {
        let count: &mut u32 = counts.entry(container.name.clone()).or_default();
        *count = (*count).max(container.restarts);
    }
    counts
}

/// The line of a container's log that says most about its end: the worst that no baseline has, and of those the last.
fn last_words(baselines: &[&Recording], candidate: &Recording, container: Option<&str>) -> Option<String> {
    let container = container?;
    let log = candidate.logs().get(container)?;
    let known = |template: &str, seen: &Seen| {
        let mut usual = baselines.iter().filter_map(|baseline| baseline.logs().get(container));
        usual.any(|log| log.get(template, seen.severity).is_some())
    };
    let unknown = log
        .templates()
        .filter(|(template, seen)| !known(template, seen))
        .map(|(_, seen)| seen);
    let worst = unknown.max_by_key(|seen| (seen.severity, !is_called_harmless(&seen.example), seen.last_nanos))?;
    (worst.severity > Severity::Plain || baselines.is_empty()).then(|| worst.example.clone())
}

/// A rejection or an exit is why a container restarted or was never Ready: one of them is enough to tell.
pub(super) fn explain(findings: &mut Vec<Finding>) {
    let cause = findings.iter().any(|f| {
        matches!(
            f.rule,
            Rule::Exited | Rule::OutOfMemory | Rule::ContainerRejected | Rule::PodRejected | Rule::Evicted
        )
    });
    if cause {
        findings.retain(|f| {
            !matches!(
                f.rule,
                Rule::Restarted | Rule::NeverReady | Rule::ReadinessLost | Rule::NeverEnded
            )
        });
    }
    if !cause && findings.iter().any(|f| f.rule == Rule::NeverReady) {
        // The complaint that explains it comes first.
        let complaint = findings
            .iter()
            .find(|f| f.rule == Rule::NewMessage && f.weight != Weight::Note)
            .cloned();
        if let (Some(complaint), Some(never)) = (complaint, findings.iter_mut().find(|f| f.rule == Rule::NeverReady)) {
            never.container = complaint.container;
            never.example = complaint.example;
        }
    }
}

//! TC-01 and TC-02: does it run, does it stay up, is it Ready.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Oracle, Rule, Weight};
use crate::logs::Severity;
use crate::recording::{ContainerState, Ending, PodState, Recording};

/// Waiting reasons after which a container does not start without somebody's help.
const REJECTED: [&str; 8] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
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

/// Faults of a run that no baseline has.
pub(super) fn judge(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let known: BTreeSet<Fault> = baselines
        .iter()
        .flat_map(|baseline| faults(baseline).into_keys())
        .collect();
    let mut findings: Vec<Finding> = faults(candidate)
        .into_iter()
        .filter(|(fault, _)| !known.contains(fault))
        .map(|(_, finding)| finding)
        .collect();
    for finding in &mut findings {
        finding.example =
            last_words(baselines, candidate, finding.container.as_deref()).or_else(|| finding.example.take());
    }
    findings.extend(restarts(baselines, candidate));
    findings.extend(readiness(baselines, candidate));
    findings
}

/// What makes two faults the same one.
type Fault = (Rule, String);

fn faults(recording: &Recording) -> BTreeMap<Fault, Finding> {
    let mut faults = BTreeMap::new();
    for pod in recording.target_pods() {
        // What ends because we or its owner removed it did not fail.
        if !pod.deleted {
            for container in &pod.containers {
                for finding in container_faults(pod, container) {
                    let key = (finding.rule, format!("{}/{}", container.name, finding.detail));
                    faults.entry(key).or_insert(finding);
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

fn readiness(baselines: &[&Recording], candidate: &Recording) -> Option<Finding> {
    if candidate.ended() == Some(Ending::NeverReady) {
        return Some(Finding::new(Oracle::Readiness, Rule::NeverReady, Weight::Fail));
    }
    let usual: Vec<u64> = baselines.iter().map(|baseline| losses(baseline)).collect();
    let lost = losses(candidate);
    (lost > usual.iter().max().copied().unwrap_or(0)).then(|| {
        let mut finding = Finding::new(Oracle::Readiness, Rule::ReadinessLost, Weight::Fail);
        finding.count = lost;
        finding.baseline_counts = usual;
        finding
    })
}

/// How often a Pod that was Ready was not any more, before the recording ended.
fn losses(recording: &Recording) -> u64 {
    let end = recording.ended_at().unwrap_or(i64::MAX);
    let mut ready: BTreeMap<&str, bool> = BTreeMap::new();
    let mut losses = 0;
    // In the order of Pod and time.
    for pod in recording
        .target_pods()
        .filter(|pod| pod.time_nanos <= end && !pod.deleted)
    {
        if ready.insert(&pod.pod_uid, pod.ready) == Some(true) && !pod.ready {
            losses += 1;
        }
    }
    losses
}

/// The line of a container's log that says most about its end: the worst that no baseline has, and of those the last.
fn last_words(baselines: &[&Recording], candidate: &Recording, container: Option<&str>) -> Option<String> {
    let log = candidate.logs().get(container?)?;
    let known = |template: &String| {
        baselines.iter().any(|b| {
            b.logs()
                .get(container.unwrap_or_default())
                .is_some_and(|log| log.templates.contains_key(template))
        })
    };
    let unknown = log
        .templates
        .iter()
        .filter(|(template, _)| !known(template))
        .map(|(_, seen)| seen);
    let worst = unknown.max_by_key(|seen| (seen.severity, seen.last_nanos))?;
    (worst.severity > Severity::Plain || baselines.is_empty()).then(|| worst.example.clone())
}

/// A rejection or an exit is why a container restarted or was never Ready: one of them is enough to tell.
pub(super) fn explain(findings: &mut Vec<Finding>) {
    let cause = findings.iter().any(|f| {
        matches!(
            f.rule,
            Rule::Exited | Rule::OutOfMemory | Rule::ContainerRejected | Rule::PodRejected
        )
    });
    if cause {
        findings.retain(|f| !matches!(f.rule, Rule::Restarted | Rule::NeverReady | Rule::ReadinessLost));
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

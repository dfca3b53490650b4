//! TC-03: what a run says, against what the baselines say.

use std::collections::BTreeSet;

use super::{Finding, Oracle, Rule, Weight};
use crate::logs::{Drain, Severity, is_called_harmless};
use crate::recording::{Log, Recording, Seen};

/// A message must be in every baseline at least this often for its absence to fail a run: at a mean of 5 the chance of
/// none is 0.2 % (section 5.1 of the design).
const OFTEN: u64 = 5;

/// A count must be at least this large in every baseline for a quarter of it to count (section 7.4).
const MANY: u64 = 10;

/// Findings about one container's messages at most: one cause has many lines.
const MAX_MESSAGES: usize = 5;

/// Compares a finished recording.
pub(super) fn judge(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let mut findings = new_complaints(baselines, candidate);
    let containers: BTreeSet<&String> = baselines.iter().flat_map(|baseline| baseline.logs().keys()).collect();
    for container in containers {
        let usual = usual(baselines, container);
        // What only some baselines have says nothing about a run that has it not.
        if usual.len() == baselines.len() {
            findings.extend(absent(baselines, candidate, container, &usual));
        }
    }
    for (container, log) in candidate.logs().iter().filter(|(_, log)| log.overflow() > 0) {
        let mut finding = about(container, Rule::TooManyMessages, Weight::Note);
        finding.count = log.overflow();
        findings.push(finding);
    }
    findings
}

/// Messages that no baseline has or resembles, and known complaints that are far more.
pub(super) fn new_complaints(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (container, log) in candidate.logs() {
        let usual = usual(baselines, container);
        let unknown: Vec<(&str, &Seen)> = log
            .templates()
            .filter(|(text, seen)| !has(&usual, text, seen))
            .collect();
        let known = if unknown.is_empty() {
            Drain::default()
        } else {
            trained(&usual)
        };
        let mut found: Vec<Finding> = Vec::new();
        for (template, seen) in unknown
            .into_iter()
            .filter(|(text, seen)| !known.knows(text, seen.severity))
        {
            let mut finding = about(container, Rule::NewMessage, weight(container, seen, candidate));
            finding.baseline_counts = vec![0; baselines.len()];
            message(&mut finding, template, seen);
            found.push(finding);
        }
        found.extend(
            log.templates()
                .filter_map(|(template, seen)| more(container, template, seen, &usual)),
        );
        found.sort_by_key(|finding| (finding.weight, finding.at_nanos));
        found.truncate(MAX_MESSAGES);
        findings.extend(found);
    }
    findings
}

fn usual<'a>(baselines: &[&'a Recording], container: &str) -> Vec<&'a Log> {
    baselines
        .iter()
        .filter_map(|baseline| baseline.logs().get(container))
        .collect()
}

/// A line of higher severity is never known by a template of lower.
fn has(usual: &[&Log], template: &str, seen: &Seen) -> bool {
    let worse = [Severity::Plain, Severity::Warning, Severity::Soft, Severity::Hard];
    let mut worse = worse.into_iter().filter(|severity| *severity >= seen.severity);
    worse.any(|severity| usual.iter().any(|log| log.get(template, severity).is_some()))
}

fn trained(usual: &[&Log]) -> Drain {
    let templates: BTreeSet<(&str, Severity)> = usual
        .iter()
        .flat_map(|log| log.templates())
        .map(|(template, seen)| (template, seen.severity))
        .collect();
    let mut drain = Drain::default();
    for (template, severity) in templates {
        drain.train(template, severity);
    }
    drain
}

/// Complaints while it starts, in a workload that then works, cost no hardening.
fn weight(container: &str, seen: &Seen, candidate: &Recording) -> Weight {
    let starting = candidate.ready_at().is_some_and(|ready| seen.last_nanos < ready);
    match seen.severity {
        Severity::Hard | Severity::Soft => {
            let excused = starting && (readiness_tells(candidate, container) || is_called_harmless(&seen.example));
            if excused { Weight::Warn } else { Weight::Fail }
        }
        Severity::Warning => Weight::Warn,
        Severity::Plain => Weight::Note,
    }
}

/// Whether Ready means that the container works: it was seen running before it was ready, as one with a probe is, or
/// it is an init container that succeeded. Without a probe a container is ready at once, however it fares.
fn readiness_tells(recording: &Recording, container: &str) -> bool {
    let states = recording
        .target_pods()
        .filter(|pod| !pod.deleted)
        .flat_map(|pod| &pod.containers);
    let mut states = states.filter(|state| state.name == container).peekable();
    let is_unseen = states.peek().is_none();
    let succeeded = |end: &crate::recording::Termination| end.exit_code == 0;
    is_unseen
        || states.any(|state| {
            let has_passed = state.init && state.terminated.as_ref().is_some_and(succeeded);
            has_passed || (state.running && !state.ready)
        })
}

/// Over three times the largest baseline and three more (section 7.4).
fn more(container: &str, template: &str, seen: &Seen, usual: &[&Log]) -> Option<Finding> {
    let counts = counts(template, seen.severity, usual);
    let most = counts.iter().max().copied().unwrap_or(0);
    let is_complaint = seen.severity >= Severity::Soft && most > 0;
    (is_complaint && seen.count > most.saturating_mul(3).saturating_add(3)).then(|| {
        let mut finding = about(container, Rule::MoreComplaints, Weight::Fail);
        finding.baseline_counts = counts;
        message(&mut finding, template, seen);
        finding
    })
}

/// What every baseline says, and the run does not.
fn absent(baselines: &[&Recording], candidate: &Recording, container: &str, usual: &[&Log]) -> Vec<Finding> {
    let log = candidate.logs().get(container).filter(|log| log.lines() > 0);
    let lines: Vec<u64> = usual.iter().map(|log| log.lines()).collect();
    let silence = late_silence(baselines, candidate, container);
    if log.is_none() && (silence.is_some() || lines.iter().all(|count| *count >= OFTEN)) {
        let weight = if lines.iter().all(|count| *count >= OFTEN) {
            Weight::Fail
        } else {
            silence.unwrap_or(Weight::Warn)
        };
        let mut finding = about(container, Rule::Silence, weight);
        "in the whole recording".clone_into(&mut finding.detail);
        finding.baseline_counts = lines;
        return vec![finding];
    }
    let mut findings = log.map(|log| missing(container, usual, log)).unwrap_or_default();
    findings.truncate(MAX_MESSAGES);
    if let Some(weight) = silence {
        let mut finding = about(container, Rule::Silence, weight);
        "in the second half of the recording".clone_into(&mut finding.detail);
        findings.push(finding);
    }
    findings
}

fn missing(container: &str, usual: &[&Log], log: &Log) -> Vec<Finding> {
    let Some(first) = usual.first() else { return Vec::new() };
    let mut findings = Vec::new();
    let mut mine = None;
    for (template, had) in first.templates() {
        let counts = counts(template, had.severity, usual);
        let least = counts.iter().min().copied().unwrap_or(0);
        let now = log.count(template, had.severity);
        let rule = if now == 0 && least >= OFTEN {
            // The same in other words is not missing.
            if mine
                .get_or_insert_with(|| trained(&[log]))
                .knows(template, had.severity)
            {
                continue;
            }
            Rule::MissingMessage
        } else if now > 0 && least >= MANY && now.saturating_mul(4) < least {
            Rule::RarerMessage
        } else {
            continue;
        };
        // A complaint that is gone may be for the better.
        let weight = if had.severity >= Severity::Soft {
            Weight::Warn
        } else {
            Weight::Fail
        };
        let mut finding = about(container, rule, weight);
        finding.baseline_counts = counts;
        finding.count = now;
        finding.template = Some(template.to_owned());
        finding.example = Some(had.example.clone());
        findings.push(finding);
    }
    findings
}

/// No line in the second half of the recording, while every baseline has one there. It fails a run only where the
/// baselines speak steadily: of a message that comes at random the absence means little.
fn late_silence(baselines: &[&Recording], candidate: &Recording, container: &str) -> Option<Weight> {
    let spoken = |recording: &Recording, from: i64, parts: i64| -> Option<u64> {
        let (start, end) = (recording.ready_at()?, recording.ended_at()?);
        let part = end.saturating_sub(start) / parts;
        let from = start.saturating_add(part.saturating_mul(from));
        let log = recording.logs().get(container);
        Some(log.map_or(0, |log| log.lines_between(from, from.saturating_add(part))))
    };
    if spoken(candidate, 1, 2)? > 0 {
        return None;
    }
    let late: Option<Vec<u64>> = baselines.iter().map(|baseline| spoken(baseline, 1, 2)).collect();
    let late = late.filter(|late| late.iter().all(|lines| *lines > 0))?;
    let steady = |baseline: &&Recording| (0..3).all(|third| spoken(baseline, third, 3) > Some(0));
    let tells = late.iter().all(|lines| *lines >= OFTEN) || baselines.iter().all(steady);
    Some(if tells { Weight::Fail } else { Weight::Warn })
}

fn counts(template: &str, severity: Severity, usual: &[&Log]) -> Vec<u64> {
    usual.iter().map(|log| log.count(template, severity)).collect()
}

fn about(container: &str, rule: Rule, weight: Weight) -> Finding {
    let mut finding = Finding::new(Oracle::Logs, rule, weight);
    finding.container = Some(container.to_owned());
    finding
}

fn message(finding: &mut Finding, template: &str, seen: &Seen) {
    finding.template = Some(template.to_owned());
    finding.example = Some(seen.example.clone());
    finding.count = seen.count;
    finding.at_nanos = Some(seen.first_nanos);
}

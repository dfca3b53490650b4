//! TC-03: what a run says, against what the baselines say.

use super::{Finding, Oracle, Rule, Weight};
use crate::logs::{Severity, resembles};
use crate::recording::{Log, Recording, Seen};

/// A message must be in every baseline at least this often for its absence to fail a run: at a mean of 5 the chance of
/// none is 0.2 % (section 5.1 of the design).
const OFTEN: u64 = 5;

/// A count must be at least this large in every baseline for a quarter of it to count.
const MANY: u64 = 10;

/// Findings about one container's messages at most: one cause has many lines.
const MAX_MESSAGES: usize = 5;

/// Compares a finished recording.
pub(super) fn judge(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let mut findings = new_complaints(baselines, candidate);
    for (container, log) in candidate.logs() {
        let usual: Vec<&Log> = baselines
            .iter()
            .filter_map(|baseline| baseline.logs().get(container))
            .collect();
        if usual.len() < baselines.len() || usual.is_empty() {
            continue;
        }
        let mut gone = missing(container, &usual, log);
        gone.truncate(MAX_MESSAGES);
        findings.extend(gone);
        findings.extend(silence(container, baselines, candidate));
    }
    // A container that every baseline heard and the run never did.
    for container in baselines
        .first()
        .into_iter()
        .flat_map(|baseline| baseline.logs().keys())
    {
        let lines: Vec<u64> = baselines
            .iter()
            .map(|b| b.logs().get(container).map_or(0, |log| log.lines))
            .collect();
        if candidate.logs().get(container).is_none_or(|log| log.lines == 0) && lines.iter().all(|count| *count >= OFTEN)
        {
            let mut finding = about(container, Rule::Silence, Weight::Fail);
            finding.baseline_counts = lines;
            findings.push(finding);
        }
    }
    findings
}

/// Messages that no baseline has or resembles, and known complaints that are far more.
pub(super) fn new_complaints(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (container, log) in candidate.logs() {
        let usual: Vec<&Log> = baselines
            .iter()
            .filter_map(|baseline| baseline.logs().get(container))
            .collect();
        let mut new: Vec<Finding> = log
            .templates
            .iter()
            .filter(|(template, seen)| !is_known(template, seen, &usual))
            .map(|(template, seen)| new_message(container, template, seen, candidate, baselines.len()))
            .collect();
        new.extend(
            log.templates
                .iter()
                .filter_map(|(template, seen)| more(container, template, seen, &usual)),
        );
        new.sort_by_key(|finding| (finding.weight, finding.at_nanos));
        new.truncate(MAX_MESSAGES);
        findings.extend(new);
    }
    findings
}

fn is_known(template: &str, seen: &Seen, usual: &[&Log]) -> bool {
    usual.iter().any(|log| {
        log.templates.contains_key(template)
            // A line of higher severity never disappears into a template.
            || log.templates.iter().any(|(known, had)| had.severity >= seen.severity && resembles(template, known))
    })
}

fn new_message(container: &str, template: &str, seen: &Seen, candidate: &Recording, baselines: usize) -> Finding {
    // Complaints while it starts, in a workload that then works, cost no hardening.
    let starting = candidate.ready_at().is_some_and(|ready| seen.last_nanos < ready);
    let weight = match seen.severity {
        Severity::Hard | Severity::Soft if starting => Weight::Warn,
        Severity::Hard | Severity::Soft => Weight::Fail,
        Severity::Warning => Weight::Warn,
        Severity::Plain => Weight::Note,
    };
    let mut finding = about(container, Rule::NewMessage, weight);
    finding.baseline_counts = vec![0; baselines];
    message(&mut finding, template, seen);
    finding
}

/// Over three times the largest baseline and three more.
fn more(container: &str, template: &str, seen: &Seen, usual: &[&Log]) -> Option<Finding> {
    let counts = counts(template, usual);
    let most = counts.iter().max().copied().unwrap_or(0);
    let complaint = seen.severity >= Severity::Soft && most > 0;
    (complaint && seen.count > most * 3 + 3).then(|| {
        let mut finding = about(container, Rule::MoreComplaints, Weight::Fail);
        finding.baseline_counts = counts;
        message(&mut finding, template, seen);
        finding
    })
}

/// What every baseline says often, and the run never or hardly.
fn missing(container: &str, usual: &[&Log], log: &Log) -> Vec<Finding> {
    let Some(first) = usual.first() else { return Vec::new() };
    let mut findings = Vec::new();
    for (template, had) in &first.templates {
        let counts = counts(template, usual);
        let least = counts.iter().min().copied().unwrap_or(0);
        let now = log.templates.get(template).map_or(0, |seen| seen.count);
        let replaced = now == 0 && log.templates.keys().any(|other| resembles(other, template));
        let rule = if now == 0 && least >= OFTEN && !replaced {
            Rule::MissingMessage
        } else if now > 0 && least >= MANY && now * 4 < least {
            Rule::RarerMessage
        } else {
            continue;
        };
        let mut finding = about(container, rule, Weight::Fail);
        finding.baseline_counts = counts;
        finding.count = now;
        finding.template = Some(template.clone());
        finding.example = Some(had.example.clone());
        findings.push(finding);
    }
    findings
}

/// No line in the second half of the recording, while every baseline has one there.
fn silence(container: &str, baselines: &[&Recording], candidate: &Recording) -> Option<Finding> {
    let all_speak = baselines
        .iter()
        .all(|baseline| speaks_late(baseline, container) == Some(true));
    (all_speak && speaks_late(candidate, container) == Some(false))
        .then(|| about(container, Rule::Silence, Weight::Fail))
}

fn speaks_late(recording: &Recording, container: &str) -> Option<bool> {
    let (start, end) = (recording.ready_at()?, recording.ended_at()?);
    let last = recording
        .logs()
        .get(container)?
        .templates
        .values()
        .map(|seen| seen.last_nanos)
        .max()?;
    Some(last >= start + (end - start) / 2)
}

fn counts(template: &str, usual: &[&Log]) -> Vec<u64> {
    usual
        .iter()
        .map(|log| log.templates.get(template).map_or(0, |seen| seen.count))
        .collect()
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

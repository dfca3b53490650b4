//! TC-03: what a run says, against what the baselines say. Each container by itself.

mod absent;
mod alike;
mod bare;
mod cause;
mod farewell;
mod load;
mod more;
mod novel;
mod order;
mod repeat;
mod silence;
mod start;
mod together;

use std::collections::BTreeSet;

use self::alike::Alike;
use super::{Finding, Oracle, Rule, Weight};
use crate::logs::Severity;
use crate::recording::{Log, Recording, Seen};

/// A message must be in every baseline at least this often for its absence to fail a run: at a mean of 5 the chance of
/// none is 0.2 % (section 5.1 of the design).
const OFTEN: u64 = 5;

/// A count must be at least this large in every baseline for a multiple or a fraction of it to count (section 7.4).
const MANY: u64 = 10;

/// Findings about one container's messages at most: one cause has many lines.
const MAX_MESSAGES: usize = 5;

/// Messages that are counted in other words, too: each takes a reading of all logs.
const MAX_COUNTED: usize = 64;

/// What the baselines and the run say in one container.
struct Comparison<'a> {
    container: &'a str,
    baselines: &'a [&'a Recording],
    candidate: &'a Recording,
    /// Of the baselines that have this container, which may be none.
    usual: Vec<&'a Log>,
    log: Option<&'a Log>,
}

/// Compares a finished recording.
pub(super) fn judge(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let logs = baselines
        .iter()
        .map(|baseline| baseline.logs())
        .chain([candidate.logs()]);
    let containers: BTreeSet<&String> = logs.flat_map(|logs| logs.keys()).collect();
    let compare = |container| Comparison::new(baselines, candidate, container);
    containers
        .into_iter()
        .flat_map(|name| compare(name).findings())
        .collect()
}

/// Messages that no baseline has or resembles, and known complaints that are far more; also of a run that goes on.
pub(super) fn new_complaints(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let compare = |container| Comparison::new(baselines, candidate, container).complaints();
    in_time(candidate.logs().keys().map(|name| compare(name)))
}

/// One line of each message that no baseline has word for word, with its container.
pub(super) fn unknown<'a>(
    baselines: &'a [&'a Recording],
    candidate: &'a Recording,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    candidate.logs().keys().flat_map(move |name| {
        let comparison = Comparison::new(baselines, candidate, name);
        let lines: Vec<&str> = comparison.unknown().map(|(_, seen)| seen.example.as_str()).collect();
        lines.into_iter().map(move |line| (name.as_str(), line))
    })
}

/// The container that complained first is closest to the cause.
fn in_time(containers: impl Iterator<Item = Vec<Finding>>) -> Vec<Finding> {
    let mut containers: Vec<Vec<Finding>> = containers.collect();
    containers.sort_by_key(|findings| findings.first().map(|finding| (finding.weight, finding.at_nanos)));
    containers.into_iter().flatten().collect()
}

impl<'a> Comparison<'a> {
    fn new(baselines: &'a [&'a Recording], candidate: &'a Recording, container: &'a str) -> Self {
        let log = |recording: &'a Recording| recording.logs().get(container);
        Self {
            container,
            baselines,
            candidate,
            usual: baselines.iter().filter_map(|baseline| log(baseline)).collect(),
            log: log(candidate),
        }
    }

    /// The baselines that have this container, with what they say in it.
    fn logs(&self) -> impl Iterator<Item = (&'a Recording, &'a Log)> {
        let logs = self
            .baselines
            .iter()
            .map(|baseline| (*baseline, baseline.logs().get(self.container)));
        logs.filter_map(|(baseline, log)| Some((baseline, log?)))
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings = self.complaints();
        if findings.iter().all(|finding| finding.weight != Weight::Fail) {
            findings.extend(together::judge(self));
        }
        // What only some baselines have says nothing about a run that has it not.
        if !self.usual.is_empty() && self.usual.len() == self.baselines.len() {
            findings.extend(silence::judge(self));
            if self.log.is_some_and(|log| log.lines() > 0) {
                // What both look for: something new that resembles a message is that message in other words.
                let unknown = self.unknown().map(|(template, seen)| (template, seen.severity));
                let (other_words, milestones) = (Alike::from_templates(unknown), start::milestones(self));
                findings.extend(first(absent::judge(self, &other_words)));
                findings.extend(start::judge(self, &milestones, &other_words));
                findings.extend(repeat::judge(self, &milestones));
                findings.extend(order::judge(self));
            }
        }
        let overflow = self.log.map_or(0, Log::overflow);
        if overflow > 0 {
            let mut finding = self.about(Rule::TooManyMessages, Weight::Note);
            finding.count = overflow;
            findings.push(finding);
        }
        findings
    }

    /// The cause first.
    fn complaints(&self) -> Vec<Finding> {
        let Some(log) = self.log else { return Vec::new() };
        let mut found = novel::judge(self);
        found.extend(more::judge(self, log));
        first(cause::first(found))
    }

    /// Messages that no baseline has word for word.
    fn unknown(&self) -> impl Iterator<Item = (&'a str, &'a Seen)> {
        let messages = self.log.into_iter().flat_map(Log::templates);
        messages.filter(|(template, seen)| !self.has(template, seen.severity))
    }

    /// A line of higher severity is never known by a template of lower.
    fn has(&self, template: &str, severity: Severity) -> bool {
        let worse = [Severity::Plain, Severity::Warning, Severity::Soft, Severity::Hard];
        let mut worse = worse.into_iter().filter(|worse| *worse >= severity);
        worse.any(|severity| self.usual.iter().any(|log| log.get(template, severity).is_some()))
    }

    /// How often each baseline has a message.
    fn counts(&self, template: &str, severity: Severity) -> Vec<u64> {
        self.usual.iter().map(|log| log.count(template, severity)).collect()
    }

    /// Messages that every baseline has, with their counts in each.
    fn common(&self) -> impl Iterator<Item = (&'a str, &'a Seen, Vec<u64>)> {
        let first = self.usual.first().copied();
        let messages = first.into_iter().flat_map(Log::templates);
        messages.filter_map(|(template, seen)| {
            let counts = self.counts(template, seen.severity);
            counts
                .iter()
                .all(|count| *count > 0)
                .then_some((template, seen, counts))
        })
    }

    fn about(&self, rule: Rule, weight: Weight) -> Finding {
        let mut finding = Finding::new(Oracle::Logs, rule, weight);
        finding.container = Some(self.container.to_owned());
        finding
    }

    /// A finding about a message that the run has.
    fn said(&self, rule: Rule, weight: Weight, template: &str, seen: &Seen) -> Finding {
        let mut finding = self.about(rule, weight);
        finding.template = Some(template.to_owned());
        finding.example = Some(seen.example.clone());
        finding.count = seen.count;
        finding.at_nanos = Some(seen.first_nanos);
        finding
    }

    /// A finding about a message that the run lacks, or has less often.
    fn unsaid(&self, rule: Rule, weight: Weight, template: &str, had: &Seen, counts: Vec<u64>) -> Finding {
        let mut finding = self.about(rule, weight);
        finding.template = Some(template.to_owned());
        finding.example = Some(had.example.clone());
        finding.baseline_counts = counts;
        finding
    }
}

fn first(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.truncate(MAX_MESSAGES);
    findings
}

/// Mean and standard deviation of a count, from those of the baselines: messages come in bursts, so that a count varies
/// by a quarter beyond what chance alone would have it (section 5.1 of the design), unless the baselines agree.
#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
fn expected(counts: &[u64]) -> (f64, f64) {
    let mean = counts.iter().sum::<u64>() as f64 / counts.len().max(1) as f64;
    // Several that have the same say how little it varies; one by itself says nothing of that.
    let is_steady = counts.len() > 1 && start::is_constant(counts);
    let bursts = if is_steady { 0.0 } else { 0.25 * mean };
    (mean, (mean + bursts.powi(2)).sqrt())
}

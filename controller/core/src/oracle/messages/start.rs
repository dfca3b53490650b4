//! How a container starts: the messages that it always says on its way to work, as many times in each run.

use super::Comparison;
use super::alike::Alike;
use crate::logs::Severity;
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::{Log, Recording, Seen};

/// Milestones that a run must lack before it counts: one may go with a feature that the hardening turns off.
const LACKING: usize = 3;

/// A message of the start-up.
pub(super) struct Milestone<'a> {
    pub(super) template: &'a str,
    pub(super) severity: Severity,
    /// How often each run says it.
    pub(super) count: u64,
    seen: &'a Seen,
}

/// The messages that every baseline says equally often, all before it was Ready, in the order of the first baseline.
pub(super) fn milestones<'a>(compared: &Comparison<'a>) -> Vec<Milestone<'a>> {
    let mut milestones: Vec<Milestone<'a>> = compared
        .common()
        .filter(|(_, _, counts)| is_constant(counts))
        .filter(|(template, seen, _)| ends(compared, template, seen.severity, |last, ready| last <= ready))
        .map(|(template, seen, counts)| Milestone {
            template,
            severity: seen.severity,
            count: counts.first().copied().unwrap_or(0),
            seen,
        })
        .collect();
    milestones.sort_by_key(|milestone| milestone.seen.first_nanos);
    milestones
}

/// When a run of which only a log was kept had started, if it then worked: it passed the milestones, and what every
/// baseline says later it says, too.
pub(super) fn settled(compared: &Comparison<'_>) -> Option<i64> {
    let log = compared.log?;
    let milestones = milestones(compared);
    let passed: Vec<&Seen> = milestones
        .iter()
        .filter_map(|milestone| log.get(milestone.template, milestone.severity))
        .collect();
    let is_settled = !passed.is_empty() && passed.len() * 5 >= milestones.len() * 4 && goes_on(compared);
    is_settled.then_some(())?;
    // The baselines were Ready some time after their last milestone: at least so long, as a probe may look late.
    let gap = |(recording, log): (&Recording, &Log)| {
        let last = milestones
            .iter()
            .filter_map(|m| Some(log.get(m.template, m.severity)?.last_nanos))
            .max()?;
        Some(recording.ready_at()?.saturating_sub(last))
    };
    let gap = compared.logs().filter_map(gap).min()?;
    let last = passed.iter().map(|seen| seen.first_nanos).max()?;
    Some(last.saturating_add(gap))
}

/// Whether what every baseline says after it was Ready is there.
fn goes_on(compared: &Comparison<'_>) -> bool {
    let late = later(compared);
    let kept = late.iter().filter(|(now, _)| *now > 0).count();
    !late.is_empty() && kept * 5 >= late.len() * 4
}

/// How often the run says what every baseline says after it was Ready, and how often they do.
pub(super) fn later(compared: &Comparison<'_>) -> Vec<(u64, Vec<u64>)> {
    let Some(log) = compared.log else { return Vec::new() };
    compared
        .common()
        .filter(|(template, seen, _)| ends(compared, template, seen.severity, |last, ready| last > ready))
        .map(|(template, seen, counts)| (log.count(template, seen.severity), counts))
        .collect()
}

/// Whether the last of a message comes so in every baseline, against the moment in which it was Ready.
fn ends(compared: &Comparison<'_>, template: &str, severity: Severity, holds: fn(i64, i64) -> bool) -> bool {
    compared.logs().all(|(recording, log)| {
        let last = log.get(template, severity).map(|seen| seen.last_nanos);
        last.zip(recording.ready_at())
            .is_some_and(|(last, ready)| holds(last, ready))
    })
}

pub(super) fn is_constant(counts: &[u64]) -> bool {
    counts.windows(2).all(|pair| matches!(pair, [a, b] if a == b))
}

/// Milestones that the run did not pass.
pub(super) fn judge(
    compared: &Comparison<'_>,
    milestones: &[Milestone<'_>],
    other_words: &Alike<'_>,
) -> Option<Finding> {
    let log = compared.log?;
    let lacking: Vec<&Milestone<'_>> = milestones
        .iter()
        .filter(|m| log.get(m.template, m.severity).is_none() && !other_words.knows(m.template, m.severity))
        .collect();
    let last = lacking.last()?;
    let is_much = lacking.len() >= LACKING && lacking.len() * 3 >= milestones.len();
    let weight = if is_much { Weight::Fail } else { Weight::Note };
    let counts = vec![last.count; compared.usual.len()];
    let mut finding = compared.unsaid(Rule::MissingMilestone, weight, last.template, last.seen, counts);
    finding.detail = format!("{} of {}", lacking.len(), milestones.len());
    Some(finding)
}

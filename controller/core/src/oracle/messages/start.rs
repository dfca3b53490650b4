//! How a container starts: the messages that it always says on its way to work, as many times in each run.

use super::alike::Alike;
use super::{Comparison, OFTEN};
use crate::logs::Severity;
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::{Recording, Seen};

/// Milestones that a run must lack before it counts: one may go with a feature that the hardening turns off.
const LACKING: usize = 3;

/// A run that says everything less often was driven less, down to this share; below it the run does less.
pub(super) const LEAST_LOAD: f64 = 0.25;

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
    let before_ready = |template: &str, severity: Severity| {
        let mut runs = compared.baselines.iter().zip(&compared.usual);
        runs.all(|(recording, log)| {
            let last = log.get(template, severity).map(|seen| seen.last_nanos);
            recording
                .ready_at()
                .zip(last)
                .is_some_and(|(ready, last)| last <= ready)
        })
    };
    let mut milestones: Vec<Milestone<'a>> = compared
        .common()
        .filter(|(_, _, counts)| is_constant(counts))
        .filter(|(template, seen, _)| before_ready(template, seen.severity))
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
    let gap = |(recording, log): (&&Recording, &&crate::recording::Log)| {
        let last = milestones
            .iter()
            .filter_map(|m| Some(log.get(m.template, m.severity)?.last_nanos))
            .max()?;
        Some(recording.ready_at()?.saturating_sub(last))
    };
    let gap = compared.baselines.iter().zip(&compared.usual).filter_map(gap).min()?;
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
fn later(compared: &Comparison<'_>) -> Vec<(u64, Vec<u64>)> {
    let Some(log) = compared.log else { return Vec::new() };
    let is_late = |template: &str, severity: Severity| {
        let mut runs = compared.baselines.iter().zip(&compared.usual);
        runs.all(|(recording, log)| {
            let last = log.get(template, severity).map(|seen| seen.last_nanos);
            recording.ready_at().zip(last).is_some_and(|(ready, last)| last > ready)
        })
    };
    compared
        .common()
        .filter(|(template, seen, _)| is_late(template, seen.severity))
        .map(|(template, seen, counts)| (log.count(template, seen.severity), counts))
        .collect()
}

/// How much the run was driven, against the baselines: how many times as often it says what it says most often against
/// them, or as many lines. One message that comes as often as ever shows that it was driven as ever, and so does a log
/// of the usual length if that message became another one.
pub(super) fn load(compared: &Comparison<'_>) -> f64 {
    let lines: Vec<u64> = compared.usual.iter().map(|log| log.lines()).collect();
    let all = compared.log.map_or(1.0, |log| ratio(log.lines(), &lines));
    ratios(compared).last().copied().unwrap_or(1.0).max(all)
}

/// The same for the messages but one, and their median: one that is told too often says nothing of the load.
pub(super) fn load_without(ratios: &[f64], one: f64) -> f64 {
    let place = ratios.partition_point(|ratio| *ratio < one);
    let others = [ratios.get(..place), ratios.get(place + 1..)]
        .map(Option::unwrap_or_default)
        .concat();
    others.get(others.len() / 2).copied().unwrap_or(1.0)
}

/// How many times as often as the baselines the run says each message that they say often, in order.
pub(super) fn ratios(compared: &Comparison<'_>) -> Vec<f64> {
    let Some(log) = compared.log else { return Vec::new() };
    let mut ratios: Vec<f64> = compared
        .common()
        .filter(|(_, _, counts)| counts.iter().all(|count| *count >= OFTEN))
        .map(|(template, seen, counts)| ratio(log.count(template, seen.severity), &counts))
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios
}

/// How many instances there are for each of a baseline, to go by what each says a fixed number of times while it works
/// or when it ends; 1 where there is no such message.
pub(super) fn instances(compared: &Comparison<'_>) -> f64 {
    let is_fixed = |counts: &[u64]| is_constant(counts) && counts.iter().all(|count| *count < OFTEN);
    let late = later(compared).into_iter().filter(|(_, counts)| is_fixed(counts));
    let mut ratios: Vec<f64> = late.map(|(now, counts)| ratio(now, &counts)).collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or_else(|| load(compared))
}

#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
pub(super) fn ratio(now: u64, counts: &[u64]) -> f64 {
    now as f64 / super::expected(counts).0
}

fn is_constant(counts: &[u64]) -> bool {
    counts.windows(2).all(|pair| matches!(pair, [a, b] if a == b))
}

/// Milestones that the run did not pass.
pub(super) fn judge(compared: &Comparison<'_>) -> Option<Finding> {
    let log = compared.log?;
    let milestones = milestones(compared);
    let other_words = Alike::from_templates(compared.unknown().map(|(template, seen)| (template, seen.severity)));
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

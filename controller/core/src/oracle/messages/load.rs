//! How much a run was driven, and how many there are of it.

use super::start::{Milestone, is_constant, later};
use super::{Comparison, OFTEN, expected};

/// A run that says everything less often was driven less, down to this share; below it the run does less.
pub(super) const LEAST_LOAD: f64 = 0.25;

/// How much the run was driven, against the baselines: how many times as often it says what it says most often against
/// them, or as many lines. One message that comes as often as ever shows that it was driven as ever, and so does a log
/// of the usual length if that message became another one.
pub(super) fn of(compared: &Comparison<'_>) -> f64 {
    let lines: Vec<u64> = compared.usual.iter().map(|log| log.lines()).collect();
    let all = compared.log.map_or(1.0, |log| ratio(log.lines(), &lines));
    ratios(compared).last().copied().unwrap_or(1.0).max(all)
}

/// The median of the ratios without one of them: a message that is told too often says nothing of the load.
pub(super) fn without(ratios: &[f64], one: f64) -> f64 {
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
/// or when it ends; where there is no such message by how much of what the baselines say beside their start-up.
pub(super) fn instances(compared: &Comparison<'_>, milestones: &[Milestone<'_>]) -> f64 {
    let is_fixed = |counts: &[u64]| is_constant(counts) && counts.iter().all(|count| *count < OFTEN);
    let late = later(compared).into_iter().filter(|(_, counts)| is_fixed(counts));
    let mut ratios: Vec<f64> = late.map(|(now, counts)| ratio(now, &counts)).collect();
    ratios.sort_by(f64::total_cmp);
    let middle = ratios.get(ratios.len() / 2).copied();
    middle.unwrap_or_else(|| beside_start(compared, milestones))
}

/// How many times as much of what every baseline says, but for its start-up; 1 where that is nothing.
fn beside_start(compared: &Comparison<'_>, milestones: &[Milestone<'_>]) -> f64 {
    let is_of_start = |template: &str| milestones.iter().any(|told| told.template == template);
    let (mut now, mut usual) = (0_u64, vec![0_u64; compared.usual.len()]);
    for (template, seen, counts) in compared.common().filter(|(template, _, _)| !is_of_start(template)) {
        now = now.saturating_add(compared.log.map_or(0, |log| log.count(template, seen.severity)));
        for (sum, count) in usual.iter_mut().zip(counts) {
            *sum = sum.saturating_add(count);
        }
    }
    if usual.contains(&0) { 1.0 } else { ratio(now, &usual) }
}

#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
pub(super) fn ratio(now: u64, counts: &[u64]) -> f64 {
    now as f64 / expected(counts).0
}

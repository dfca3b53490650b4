//! TC-02: is it Ready, does it stay so, and when; and of what runs to its end, how soon.

use std::collections::BTreeMap;

use super::{Finding, NANOS, Oracle, Rule, Weight};
use crate::recording::{Ending, Recording};

/// A start is told to be slow beyond twice the slowest baseline's time and this much more: Pods that start together
/// compete for the node.
const SLOW_START_NANOS: i64 = 5 * NANOS;

/// A run is told to be slow beyond thrice the slowest baseline's time and this much more: ends are known to the second,
/// and what takes a second or two is mostly how busy the node is.
const SLOW_RUN_NANOS: i64 = 5 * NANOS;

pub(super) fn judge(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    if candidate.ended() == Some(Ending::NeverReady) {
        return vec![Finding::new(Oracle::Readiness, Rule::NeverReady, Weight::Fail)];
    }
    lost(baselines, candidate)
        .into_iter()
        .chain(slow_start(baselines, candidate))
        .chain(slow_run(baselines, candidate))
        .collect()
}

fn lost(baselines: &[&Recording], candidate: &Recording) -> Option<Finding> {
    let usual: Vec<u64> = baselines.iter().map(|baseline| losses(baseline)).collect();
    let count = losses(candidate);
    (count > usual.iter().max().copied().unwrap_or(0)).then(|| {
        let mut finding = Finding::new(Oracle::Readiness, Rule::ReadinessLost, Weight::Fail);
        finding.count = count;
        finding.baseline_counts = usual;
        finding
    })
}

fn slow_start(baselines: &[&Recording], candidate: &Recording) -> Option<Finding> {
    let usual = baselines.iter().filter_map(|baseline| baseline.start_nanos()).max()?;
    let mine = candidate.start_nanos()?;
    (mine > usual.saturating_mul(2).saturating_add(SLOW_START_NANOS)).then(|| {
        let mut finding = Finding::new(Oracle::Readiness, Rule::SlowStart, Weight::Note);
        finding.detail = format!(
            "after {} s, the baselines after {} s at most",
            mine / NANOS,
            usual / NANOS
        );
        finding
    })
}

/// How long the slowest baseline ran, and how long a run may, in nanoseconds; none unless every baseline ran to its end.
fn run_time(baselines: &[&Recording]) -> Option<(i64, i64)> {
    let usual: Option<Vec<i64>> = baselines.iter().map(|baseline| baseline.run_nanos()).collect();
    let usual = usual?.into_iter().max()?;
    Some((usual, usual.saturating_mul(3).saturating_add(SLOW_RUN_NANOS)))
}

fn slow_run(baselines: &[&Recording], candidate: &Recording) -> Option<Finding> {
    let (usual, limit) = run_time(baselines)?;
    if let Some(mine) = candidate.run_nanos() {
        return (mine > limit).then(|| told(Rule::SlowRun, Weight::Warn, mine, usual));
    }
    if candidate.ended() != Some(Ending::Complete) {
        return None;
    }
    let mine = candidate.ended_at()?.saturating_sub(candidate.ready_at()?);
    let weight = if mine > limit { Weight::Fail } else { Weight::Warn };
    Some(told(Rule::NeverEnded, weight, mine, usual))
}

/// When a run that goes on has had more time than any baseline's explains.
pub(super) fn overdue_at(baselines: &[&Recording], candidate: &Recording) -> Option<i64> {
    let (_, limit) = run_time(baselines)?;
    let goes_on = candidate.run_nanos().is_none();
    candidate
        .ready_at()
        .filter(|_| goes_on)
        .map(|ready| ready.saturating_add(limit))
}

/// A run that goes on and is overdue now.
pub(super) fn overdue(baselines: &[&Recording], candidate: &Recording, now: i64) -> Option<Finding> {
    let (usual, _) = run_time(baselines)?;
    let mine = now.saturating_sub(candidate.ready_at()?);
    let is_overdue = overdue_at(baselines, candidate).is_some_and(|at| now > at);
    is_overdue.then(|| told(Rule::NeverEnded, Weight::Fail, mine, usual))
}

fn told(rule: Rule, weight: Weight, nanos: i64, usual: i64) -> Finding {
    let mut finding = Finding::new(Oracle::Readiness, rule, weight);
    finding.detail = format!("within {} s, the baselines within {} s", nanos / NANOS, usual / NANOS);
    finding
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

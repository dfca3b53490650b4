//! A start-up that is told twice: something began again inside the container.

use super::start::Milestone;
use super::{Comparison, load, start};
use crate::oracle::{Finding, Rule, Weight};

/// From here on there are more instances than in a baseline, each of which starts.
const MORE_INSTANCES: f64 = 1.5;

pub(super) fn judge(compared: &Comparison<'_>, milestones: &[Milestone<'_>]) -> Option<Finding> {
    let log = compared.log?;
    let again: Vec<_> = milestones
        .iter()
        .filter_map(|milestone| Some((milestone, log.get(milestone.template, milestone.severity)?)))
        .filter(|(milestone, seen)| seen.count >= milestone.count.saturating_mul(2))
        .collect();
    let is_repeated = match again.as_slice() {
        [] => false,
        // Of a program that says one thing when it starts that is all there is to see: long after it had started.
        [(_, seen)] if milestones.len() == 1 => {
            let started = compared.candidate.ready_at().or_else(|| start::settled(compared));
            started.is_some_and(|started| seen.last_nanos > started)
        }
        [_] => false,
        _ => again.len() * 2 >= milestones.len(),
    };
    if !is_repeated || load::instances(compared, milestones) >= MORE_INSTANCES {
        return None;
    }
    let (milestone, seen) = again.first()?;
    let mut finding = compared.said(Rule::StartedAgain, Weight::Fail, milestone.template, seen);
    finding.baseline_counts = vec![milestone.count; compared.usual.len()];
    finding.at_nanos = Some(seen.last_nanos);
    Some(finding)
}

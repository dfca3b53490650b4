//! Known messages, far more often.

use super::{Comparison, OFTEN, expected, load};
use crate::logs::Severity;
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::{Log, Seen};

/// How many times more often than in any baseline a message counts as a flood (section 7.4 of the design).
const FLOOD: f64 = 4.0;

pub(super) fn judge(compared: &Comparison<'_>, log: &Log) -> Vec<Finding> {
    let ratios = load::ratios(compared);
    log.templates()
        .filter_map(|(template, seen)| {
            let counts = compared.counts(template, seen.severity);
            let rule = if seen.severity >= Severity::Soft {
                complaints(seen, &counts)
            } else {
                flood(seen, &counts, &ratios)
            }?;
            let mut finding = compared.said(rule, Weight::Fail, template, seen);
            finding.baseline_counts = counts;
            Some(finding)
        })
        .collect()
}

/// Over three times the largest baseline and three more (section 7.4).
fn complaints(seen: &Seen, counts: &[u64]) -> Option<Rule> {
    let most = counts.iter().max().copied().filter(|most| *most > 0)?;
    (seen.count > most.saturating_mul(3).saturating_add(3)).then_some(Rule::MoreComplaints)
}

/// A message that is told again and again, as by something that tries again; more than the run's load explains.
#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
fn flood(seen: &Seen, counts: &[u64], ratios: &[f64]) -> Option<Rule> {
    let (least, most) = (counts.iter().min()?, counts.iter().max()?);
    if *least < OFTEN {
        return None;
    }
    let (mean, spread) = expected(counts);
    let load = load::without(ratios, load::ratio(seen.count, counts));
    let count = seen.count as f64 / load.max(load::LEAST_LOAD);
    (count > FLOOD * *most as f64 && count > mean + 4.0 * spread).then_some(Rule::Flood)
}

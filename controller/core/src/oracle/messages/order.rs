//! The order in which messages come for the first time.

use super::Comparison;
use crate::logs::Severity;
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::Log;

/// Messages that an order needs to mean anything.
const MIN_MESSAGES: usize = 4;

/// Most messages that are compared, each with each.
const MAX_MESSAGES: usize = 200;

/// Share of pairs that may stand the other way round where the baselines agree among each other: threads that race.
const CONTRARY: f64 = 0.5;

/// Most of the messages in the opposite order: Kendall's distance of the first occurrences.
pub(super) fn judge(compared: &Comparison<'_>) -> Option<Finding> {
    let log = compared.log?;
    let messages: Vec<(&str, Severity)> = compared
        .common()
        .map(|(template, seen, _)| (template, seen.severity))
        .filter(|(template, severity)| log.get(template, *severity).is_some())
        .take(MAX_MESSAGES)
        .collect();
    if messages.len() < MIN_MESSAGES {
        return None;
    }
    let (first, others) = compared.usual.split_first()?;
    let usual = others
        .iter()
        .map(|other| distance(first, other, &messages))
        .fold(0.0, f64::max);
    let nearest = compared
        .usual
        .iter()
        .map(|usual| distance(usual, log, &messages))
        .fold(1.0, f64::min);
    (nearest > CONTRARY + usual).then(|| {
        let mut finding = compared.about(Rule::Reordered, Weight::Fail);
        finding.detail = format!("{:.0} % of their pairs", nearest * 100.0);
        finding
    })
}

/// The share of pairs of messages whose first occurrences stand the other way round, of those that do not coincide.
#[expect(clippy::cast_precision_loss, reason = "counts of pairs")]
fn distance(a: &Log, b: &Log, messages: &[(&str, Severity)]) -> f64 {
    let times = |log: &Log| -> Vec<i64> {
        let first =
            |(template, severity): &(&str, Severity)| log.get(template, *severity).map_or(0, |seen| seen.first_nanos);
        messages.iter().map(first).collect()
    };
    let (a, b) = (times(a), times(b));
    let (mut contrary, mut all) = (0_u64, 0_u64);
    for (i, (a_first, b_first)) in a.iter().zip(&b).enumerate() {
        for (a_second, b_second) in a.iter().zip(&b).skip(i + 1) {
            let (in_a, in_b) = (a_first.cmp(a_second), b_first.cmp(b_second));
            if in_a.is_ne() && in_b.is_ne() {
                all += 1;
                contrary += u64::from(in_a != in_b);
            }
        }
    }
    if all == 0 { 0.0 } else { contrary as f64 / all as f64 }
}

//! Messages that every baseline has, and the run has not, or far less often.

use super::alike::{self, Alike};
use super::{Comparison, MANY, MAX_COUNTED, OFTEN, expected, load};
use crate::logs::Severity;
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::Log;

pub(super) fn judge(compared: &Comparison<'_>, other_words: &Alike<'_>) -> Vec<Finding> {
    let Some(log) = compared.log else { return Vec::new() };
    let load = load::of(compared).clamp(load::LEAST_LOAD, 1.0);
    let (mut findings, mut counted) = (Vec::new(), 0);
    for (template, had, counts) in compared.common() {
        let now = log.count(template, had.severity);
        let rule = if is_missing(now, &counts, load) {
            // The same in other words is not missing.
            if other_words.knows(template, had.severity) {
                counted += 1;
                let least = counts.iter().min().copied().unwrap_or(0);
                let is_clear = least >= MANY && counted <= MAX_COUNTED;
                if !is_clear || is_said_otherwise(compared, log, (template, had.severity), least) {
                    continue;
                }
            }
            Rule::MissingMessage
        } else if is_rarer(now, &counts, load) {
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
        let mut finding = compared.unsaid(rule, weight, template, had, counts);
        finding.count = now;
        findings.push(finding);
    }
    findings.sort_by_key(|finding| finding.weight);
    findings
}

/// Often enough in every baseline that none of it, at the run's load, is no chance.
#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
fn is_missing(now: u64, counts: &[u64], load: f64) -> bool {
    let least = counts.iter().min().copied().unwrap_or(0);
    now == 0 && least as f64 * load >= OFTEN as f64
}

/// Whether the run says a message in other words at least half as often as it lacks it, beyond what each run has of its
/// own: requests for paths that nobody else asks for are no answer to one that is made no more.
fn is_said_otherwise(compared: &Comparison<'_>, log: &Log, (template, severity): (&str, Severity), least: u64) -> bool {
    let own = |number: usize| {
        let (before, rest) = compared.usual.split_at(number);
        let (log, after) = rest.split_first()?;
        Some(alike::count(log, &[before, after].concat(), template, severity))
    };
    let usual = (0..compared.usual.len()).filter_map(own).max().unwrap_or(0);
    let now = alike::count(log, &compared.usual, template, severity);
    now.saturating_sub(usual).saturating_mul(2) >= least
}

/// Under a quarter of the least baseline at the run's load, and three standard deviations below their mean (section
/// 7.4 of the design).
#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
fn is_rarer(now: u64, counts: &[u64], load: f64) -> bool {
    let least = counts.iter().min().copied().unwrap_or(0);
    let (mean, spread) = expected(counts);
    let usual = now as f64 / load;
    now > 0 && least >= MANY && usual * 4.0 < least as f64 && usual < mean - 3.0 * spread
}

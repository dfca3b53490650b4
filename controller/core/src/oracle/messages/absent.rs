//! Messages that every baseline has, and the run has not, or far less often.

use std::cell::LazyCell;

use super::alike::{Alike, Bag};
use super::{Comparison, MANY, MAX_COUNTED, OFTEN, expected, load};
use crate::logs::Severity;
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::{Log, Seen};

pub(super) fn judge(compared: &Comparison<'_>, other_words: &Alike<'_>) -> Vec<Finding> {
    let Some(log) = compared.log else { return Vec::new() };
    let load = load::of(compared).clamp(load::LEAST_LOAD, 1.0);
    let own = LazyCell::new(|| Own::of(compared, log));
    let (mut findings, mut counted) = (Vec::new(), 0);
    for (template, had, counts) in compared.common() {
        let now = log.count(template, had.severity);
        let rule = if is_missing(now, &counts, load) {
            // The same in other words is not missing.
            if other_words.knows(template, had.severity) {
                counted += 1;
                let least = counts.iter().min().copied().unwrap_or(0);
                let is_clear = least >= MANY && counted <= MAX_COUNTED;
                if !is_clear || own.has_in_other_words(template, had.severity, least) {
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

/// What each run has of its own: messages that no baseline has, or no other one. Requests for paths that nobody else asks for
/// are no other words for one that is made no more.
struct Own<'a> {
    candidate: Bag<'a>,
    /// None where there is only one: everything would be its own.
    baselines: Vec<Bag<'a>>,
}

impl<'a> Own<'a> {
    fn of(compared: &Comparison<'a>, log: &'a Log) -> Self {
        let own = |log: &'a Log, others: &[&[&Log]]| {
            let is_own = |(template, seen): &(&str, &Seen)| {
                let mut others = others.iter().copied().flatten();
                others.all(|other| other.get(template, seen.severity).is_none())
            };
            Bag::of(log.templates().filter(is_own))
        };
        let baselines = (0..compared.usual.len())
            .filter(|_| compared.usual.len() > 1)
            .filter_map(|number| {
                let (before, rest) = compared.usual.split_at(number);
                let (log, after) = rest.split_first()?;
                Some(own(log, &[before, after]))
            });
        Self {
            candidate: own(log, &[&compared.usual]),
            baselines: baselines.collect(),
        }
    }

    /// Whether the run says a message in other words at least half as often as it lacks it, beyond what every run has of those.
    fn has_in_other_words(&self, template: &str, severity: Severity, least: u64) -> bool {
        let usual = self
            .baselines
            .iter()
            .map(|own| own.count(template, severity))
            .max()
            .unwrap_or(0);
        let now = self.candidate.count(template, severity);
        now.saturating_sub(usual).saturating_mul(2) >= least
    }
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

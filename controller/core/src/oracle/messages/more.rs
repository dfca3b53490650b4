//! Known messages, far more often.

use std::collections::BTreeMap;

use super::{Comparison, MAX_COUNTED, OFTEN, alike, expected, load};
use crate::logs::{Severity, client_error};
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
        .chain(client_errors(compared, log))
        .chain(in_other_words(compared, log))
        .collect()
}

/// A complaint of which each line has words of its own, such as a path: all that resemble one another together.
fn in_other_words(compared: &Comparison<'_>, log: &Log) -> Option<Finding> {
    let complaints = log.templates().filter(|(_, seen)| seen.severity >= Severity::Soft);
    let mut found = complaints.take(MAX_COUNTED).filter_map(|(template, seen)| {
        let count = |log: &Log| log.count(template, seen.severity) + alike::count(log, &[], template, seen.severity);
        let (now, counts) = (
            count(log),
            compared.usual.iter().map(|log| count(log)).collect::<Vec<_>>(),
        );
        let is_known = counts.iter().any(|count| *count > 0);
        (is_known && is_far_more(now, &counts)).then(|| {
            let mut finding = compared.said(Rule::MoreComplaints, Weight::Fail, template, seen);
            finding.count = now;
            finding.baseline_counts = counts;
            finding
        })
    });
    found.next()
}

/// Requests that are refused as their client's fault, those of one status together: each has a path of its own. Clients of
/// a clone ask the same in every run, so that many more such answers are the server's fault.
fn client_errors(compared: &Comparison<'_>, log: &Log) -> Vec<Finding> {
    let now = by_status(log);
    let usual: Vec<_> = compared.usual.iter().map(|log| by_status(log)).collect();
    let judge = |(status, refused): (&str, Refused<'_>)| {
        let counts: Vec<u64> = usual
            .iter()
            .map(|usual| usual.get(status).map_or(0, |refused| refused.count))
            .collect();
        if !is_far_more(refused.count, &counts) {
            return None;
        }
        let (template, seen) = refused.first;
        let mut finding = compared.said(Rule::MoreComplaints, Weight::Fail, template, seen);
        finding.count = refused.count;
        finding.baseline_counts = counts;
        Some(finding)
    };
    now.into_iter().filter_map(judge).collect()
}

/// Requests of a log that were refused with one status.
struct Refused<'a> {
    count: u64,
    first: (&'a str, &'a Seen),
}

fn by_status(log: &Log) -> BTreeMap<&str, Refused<'_>> {
    let mut all = BTreeMap::new();
    for (template, seen) in log.templates() {
        if let Some(status) = client_error(template) {
            let first = (template, seen);
            let refused = all.entry(status).or_insert(Refused { count: 0, first });
            refused.count += seen.count;
            if seen.first_nanos < refused.first.1.first_nanos {
                refused.first = first;
            }
        }
    }
    all
}

/// Over three times the largest baseline and three more (section 7.4).
fn complaints(seen: &Seen, counts: &[u64]) -> Option<Rule> {
    let most = counts.iter().max().copied().filter(|most| *most > 0)?;
    (seen.count > most.saturating_mul(3).saturating_add(3)).then_some(Rule::MoreComplaints)
}

/// What counts for several messages together: of many, as many as three replicas say are still few.
fn is_far_more(count: u64, counts: &[u64]) -> bool {
    let most = counts.iter().max().copied().unwrap_or(0);
    count > most.saturating_mul(4).saturating_add(3)
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

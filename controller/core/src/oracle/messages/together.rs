//! Messages of which each has words of its own, such as a path: none of them is often told, and all of them are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::alike::Bag;
use super::{Comparison, MANY, MAX_COUNTED};
use crate::logs::{Severity, client_error};
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::{Log, Recording, Seen};

pub(super) fn judge(compared: &Comparison<'_>) -> Option<Finding> {
    let log = compared.log?;
    complaints(compared, log).or_else(|| client_errors(compared, log))
}

/// What counts for several messages together: of many, as many as three replicas say are still few.
fn is_far_more(count: u64, counts: &[u64]) -> bool {
    let most = counts.iter().max().copied().unwrap_or(0);
    count > most.saturating_mul(4).saturating_add(3)
}

fn finding(compared: &Comparison<'_>, (template, seen): (&str, &Seen), count: u64, counts: Vec<u64>) -> Finding {
    let mut finding = compared.said(Rule::MoreComplaints, Weight::Fail, template, seen);
    finding.count = count;
    finding.baseline_counts = counts;
    finding
}

/// Known complaints, all that resemble one another.
fn complaints(compared: &Comparison<'_>, log: &Log) -> Option<Finding> {
    fn of(log: &Log) -> impl Iterator<Item = (&str, &Seen)> {
        log.templates().filter(|(_, seen)| seen.severity >= Severity::Soft)
    }
    let (now, usual) = (
        Bag::of(of(log)),
        compared.usual.iter().map(|log| Bag::of(of(log))).collect::<Vec<_>>(),
    );
    // Less than all of them cannot be more than that.
    let least = usual.iter().map(Bag::total).filter(|total| *total > 0).min()?;
    if now.total() <= least.min(MANY) {
        return None;
    }
    let mut worst: Vec<(&str, &Seen)> = of(log).collect();
    worst.sort_by_key(|(_, seen)| Reverse((seen.severity, seen.count)));
    worst.into_iter().take(MAX_COUNTED).find_map(|(template, seen)| {
        let count = now.count(template, seen.severity);
        let counts: Vec<u64> = usual.iter().map(|usual| usual.count(template, seen.severity)).collect();
        let is_known = counts.iter().any(|count| *count > 0);
        (is_known && is_far_more(count, &counts)).then(|| finding(compared, (template, seen), count, counts))
    })
}

/// Requests that are refused as their client's fault, those of one status. Clients of a clone ask the same in every run, so
/// that many more such answers are the server's fault.
fn client_errors(compared: &Comparison<'_>, log: &Log) -> Option<Finding> {
    let usual: Vec<_> = compared
        .logs()
        .map(|(recording, log)| by_status(recording, log))
        .collect();
    by_status(compared.candidate, log)
        .into_iter()
        .find_map(|(status, refused)| {
            let usual = usual
                .iter()
                .map(|usual| usual.get(status).map_or(0, |refused| refused.count));
            let counts: Vec<u64> = usual.collect();
            let is_many = refused.count >= MANY && is_far_more(refused.count, &counts);
            is_many.then(|| finding(compared, refused.first, refused.count, counts))
        })
}

/// Requests of a log that were refused with one status.
struct Refused<'a> {
    count: u64,
    first: (&'a str, &'a Seen),
}

/// Not what was only asked before the run was Ready: a probe asks the longer the slower a start is.
fn by_status<'a>(recording: &Recording, log: &'a Log) -> BTreeMap<&'a str, Refused<'a>> {
    let ready = recording.ready_at().unwrap_or(i64::MIN);
    let mut all = BTreeMap::new();
    for first in log.templates().filter(|(_, seen)| seen.last_nanos >= ready) {
        let (template, seen) = first;
        if let Some(status) = client_error(template) {
            let refused = all.entry(status).or_insert(Refused { count: 0, first });
            refused.count += seen.count;
            if seen.first_nanos < refused.first.1.first_nanos {
                refused.first = first;
            }
        }
    }
    all
}

//! Where a log that is all there is of a run ends, as nobody knows how long it was recorded.

use super::Comparison;
use crate::logs::Severity;
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::{Ending, Log, Recording};

/// A log has ended early if it is shorter than this share of the shortest baseline's. Lengths of unchanged runs differ
/// by a tenth on a busy machine (the pilot of section 6 of the design).
const EARLY: (i64, i64) = (3, 4);

/// How many times the longest silence of any baseline the end must be quiet.
const QUIET: i64 = 2;

/// Silences shorter than this are none: lines are counted by the second.
const BREATH_NANOS: i64 = 1_000_000_000;

/// How close to its end a log takes leave.
const LEAVE_NANOS: i64 = 1_000_000_000;

/// Messages that a leave has at least.
const MIN_LEAVE: usize = 3;

/// Words of programs that end.
const WORDS: [&str; 8] = [
    "shutdown",
    "shutting",
    "shut down",
    "sigterm",
    "terminating",
    "exiting",
    "stopping",
    "bye",
];

/// The log ends too early to have been recorded as long as the baselines: it falls silent where they go on speaking, or
/// takes leave long before they do.
pub(super) fn judge(compared: &Comparison<'_>) -> Option<Finding> {
    if compared.candidate.ended() != Some(Ending::LogEnd) {
        return None;
    }
    let logs = compared.baselines.iter().zip(&compared.usual);
    let usual: Option<Vec<i64>> = logs
        .map(|(recording, log)| length(recording, log.last_nanos()?))
        .collect();
    let usual = usual?;
    let (shortest, longest) = (usual.iter().min().copied()?, usual.iter().max().copied()?);
    let mine = length(compared.candidate, compared.log?.last_nanos()?)?;
    let quiet = shortest.saturating_sub(mine).saturating_sub(longest - shortest);
    let is_quiet = is_early(mine, shortest)
        && says_less(compared)
        && silence(compared).is_some_and(|silence| quiet > silence.saturating_mul(QUIET));
    let end = if is_quiet {
        mine
    } else {
        leave(compared, &usual).filter(|leave| is_early(*leave, shortest))?
    };
    let mut finding = compared.about(Rule::EarlyEnd, Weight::Fail);
    finding.detail = format!(
        "after {:.1} s, that of every baseline after {:.1} s or later",
        seconds(end),
        seconds(shortest)
    );
    Some(finding)
}

fn is_early(end: i64, usual: i64) -> bool {
    end.saturating_mul(EARLY.1) < usual.saturating_mul(EARLY.0)
}

/// Whether lines are missing at all: a run that was driven faster says the same in less time.
fn says_less(compared: &Comparison<'_>) -> bool {
    let least = compared.usual.iter().map(|log| log.lines()).min().unwrap_or(0);
    let mine = compared.log.map_or(0, Log::lines);
    mine.saturating_mul(4) < least.saturating_mul(3)
}

fn length(recording: &Recording, end: i64) -> Option<i64> {
    Some(end.saturating_sub(recording.started_at()?))
}

/// The longest silence of any baseline, in nanoseconds.
fn silence(compared: &Comparison<'_>) -> Option<i64> {
    let logs = compared.baselines.iter().zip(&compared.usual);
    let silences = logs.map(|(recording, log)| log.longest_silence(recording.ready_at()?));
    silences.flatten().max().map(|silence| silence.max(BREATH_NANOS))
}

/// When the run took leave: by the messages that every baseline says just before its end and at no other time.
fn leave(compared: &Comparison<'_>, usual: &[i64]) -> Option<i64> {
    let is_last = |template: &str, severity: Severity| {
        let logs = compared.baselines.iter().zip(&compared.usual).zip(usual);
        logs.clone().count() > 0
            && logs.into_iter().all(|((recording, log), end)| {
                let first = log
                    .get(template, severity)
                    .and_then(|seen| length(recording, seen.first_nanos));
                first.is_some_and(|first| first.saturating_add(LEAVE_NANOS) >= *end)
            })
    };
    let last: Vec<(&str, Severity)> = compared
        .common()
        .map(|(template, seen, _)| (template, seen.severity))
        .filter(|(template, severity)| is_last(template, *severity))
        .collect();
    let tells = |(template, _): &(&str, Severity)| {
        let text = template.to_ascii_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    };
    if last.len() < MIN_LEAVE || !last.iter().any(tells) {
        return None;
    }
    let mine = last
        .iter()
        .filter_map(|(template, severity)| compared.log?.get(template, *severity));
    let times: Vec<i64> = mine.map(|seen| seen.first_nanos).collect();
    let first = times.iter().min().copied()?;
    // Nothing follows a leave.
    let is_leave = times.len() * 3 >= last.len() * 2 && compared.log?.last_nanos()? - first <= LEAVE_NANOS;
    length(compared.candidate, first).filter(|_| is_leave)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

//! Where a log that is all there is of a run ends, as nobody knows how long it was recorded.

use super::{Comparison, OFTEN, start};
use crate::logs::Severity;
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::{Ending, Log, Recording};

/// A log has ended early if it is shorter than this share of the shortest baseline's. Lengths of unchanged runs differ
/// by a tenth on a busy machine (the pilot of section 6 of the design).
const EARLY: (i64, i64) = (3, 4);

/// How many times the longest silence of any baseline the end must be quiet.
const QUIET: (i64, i64) = (3, 2);

/// Share of the lines of the busiest baseline that a run says in the same time if it is driven alike.
const PACE: (u64, u64) = (4, 5);

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
    let clock = Clock::of(compared);
    let usual: Option<Vec<i64>> = compared
        .logs()
        .map(|(run, log)| clock.read(run, log, log.last_nanos()?))
        .collect();
    let usual = usual?;
    let (shortest, longest) = (usual.iter().min().copied()?, usual.iter().max().copied()?);
    let log = compared.log?;
    let mine = clock.read(compared.candidate, log, log.last_nanos()?)?;
    // Baselines that differ in length show how much of it is chance.
    let quiet = shortest.saturating_sub(mine).saturating_sub(longest - shortest);
    let is_quiet =
        || silence(compared).is_some_and(|silence| quiet.saturating_mul(QUIET.1) > silence.saturating_mul(QUIET.0));
    let is_cut = is_early(mine, shortest)
        && says_less(compared)
        && quiet > 0
        && (is_quiet() || is_as_busy(compared, &clock, mine));
    let end = if is_cut {
        mine
    } else {
        leave(compared, &clock, &usual).filter(|leave| is_early(*leave, shortest))?
    };
    let mut finding = compared.about(Rule::EarlyEnd, Weight::Fail);
    finding.detail = format!(
        "after {:.1} s, that of every baseline after {:.1} s or later",
        seconds(end),
        seconds(shortest)
    );
    Some(finding)
}

/// When a run begins: with the last message of the start-up that it shares with the baselines, as starting takes now this
/// long, now that.
struct Clock<'a>(Option<(&'a str, Severity)>);

impl<'a> Clock<'a> {
    fn of(compared: &Comparison<'a>) -> Self {
        let milestones = start::milestones(compared).into_iter().rev();
        let mut shared = milestones.map(|milestone| (milestone.template, milestone.severity));
        Self(shared.find(|(template, severity)| compared.log.is_some_and(|log| log.get(template, *severity).is_some())))
    }

    fn begin(&self, recording: &Recording, log: &Log) -> Option<i64> {
        match self.0 {
            Some((template, severity)) => log.get(template, severity).map(|seen| seen.first_nanos),
            None => recording.started_at(),
        }
    }

    /// Nanoseconds since the beginning.
    fn read(&self, recording: &Recording, log: &Log, at: i64) -> Option<i64> {
        self.begin(recording, log).map(|begin| at.saturating_sub(begin))
    }
}

fn is_early(end: i64, usual: i64) -> bool {
    end.saturating_mul(EARLY.1) < usual.saturating_mul(EARLY.0)
}

/// Whether the run said as much up to its end as the baselines did in that time: it was driven as they were, and not less.
fn is_as_busy(compared: &Comparison<'_>, clock: &Clock<'_>, length: i64) -> bool {
    let said = |run: &Recording, log: &Log| {
        let begin = clock.begin(run, log)?;
        // Lines are counted by the second, of which the last one counts.
        let end = begin.saturating_add(length).saturating_add(BREATH_NANOS);
        Some(log.lines_between(begin, end))
    };
    let usual: Option<Vec<u64>> = compared.logs().map(|(run, log)| said(run, log)).collect();
    let mine = compared.log.and_then(|log| said(compared.candidate, log));
    let most = usual
        .and_then(|usual| usual.into_iter().max())
        .filter(|most| *most >= OFTEN);
    mine.zip(most)
        .is_some_and(|(mine, most)| mine.saturating_mul(PACE.1) >= most.saturating_mul(PACE.0))
}

/// Whether lines are missing at all: a run that was driven faster says the same in less time.
fn says_less(compared: &Comparison<'_>) -> bool {
    let least = compared.usual.iter().map(|log| log.lines()).min().unwrap_or(0);
    let mine = compared.log.map_or(0, Log::lines);
    mine.saturating_mul(4) < least.saturating_mul(3)
}

/// The longest silence of any baseline, in nanoseconds.
fn silence(compared: &Comparison<'_>) -> Option<i64> {
    let silences = compared.logs().map(|(run, log)| log.longest_silence(run.ready_at()?));
    silences.flatten().max().map(|silence| silence.max(BREATH_NANOS))
}

/// When the run took leave: by the messages that every baseline says just before its end and at no other time.
fn leave(compared: &Comparison<'_>, clock: &Clock<'_>, usual: &[i64]) -> Option<i64> {
    let is_last = |template: &str, severity: Severity| {
        let mut logs = compared.logs().zip(usual).peekable();
        logs.peek().is_some()
            && logs.all(|((run, log), end)| {
                let first = log
                    .get(template, severity)
                    .and_then(|seen| clock.read(run, log, seen.first_nanos));
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
    let log = compared.log?;
    let mine = last
        .iter()
        .filter_map(|(template, severity)| log.get(template, *severity));
    let times: Vec<i64> = mine.map(|seen| seen.first_nanos).collect();
    let first = times.iter().min().copied()?;
    // Nothing follows a leave.
    let is_leave = times.len() * 3 >= last.len() * 2 && log.last_nanos()? - first <= LEAVE_NANOS;
    clock.read(compared.candidate, log, first).filter(|_| is_leave)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

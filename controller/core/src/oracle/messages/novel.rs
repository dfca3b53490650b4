//! Messages that no baseline has or resembles.

use std::collections::BTreeMap;

use super::alike::Alike;
use super::{Comparison, MANY, bare, start};
use crate::logs::{Severity, is_called_harmless};
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::{Ending, Log, Recording, Seen, Termination};
use crate::setting::TOKEN_PATH;

/// Words of who goes on trying.
const TRIES_AGAIN: [&str; 5] = [
    "retrying",
    "will retry",
    "trying again",
    "will try again",
    "to try again",
];

/// Words of who does not.
const GIVES_UP: [&str; 7] = [
    "not retrying",
    "without retrying",
    "after retrying",
    "stopped retrying",
    "no longer retrying",
    "gave up",
    "giving up",
];

/// Share of the recording after which who goes on trying must have been successful.
const TRIED: (i64, i64) = (3, 4);

/// How many times as long as it was tried in vain it must be quiet: delays that double are nearly as long as all before.
const QUIET: (i64, i64) = (3, 2);

pub(super) fn judge(compared: &Comparison<'_>) -> Vec<Finding> {
    let mut unknown: Vec<(&str, &Seen)> = compared.unknown().collect();
    if unknown.is_empty() {
        return Vec::new();
    }
    unknown.sort_by_key(|(_, seen)| (seen.first_nanos, seen.first_position));
    let (alike, levels) = (Alike::of(&compared.usual), levels(&compared.usual));
    let excuses = Excuses::of(compared);
    let mut findings = Vec::new();
    for (template, seen) in unknown {
        let usual_level = levels.get(&*bare::of(template)).copied();
        let is_raised = usual_level.is_some_and(|usual| usual < seen.severity);
        let (rule, weight) = if is_raised {
            // Programs give one message one level: another one is another event, however mild.
            (Rule::LevelRaised, Weight::Fail)
        } else if usual_level.is_some() || alike.knows(template, seen.severity) {
            continue;
        } else {
            (Rule::NewMessage, excuses.weigh(seen))
        };
        let mut finding = compared.said(rule, weight, template, seen);
        finding.baseline_counts = vec![0; compared.baselines.len()];
        findings.push(finding);
    }
    findings
}

/// The highest severity of each message of the baselines, without the level that it bears.
fn levels(usual: &[&Log]) -> BTreeMap<String, Severity> {
    let mut levels = BTreeMap::new();
    for (template, seen) in usual.iter().flat_map(|log| log.templates()) {
        let level = levels.entry(bare::of(template)).or_insert(seen.severity);
        *level = seen.severity.max(*level);
    }
    levels
}

/// Complaints that cost no hardening: those of a workload that starts and then works, and those about what is tried again
/// until it succeeds.
struct Excuses {
    /// Until when it started, and whether it works from then on.
    until: Option<i64>,
    /// Its readiness says that it works.
    tells: bool,
    /// When the last part of the recording begins, and when it ends; none while it goes on.
    late: Option<(i64, i64)>,
}

impl Excuses {
    fn of(compared: &Comparison<'_>) -> Self {
        let ready = compared.candidate.ready_at();
        // Any other recording says itself when it was Ready, if it was.
        let is_log_alone = compared.candidate.ended() == Some(Ending::LogEnd);
        Self {
            until: ready.or_else(|| is_log_alone.then(|| start::settled(compared)).flatten()),
            tells: ready.is_none() || readiness_tells(compared.candidate, compared.container),
            late: late(compared.candidate),
        }
    }

    fn weigh(&self, seen: &Seen) -> Weight {
        match seen.severity {
            Severity::Hard | Severity::Soft if self.is_of_start(seen) => Weight::Warn,
            Severity::Soft if self.has_succeeded(seen) => Weight::Warn,
            Severity::Hard | Severity::Soft => Weight::Fail,
            Severity::Warning if self.never_ends(seen) => Weight::Fail,
            Severity::Warning => Weight::Warn,
            Severity::Plain => Weight::Note,
        }
    }

    /// It says that this is tried again, and says it no more for a good part of the recording. Of one that goes on nobody
    /// knows yet.
    fn has_succeeded(&self, seen: &Seen) -> bool {
        let text = seen.example.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|words| text.contains(words));
        let is_quiet = self.late.is_none_or(|(late, end)| {
            let (tried, quiet) = (seen.last_nanos - seen.first_nanos, end - seen.last_nanos);
            seen.last_nanos < late && quiet.saturating_mul(QUIET.1) > tried.saturating_mul(QUIET.0)
        });
        is_quiet && has(&TRIES_AGAIN) && !has(&GIVES_UP)
    }

    /// A warning that comes over and over, until the end.
    fn never_ends(&self, seen: &Seen) -> bool {
        seen.count >= MANY && self.late.is_some_and(|(late, _)| seen.last_nanos >= late)
    }

    fn is_of_start(&self, seen: &Seen) -> bool {
        let starting = self.until.is_some_and(|until| seen.last_nanos < until);
        // It has lost what it asks the API server by, and does without from then on, however well it starts.
        let is_of_token = seen.example.contains(TOKEN_PATH);
        starting && !is_of_token && (self.tells || is_called_harmless(&seen.example))
    }
}

/// When the last part of a finished recording begins, and when it ends.
fn late(recording: &Recording) -> Option<(i64, i64)> {
    let (start, end) = (recording.started_at()?, recording.ended_at()?);
    Some((start.saturating_add(end.saturating_sub(start) / TRIED.1 * TRIED.0), end))
}

/// Whether Ready means that the container works: it was seen running before it was ready, as one with a probe is, or
/// it is an init container that succeeded. Without a probe a container is ready at once, however it fares.
fn readiness_tells(recording: &Recording, container: &str) -> bool {
    let states = recording
        .target_pods()
        .filter(|pod| !pod.deleted)
        .flat_map(|pod| &pod.containers);
    let mut states = states.filter(|state| state.name == container).peekable();
    let is_unseen = states.peek().is_none();
    let succeeded = |end: &Termination| end.exit_code == 0;
    is_unseen
        || states.any(|state| {
            let has_passed = state.init && state.terminated.as_ref().is_some_and(succeeded);
            has_passed || (state.running && !state.ready)
        })
}

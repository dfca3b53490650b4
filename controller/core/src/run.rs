//! When a run moves on: from what was observed to the one step that follows.

use crate::oracle::{self, Outcome, Resources, Verdict, Weight};
use crate::recording::{Ending, Missing, Recording};
use crate::search::{self, BASELINES, Extent, Role};

/// Attempts that a run has before infrastructure is given up.
pub const ATTEMPTS: u32 = 3;

/// Between two looks at a recording that has not settled, in nanoseconds.
const SETTLING_NANOS: i64 = 5_000_000_000;

/// How long a run is Ready before what is asked at its start and not answered yet counts no more, in nanoseconds: such
/// a probe may take half a minute, and its answer must arrive. A Job may take longer, and then counts in a full recording.
const ANSWERS_NANOS: i64 = 40_000_000_000;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waits for a place, and for the removal of a clone that it had before.
    Pending,
    /// Its objects are being made.
    Cloning,
    /// Its Pods start.
    Starting,
    /// Its Pods are recorded.
    Recording,
    /// Its clone is no longer needed; the verdict waits for the baselines.
    Judging,
    /// Ended, however.
    Ended,
}

/// The worker's Job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// There is none.
    Absent,
    /// It runs or will.
    Active,
    /// It exited with 0.
    Succeeded,
    /// It failed, for this reason.
    Failed(String),
}

/// A baseline of the same check.
#[derive(Debug, Clone, Copy)]
pub struct Baseline<'a> {
    /// It passed; its recording is complete.
    pub passed: bool,
    /// It ended without passing.
    pub lost: bool,
    /// What is recorded of it so far.
    pub recording: &'a Recording,
}

/// Everything that decides the next step.
#[derive(Debug, Clone)]
pub struct Observed<'a> {
    /// Where the run stands.
    pub phase: Phase,
    /// What it is for.
    pub role: Role,
    /// Its check has ended or is being deleted.
    pub cancelled: bool,
    /// It has a place.
    pub has_place: bool,
    /// Counts from 1.
    pub attempt: u32,
    /// How long it is recorded.
    pub extent: Extent,
    /// More is known that may help it than it has.
    pub repairable: bool,
    /// It has settings, and none of its processes could be looked at, though some live on.
    pub unseen: bool,
    /// Its verification at the API server is still to be done.
    pub admission_due: bool,
    /// It was called promising already.
    pub promising: bool,
    /// It was called doubtful already.
    pub doubtful: bool,
    /// The worker's Job.
    pub job: Job,
    /// What is recorded so far.
    pub recording: &'a Recording,
    /// All that was ever published of this run and of its baselines has been read. After a restart, and while NATS is
    /// away, less is known than was recorded, and nothing may follow from what is missing.
    pub current: bool,
    /// And has been for so long that what a worker could not publish meanwhile is there, too: time tells something.
    pub settled: bool,
    /// The baselines of its check.
    pub baselines: Vec<Baseline<'a>>,
    /// What differences in resources do to it.
    pub resources: Resources,
    /// Now, in nanoseconds since the epoch.
    pub now: i64,
}

impl<'a> Observed<'a> {
    fn baseline_recordings(&self) -> Vec<&'a Recording> {
        self.baselines.iter().map(|baseline| baseline.recording).collect()
    }
}

/// The one step that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing to do before this time, if there is one, or before something changes.
    Wait(Option<i64>),
    /// Leave Pending.
    Begin,
    /// Make the clone and the worker.
    Clone,
    /// Note that the clone is Ready since this time.
    Ready(i64),
    /// Try the exact Pod at the API server.
    Admit,
    /// Note that the run is promising.
    Promise,
    /// Note that the run says what would fail it.
    Doubt {
        /// It is one message that may have come of chance.
        slight: bool,
    },
    /// Everything is recorded: remove the clone, wait for the baselines.
    Judge,
    /// The verdict.
    End(Verdict),
    /// Replace the worker on the same clone.
    Retry(String),
    /// What was recorded is gone: begin again with another clone.
    Repeat(String),
    /// Infrastructure failed for good.
    GiveUp(String),
    /// End without a verdict.
    Cancel,
}

/// Decides the next step. Total: every observation has one.
pub fn next(observed: &Observed<'_>) -> Step {
    if observed.phase == Phase::Ended {
        return Step::Wait(None);
    }
    if observed.cancelled {
        return Step::Cancel;
    }
    match observed.phase {
        Phase::Pending if observed.has_place => Step::Begin,
        Phase::Pending | Phase::Ended => Step::Wait(None),
        Phase::Cloning => Step::Clone,
        Phase::Starting | Phase::Recording => recording(observed),
        Phase::Judging => match gone(observed) {
            Some(why) if observed.current => again(observed, why, Step::Repeat),
            _ => match verdict(observed) {
                None => Step::Wait(None),
                Some(verdict) if observed.unseen && verdict.outcome != Outcome::Failed && observed.attempt == 1 => {
                    Step::Repeat("no process could be looked at, so that it would prove nothing".to_owned())
                }
                Some(verdict) => Step::End(verdict),
            },
        },
    }
}

fn recording(observed: &Observed<'_>) -> Step {
    let recording = observed.recording;
    if !observed.current {
        return Step::Wait(None);
    }
    if let Some(why) = gone(observed) {
        return again(observed, why, Step::Repeat);
    }
    if has_ended(recording) {
        return match recording.ready_at() {
            None => Step::Judge,
            Some(at) if observed.phase == Phase::Starting => Step::Ready(at),
            // The Pods are there until the clone is removed.
            Some(_) if observed.admission_due => Step::Admit,
            Some(_) => Step::Judge,
        };
    }
    if let Some(verdict) = early(observed).or_else(|| denied(observed)) {
        return Step::End(verdict);
    }
    match &observed.job {
        Job::Active => {}
        // Its last messages may still be on their way here: they come, or the Job is gone before they did.
        Job::Succeeded if recording.ended().is_none() => {}
        job => return lost(observed, job),
    }
    match (observed.phase, recording.ready_at()) {
        (Phase::Starting, Some(at)) => return Step::Ready(at),
        (Phase::Recording, Some(_)) if observed.admission_due => return Step::Admit,
        (Phase::Recording, Some(at)) if !observed.promising => {
            let baselines = observed.baseline_recordings();
            let mut due = at.saturating_add(oracle::start_up_nanos(&baselines));
            if oracle::owes_answers(&baselines, recording) {
                due = due.max(at.saturating_add(ANSWERS_NANOS));
            }
            return if observed.now >= due {
                promise(observed)
            } else {
                Step::Wait(Some(due))
            };
        }
        _ => {}
    }
    Step::Wait(next_look(observed))
}

/// The early verdict also depends on time alone: a candidate that is never Ready, and one whose last words are due.
fn next_look(observed: &Observed<'_>) -> Option<i64> {
    if observed.role == Role::Baseline {
        return None;
    }
    if !observed.settled {
        return Some(observed.now.saturating_add(SETTLING_NANOS));
    }
    oracle::next_look(&observed.baseline_recordings(), observed.recording, observed.now)
}

/// Why the recording cannot become whole any more, if so.
fn gone(observed: &Observed<'_>) -> Option<String> {
    let recording = observed.recording;
    let is_missing = match observed.phase {
        Phase::Recording => recording.ready_at().is_none(),
        Phase::Judging => !has_ended(recording),
        Phase::Pending | Phase::Cloning | Phase::Starting | Phase::Ended => false,
    };
    if is_missing {
        return Some("the stream has lost what was recorded".to_owned());
    }
    if !has_ended(recording) {
        return None;
    }
    let missing = recording.missing().filter(|missing| *missing == Missing::Gone);
    missing.map(|missing| missing.sentence())
}

fn has_ended(recording: &Recording) -> bool {
    matches!(recording.ended(), Some(Ending::Complete | Ending::NeverReady))
}

fn again(observed: &Observed<'_>, why: String, step: fn(String) -> Step) -> Step {
    if observed.attempt < ATTEMPTS {
        step(why)
    } else {
        Step::GiveUp(why)
    }
}

fn promise(observed: &Observed<'_>) -> Step {
    // New complaints count from the first line; what is missing can be told only at the end.
    let verdict = oracle::so_far(&observed.baseline_recordings(), observed.recording);
    match observed.extent {
        Extent::Screening => verdict.map_or(Step::Wait(Some(observed.now + SETTLING_NANOS)), Step::End),
        Extent::Full => match verdict {
            Some(verdict) if verdict.outcome != Outcome::Failed => Step::Promise,
            Some(verdict) if observed.role != Role::Baseline && !observed.doubtful => Step::Doubt {
                slight: verdict.is_slight(),
            },
            _ => Step::Wait(next_look(observed)),
        },
    }
}

/// A refusal that is known to be repairable ends a run at once: the repaired one need not wait for it.
fn denied(observed: &Observed<'_>) -> Option<Verdict> {
    let may = observed.repairable && observed.role != Role::Baseline;
    may.then(|| oracle::denied(&observed.baseline_recordings(), observed.recording))
        .flatten()
}

fn lost(observed: &Observed<'_>, job: &Job) -> Step {
    let why = match job {
        Job::Failed(why) => why.clone(),
        Job::Absent => "the worker's Job is gone".to_owned(),
        Job::Active | Job::Succeeded => "the worker ended before its time".to_owned(),
    };
    again(observed, why, Step::Retry)
}

fn early(observed: &Observed<'_>) -> Option<Verdict> {
    match observed.role {
        Role::Baseline => oracle::crashed(observed.recording)
            .then(|| oracle::agree(&[observed.recording]).err())
            .flatten()
            .map(|findings| Verdict {
                outcome: Outcome::Failed,
                findings,
            }),
        Role::Candidate | Role::Verification => {
            // Of a worker that could not publish, nobody knows how late it is.
            let now = if observed.settled { observed.now } else { i64::MIN };
            oracle::early(&observed.baseline_recordings(), observed.recording, now)
        }
    }
}

/// The verdict on a finished recording, if everything that it needs is there.
fn verdict(observed: &Observed<'_>) -> Option<Verdict> {
    // After a restart the recordings are read again: nothing is judged before all of it is here.
    if !observed.current || !has_ended(observed.recording) {
        return None;
    }
    if observed.role == Role::Baseline {
        return Some(match oracle::agree(&[observed.recording]) {
            Ok(()) => Verdict {
                outcome: Outcome::Passed,
                findings: Vec::new(),
            },
            // What is missing from a recording says nothing of the workload.
            Err(findings) if findings.iter().all(|finding| finding.weight == Weight::Note) => Verdict {
                outcome: Outcome::Inconclusive,
                findings,
            },
            Err(findings) => Verdict {
                outcome: Outcome::Failed,
                findings,
            },
        });
    }
    if observed.baselines.iter().any(|baseline| baseline.lost) {
        return Some(Verdict {
            outcome: Outcome::Inconclusive,
            findings: Vec::new(),
        });
    }
    let stands = |baseline: &Baseline<'_>| baseline.passed && has_ended(baseline.recording);
    if observed.baselines.len() < BASELINES || !observed.baselines.iter().all(stands) {
        return None;
    }
    // Where baselines differ, a third one tells by which to judge, or the check ends.
    let baselines = search::trusted(&observed.baseline_recordings()).ok()?;
    Some(oracle::judge_asked(observed.resources, &baselines, observed.recording))
}

#[cfg(test)]
pub(crate) mod tests;

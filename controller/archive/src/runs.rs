//! Several recordings, read at once, to be judged.

use std::path::{Path, PathBuf};
use std::thread;

use temper_core::oracle::{self, Verdict};
use temper_core::recording::{Mark, Moment, Recording, Sample};

use crate::error::{Error, Result};
use crate::{files, log, pilot};

/// How much of a recording is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All that may reach a verdict.
    Everything,
    /// Its logs, and when it began and was Ready.
    LogsAndReadiness,
    /// Its logs. Whether it was ever Ready is unknown, which is not the same as never.
    Logs,
}

/// A recording that was read from files.
#[derive(Debug, Clone)]
pub struct Run {
    /// What it amounts to.
    pub recording: Recording,
    /// When it began, in nanoseconds since the Unix epoch: `log.ts` counts from there.
    pub start_nanos: i64,
}

impl Run {
    /// A recording of which not much more than its log was read, until this time: how long it went on is not known.
    pub(crate) fn of_log(mut recording: Recording, start_nanos: i64, last_nanos: Option<i64>) -> Self {
        if recording.started_at().is_none() {
            recording.fold(mark(Moment::Started, start_nanos));
        }
        let end = last_nanos.max(recording.ready_at()).unwrap_or(start_nanos);
        recording.fold(mark(Moment::LogEnd, end));
        Self { recording, start_nanos }
    }
}

/// Reads the recording in a directory, whichever layout it has.
pub fn read(folder: &Path, scope: Scope) -> Result<Run> {
    let path = || folder.to_owned();
    if !folder.is_dir() {
        return Err(Error::NotADirectory { path: path() });
    }
    let has = |name: &str| folder.join(name).exists();
    if has(files::HEAD) {
        files::read(folder, scope)
    } else if has(log::TEXT) || has(log::TIMES) || has(pilot::META) {
        pilot::read(folder, scope)
    } else {
        Err(Error::NoRecording { path: path() })
    }
}

/// A candidate and what it is judged against.
#[derive(Debug, Clone)]
pub struct Runs {
    /// The baselines.
    pub baselines: Vec<Run>,
    /// The candidate.
    pub candidate: Run,
}

impl Runs {
    /// Reads all of them, each by a thread of its own.
    pub fn read(baselines: &[PathBuf], candidate: &Path, logs_only: bool) -> Result<Self> {
        let (of_baseline, of_candidate) = if logs_only {
            (Scope::LogsAndReadiness, Scope::Logs)
        } else {
            (Scope::Everything, Scope::Everything)
        };
        let (baselines, candidate) = thread::scope(|scope| {
            let threads: Vec<_> = baselines
                .iter()
                .map(|folder| scope.spawn(move || read(folder, of_baseline)))
                .collect();
            let candidate = read(candidate, of_candidate);
            let join = |thread: thread::ScopedJoinHandle<'_, Result<Run>>| match thread.join() {
                Ok(run) => run,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            let baselines: Result<Vec<Run>> = threads.into_iter().map(join).collect();
            (baselines, candidate)
        });
        Ok(Self {
            baselines: baselines?,
            candidate: candidate?,
        })
    }

    /// The verdict on the candidate.
    pub fn judge(&self) -> Verdict {
        let baselines: Vec<&Recording> = self.baselines.iter().map(|run| &run.recording).collect();
        oracle::judge(&baselines, &self.candidate.recording)
    }
}

/// A turning point of which nothing but its time is known.
pub(crate) fn mark(moment: Moment, time_nanos: i64) -> Sample {
    Sample::Mark(Mark {
        moment,
        time_nanos,
        message: String::new(),
        published: 0,
        lost: 0,
        attempt: 1,
    })
}

//! The phases of a run: one begins where the other ends, from its creation to its end.

use super::run::{Attempt, Run};

/// A part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It waits for a place.
    Wait,
    /// Its namespace and objects are being made.
    Clone,
    /// Its Pods start.
    Start,
    /// Its Pods are Ready and recorded.
    Record,
    /// Everything is recorded; the verdict is being found.
    Judge,
    /// What it made is being removed.
    CleanUp,
}

impl Phase {
    /// What spans and metrics call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Clone => "clone",
            Self::Start => "start",
            Self::Record => "record",
            Self::Judge => "judge",
            Self::CleanUp => "clean up",
        }
    }
}

/// A phase and when it was. Times are nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phased {
    /// Which.
    pub phase: Phase,
    /// The attempt that it was part of; none where attempts share it.
    pub attempt: Option<u32>,
    /// When it began.
    pub start_nanos: i64,
    /// When it ended.
    pub end_nanos: i64,
}

/// The phases of a run that has ended, in order and without a gap; all but its cleaning up, which may outlast it.
///
/// Clocks of nodes differ: where a worker's time contradicts the order of things, the order holds.
pub fn phases(run: &Run) -> Vec<Phased> {
    let mut line = Line {
        now: run.created,
        end: run.end(),
        phases: Vec::new(),
    };
    line.until(Phase::Wait, None, run.started);
    for attempt in run.attempts.iter().filter(|_| run.started.is_some()) {
        line.attempt(attempt, run.recorded);
    }
    if run.recorded.is_some() {
        line.until(Phase::Judge, None, None);
    }
    // Only facts that contradict each other leave a rest, such as a last attempt that was lost.
    if let Some(last) = line.phases.last_mut() {
        last.end_nanos = line.end;
    }
    line.phases
}

/// The time line of one run, filled from the left.
struct Line {
    now: i64,
    end: i64,
    phases: Vec<Phased>,
}

impl Line {
    /// The next phase, which lasts until then; until the end of the run if nothing ended it before.
    fn until(&mut self, phase: Phase, attempt: Option<u32>, end: Option<i64>) {
        let end = end.unwrap_or(self.end).clamp(self.now, self.end);
        self.phases.push(Phased {
            phase,
            attempt,
            start_nanos: self.now,
            end_nanos: end,
        });
        self.now = end;
    }

    fn attempt(&mut self, attempt: &Attempt, recorded: Option<i64>) {
        let over = attempt.lost.as_ref().map(|lost| lost.at).or(recorded);
        let within = |time: i64| over.map_or(time, |over| time.min(over));
        for (phase, end) in [(Phase::Clone, attempt.cloned), (Phase::Start, attempt.ready)] {
            let Some(end) = end else {
                return self.until(phase, Some(attempt.number), over);
            };
            self.until(phase, Some(attempt.number), Some(within(end)));
        }
        self.until(Phase::Record, Some(attempt.number), over);
    }
}

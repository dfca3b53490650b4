//! When a recording ends, and when its processes are looked at.

use std::time::Duration;

use tokio::time::Instant;

/// An entry point may change its user after the container counts as Ready, and then becomes what is recorded.
const SETTLE: Duration = Duration::from_secs(10);

/// The times of one recording.
#[derive(Debug)]
pub(crate) struct Schedule {
    duration: Duration,
    /// Until then the clone may take to be seen and to become Ready.
    patience: Instant,
    /// When its duration is over, once it is Ready.
    end: Option<Instant>,
}

impl Schedule {
    /// A recording that a worker begins now, or goes on with if it has been Ready for some time.
    pub(crate) fn new(now: Instant, patience: Duration, duration: Duration, ready_for: Option<Duration>) -> Self {
        Self {
            duration,
            patience: now + patience,
            end: ready_for.map(|time| now + duration.saturating_sub(time)),
        }
    }

    /// It is Ready from now on; false if it was before.
    pub(crate) fn ready(&mut self, now: Instant) -> bool {
        let is_first = self.end.is_none();
        self.end.get_or_insert(now + self.duration);
        is_first
    }

    /// The target has run to its end: there is no more to record.
    pub(crate) fn ended(&mut self, now: Instant) {
        self.end = Some(self.end.map_or(now, |end| end.min(now)));
    }

    /// Whether it was ever Ready.
    pub(crate) fn is_ready(&self) -> bool {
        self.end.is_some()
    }

    /// When it ends. What nobody has seen yet is waited for: a recording whose time is over holds what can be read.
    pub(crate) fn end(&self, is_seen: bool) -> Instant {
        match self.end {
            None => self.patience,
            Some(end) if is_seen => end,
            Some(end) => end.max(self.patience),
        }
    }

    /// How long after it was Ready for this time processes have settled.
    pub(crate) fn settle(&self, ready_for: Duration) -> Duration {
        SETTLE.min(self.duration / 3).saturating_sub(ready_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_duration_counts_from_ready() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now, seconds(60), seconds(30), None);
        assert!(!schedule.is_ready());
        assert_eq!(schedule.end(true), now + seconds(60));
        assert!(schedule.ready(now + seconds(5)));
        assert!(!schedule.ready(now + seconds(9)), "once");
        assert_eq!(schedule.end(true), now + seconds(35));
        assert_eq!(schedule.settle(Duration::ZERO), seconds(10));
    }

    #[test]
    fn a_replacing_worker_records_the_rest() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now, seconds(60), seconds(30), Some(seconds(8)));
        assert!(schedule.is_ready() && !schedule.ready(now));
        assert_eq!(schedule.end(true), now + seconds(22));
        assert_eq!(schedule.settle(seconds(8)), seconds(2));
    }

    #[test]
    fn a_target_that_ends_ends_its_recording() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now, seconds(60), seconds(30), None);
        assert!(schedule.ready(now + seconds(5)));
        schedule.ended(now + seconds(9));
        assert_eq!(schedule.end(true), now + seconds(9));
        assert_eq!(schedule.end(false), now + seconds(60), "but not before all was seen");
    }

    #[test]
    fn a_recording_whose_time_is_over_is_still_read() {
        let now = Instant::now();
        let schedule = Schedule::new(now, seconds(60), seconds(30), Some(seconds(300)));
        assert_eq!(schedule.end(false), now + seconds(60));
        assert_eq!(schedule.end(true), now);
        assert_eq!(schedule.settle(seconds(300)), Duration::ZERO);
    }
}

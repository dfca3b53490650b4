//! Whether a log is read as fast as it is written.
//!
//! A kubelet that streams a log goes from the end of one file to whichever is the latest then. Of a log that is
//! rotated twice while its reader is behind, a file in between is never sent, and nothing in the stream tells.

/// Kubelets look every ten seconds which logs to rotate: who is behind by less has missed one rotation at most.
const BEHIND: i64 = 5_000_000_000;

/// How long lines take to be read. Times are nanoseconds: of a line by the clock of its node, of now by ours.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Least time from a line's time to its reading. It holds the difference of the two clocks.
    delay: Option<i64>,
    /// When the stream was opened, by the clock of the node as far as it was known then.
    opened: i64,
}

impl Pace {
    /// A stream begins. What is in the log by now is in one file.
    pub(super) fn open(&mut self, now: i64) {
        self.opened = now.saturating_sub(self.delay.unwrap_or_default());
    }

    /// Takes in a line; what it tells of the stream.
    pub(super) fn line(&mut self, time: i64, now: i64) -> Stand {
        let took = now.saturating_sub(time);
        let least = self.delay.map_or(took, |delay| delay.min(took));
        self.delay = Some(least);
        if time <= self.opened {
            Stand::Backlog
        } else if took.saturating_sub(least) > BEHIND {
            Stand::Behind
        } else {
            Stand::Abreast
        }
    }
}

/// Where a stream stands by the line that it gave last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// In what was logged before it was opened.
    Backlog,
    /// With what is logged now.
    Abreast,
    /// So far behind that files may have been skipped.
    Behind,
}

#[cfg(test)]
mod tests {
    use super::Stand::{Abreast, Backlog, Behind};
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn a_stalled_reader_is_behind_whatever_the_clocks_say() {
        for skew in [-3600 * S, 0, 3600 * S] {
            let mut pace = Pace::default();
            pace.line(50 * S + skew, 50 * S + 1);
            pace.open(100 * S);
            let mut line = |written: i64, read: i64| pace.line(written + skew, read);
            assert_eq!(line(99 * S, 100 * S), Backlog, "{skew}");
            assert_eq!(line(101 * S, 101 * S + 1), Abreast, "{skew}");
            assert_eq!(line(101 * S + 2, 105 * S), Abreast);
            assert_eq!(line(102 * S, 108 * S), Behind);
            assert_eq!(line(109 * S, 109 * S + 9), Abreast);
        }
    }

    #[test]
    fn what_was_logged_before_is_never_late() {
        let mut pace = Pace::default();
        pace.open(100 * S);
        assert_eq!(pace.line(30 * S, 101 * S), Backlog);
        assert_eq!(pace.line(99 * S, 120 * S), Backlog);
        assert_eq!(pace.line(110 * S, 120 * S), Abreast);
        pace.line(121 * S, 121 * S);
        assert_eq!(pace.line(122 * S, 130 * S), Behind);
    }
}

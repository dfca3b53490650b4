//! Where to go on in a log that is opened again.
//!
//! A log that begins with the same line as before is the same file, and positions in it are exact. A log that begins
//! with another line was rotated, and then only times tell what was taken: if its first line is later than all that
//! was taken, whatever came between is gone.

/// Size at which kubelets rotate a log unless they are told otherwise, in bytes.
const FILE: u64 = 10 * 1024 * 1024;

/// Time and stream of a line, which the runtime writes before its text.
const HEAD: u64 = 45;

const SECOND: i64 = 1_000_000_000;

/// What was taken of one log.
#[derive(Debug, Default)]
pub(super) struct Resume {
    /// Time of the first line.
    origin: Option<i64>,
    taken: u64,
    /// Time of the latest line, and how many lines have it.
    last: i64,
    with_last: u64,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admit {
    /// It was taken before.
    Seen,
    /// It is taken now.
    New,
    /// It is taken now, and lines before it may have been rotated away unread.
    Cut,
    /// It is a line of another instance, or of one whose log was rotated: nobody can tell.
    Other,
}

/// One reading of the log from its beginning.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    resume: &'a mut Resume,
    previous: bool,
    /// Nothing was taken before.
    fresh: bool,
    pass: Pass,
    /// Time of the first line of this reading.
    first: Option<i64>,
    bytes: u64,
}

/// What is passed over.
#[derive(Debug, Clone, Copy)]
enum Pass {
    /// So many lines.
    Lines(u64),
    /// Lines before a time, and so many of that time.
    Until(i64, u64),
}

impl Resume {
    /// Position of the next line.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Time of the line at position 0.
    pub(super) fn origin(&self) -> Option<i64> {
        self.origin
    }

    /// Begins to read from the beginning; nobody writes to a previous log, nor rotates it.
    pub(super) fn open(&mut self, previous: bool) -> Opening<'_> {
        Opening {
            fresh: self.taken == 0,
            resume: self,
            previous,
            pass: Pass::Lines(0),
            first: None,
            bytes: 0,
        }
    }
}

impl Opening<'_> {
    /// Tells what the next line is, by its time.
    pub(super) fn admit(&mut self, time: i64, length: usize) -> Admit {
        self.bytes = self.bytes.saturating_add(HEAD + length as u64);
        let mut cut = false;
        if self.first.is_none() {
            self.first = Some(time);
            let Resume {
                origin,
                taken,
                last,
                with_last,
            } = *self.resume;
            self.pass = match origin {
                None => Pass::Lines(0),
                Some(origin) if origin == time => Pass::Lines(taken),
                Some(_) if time <= last => Pass::Until(last, with_last),
                Some(_) if self.previous => return Admit::Other,
                Some(_) => {
                    cut = true;
                    Pass::Lines(0)
                }
            };
        }
        if self.is_seen(time) {
            return Admit::Seen;
        }
        let before = &mut *self.resume;
        before.origin.get_or_insert(time);
        before.taken += 1;
        // The two streams of a container may be a little out of order.
        match time.cmp(&before.last) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => before.with_last += 1,
            std::cmp::Ordering::Greater => (before.last, before.with_last) = (time, 1),
        }
        if cut { Admit::Cut } else { Admit::New }
    }

    fn is_seen(&mut self, time: i64) -> bool {
        match &mut self.pass {
            Pass::Lines(0) => false,
            Pass::Lines(lines) => {
                *lines -= 1;
                true
            }
            Pass::Until(last, _) if time < *last => true,
            Pass::Until(last, same) if time == *last && *same > 0 => {
                *same -= 1;
                true
            }
            Pass::Until(..) => {
                self.pass = Pass::Lines(0);
                false
            }
        }
    }

    /// Time of the first line of this reading, and so of the file that it began with.
    pub(super) fn first(&self) -> Option<i64> {
        self.first
    }

    /// Position of the next line.
    pub(super) fn taken(&self) -> u64 {
        self.resume.taken
    }

    /// Whether a log that begins with a line of this time now, or with none yet, was rotated since it was opened, and
    /// its reader did not come to its new beginning.
    pub(super) fn was_rotated(&self, head: Option<i64>) -> bool {
        self.first.is_some() && head != self.first && head.is_none_or(|head| head > self.resume.last)
    }

    /// Whether the log that is read for the first time may have been rotated before: it begins so long after its
    /// container that what it gained from then until it was opened would, at that rate, have filled a file before.
    ///
    /// A worker that sees the container start opens the log before there is anything in it.
    pub(super) fn lacks_beginning(&self, started: Option<i64>, opened: i64) -> bool {
        let (Some(started), Some(first)) = (started, self.first) else {
            return false;
        };
        // Times of containers are whole seconds.
        let silent = first.saturating_sub(started);
        let span = opened.saturating_sub(first).max(SECOND);
        let before = u128::from(self.bytes) * u128::try_from(silent).unwrap_or_default();
        self.fresh
            && first < opened
            && silent > 2 * SECOND
            && before >= u128::from(FILE) * u128::try_from(span).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(resume: &mut Resume, previous: bool, log: &[i64]) -> Vec<Admit> {
        let mut opening = resume.open(previous);
        log.iter().map(|time| opening.admit(*time, 0)).collect()
    }

    use Admit::{Cut, New, Other, Seen};

    #[test]
    fn the_same_log_goes_on_by_position() {
        let mut resume = Resume::default();
        assert_eq!(read(&mut resume, false, &[5, 7, 6]), [New, New, New]);
        assert_eq!(read(&mut resume, false, &[5, 7]), [Seen, Seen]);
        assert_eq!(read(&mut resume, true, &[5, 7, 6, 6, 8]), [Seen, Seen, Seen, New, New]);
        assert_eq!((resume.taken(), resume.origin()), (5, Some(5)));
    }

    #[test]
    fn a_rotated_log_goes_on_by_time() {
        let mut resume = Resume::default();
        read(&mut resume, false, &[1, 2, 3, 3]);
        let rest = [2, 3, 3, 3, 4, 3];
        assert_eq!(read(&mut resume, false, &rest), [Seen, Seen, Seen, New, New, New]);
        assert_eq!((resume.taken(), resume.origin()), (7, Some(1)));
        assert_eq!(read(&mut resume, true, &[4, 5]), [Seen, New]);
    }

    #[test]
    fn a_log_that_begins_after_all_that_was_taken_was_cut_once() {
        let mut resume = Resume::default();
        read(&mut resume, false, &[1, 2, 3]);
        assert_eq!(read(&mut resume, false, &[7, 8]), [Cut, New]);
        assert_eq!(read(&mut resume, false, &[7, 8, 9]), [Seen, Seen, New]);
        assert_eq!(resume.taken(), 6);
    }

    #[test]
    fn a_previous_log_that_begins_later_may_be_anybodys() {
        let mut resume = Resume::default();
        read(&mut resume, false, &[1, 2]);
        assert_eq!(read(&mut resume, true, &[9]), [Other]);
        assert_eq!(resume.taken(), 2);
    }

    #[test]
    fn a_log_that_is_opened_late_and_long_may_lack_its_beginning() {
        let lacks = |started: i64, first: i64, opened: i64, bytes: usize| {
            let mut resume = Resume::default();
            let mut opening = resume.open(false);
            opening.admit(first * SECOND, bytes);
            opening.lacks_beginning(Some(started * SECOND), opened * SECOND)
        };
        let mib = 1024 * 1024;
        // A megabyte in each of ten seconds, and a minute before them that nobody saw.
        assert!(lacks(0, 60, 70, 10 * mib));
        assert!(!lacks(60, 61, 71, 10 * mib), "its first line is there");
        assert!(!lacks(0, 60, 70, 64 * 1024), "a minute of this fills no file");
        assert!(!lacks(0, 60, 61, 64 * 1024), "a burst is not a rate");
        assert!(
            !lacks(0, 60, 60, 99 * mib),
            "it was opened before there was anything in it"
        );
        assert!(!Resume::default().open(false).lacks_beginning(Some(0), 9));
    }

    #[test]
    fn what_was_seen_from_its_beginning_lacks_none() {
        let mut resume = Resume::default();
        read(&mut resume, false, &[60 * SECOND]);
        let mut opening = resume.open(false);
        opening.admit(60 * SECOND, 20 * 1024 * 1024);
        assert!(!opening.lacks_beginning(Some(0), 71 * SECOND));
    }

    #[test]
    fn a_log_that_is_rotated_under_its_reader_shows_by_its_head() {
        let mut resume = Resume::default();
        let mut opening = resume.open(false);
        assert!(
            !opening.was_rotated(None) && !opening.was_rotated(Some(3)),
            "nothing was read"
        );
        opening.admit(1, 0);
        opening.admit(4, 0);
        assert!(!opening.was_rotated(Some(1)) && !opening.was_rotated(Some(3)));
        assert!(opening.was_rotated(Some(5)) && opening.was_rotated(None));
    }
}

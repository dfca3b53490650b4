//! Where to go on in a log that is opened again.
//!
//! A log that begins with the same line as before is the same file, and positions in it are exact. A log that begins
//! with another line was rotated, and then only times tell what was taken.

/// What was taken of one log.
#[derive(Debug, Default)]
pub(super) struct Resume {
    /// Time of the first line.
    first: Option<i64>,
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
    /// It is a line of another instance.
    Other,
}

/// One reading of the log from its beginning.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    resume: &'a mut Resume,
    previous: bool,
    pass: Pass,
}

/// What is passed over.
#[derive(Debug, Clone, Copy)]
enum Pass {
    /// Not known before the first line.
    Unknown,
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
        self.first
    }

    /// Begins to read from the beginning; a previous log is never rotated.
    pub(super) fn open(&mut self, previous: bool) -> Opening<'_> {
        Opening {
            resume: self,
            previous,
            pass: Pass::Unknown,
        }
    }
}

impl Opening<'_> {
    /// Tells what the next line is, by its time.
    pub(super) fn admit(&mut self, time: i64) -> Admit {
        let before = &mut *self.resume;
        if let Pass::Unknown = self.pass {
            self.pass = match before.first {
                None => Pass::Lines(0),
                Some(first) if first == time => Pass::Lines(before.taken),
                Some(_) if self.previous => return Admit::Other,
                Some(_) => Pass::Until(before.last, before.with_last),
            };
        }
        let seen = match &mut self.pass {
            Pass::Unknown => false,
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
        };
        if seen {
            return Admit::Seen;
        }
        before.first.get_or_insert(time);
        before.taken += 1;
        // The two streams of a container may be a little out of order.
        match time.cmp(&before.last) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => before.with_last += 1,
            std::cmp::Ordering::Greater => (before.last, before.with_last) = (time, 1),
        }
        Admit::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(resume: &mut Resume, previous: bool, log: &[i64]) -> Vec<Admit> {
        let mut opening = resume.open(previous);
        log.iter().map(|time| opening.admit(*time)).collect()
    }

    use Admit::{New, Other, Seen};

    #[test]
    fn the_same_log_goes_on_by_position() {
        let mut resume = Resume::default();
        assert_eq!(read(&mut resume, false, &[5, 7, 6]), [New, New, New]);
        assert_eq!(read(&mut resume, false, &[5, 7]), [Seen, Seen]);
        assert_eq!(read(&mut resume, true, &[5, 7, 6, 6, 8]), [Seen, Seen, Seen, New, New]);
        assert_eq!(resume.taken(), 5);
    }

    #[test]
    fn a_rotated_log_goes_on_by_time() {
        let mut resume = Resume::default();
        read(&mut resume, false, &[1, 2, 3, 3]);
        assert_eq!(
            read(&mut resume, false, &[2, 3, 3, 3, 4, 3]),
            [Seen, Seen, Seen, New, New, New]
        );
        assert_eq!(resume.taken(), 7);
    }

    #[test]
    fn the_log_of_another_instance_is_not_taken() {
        let mut resume = Resume::default();
        read(&mut resume, false, &[1, 2]);
        assert_eq!(read(&mut resume, true, &[9]), [Other]);
        assert_eq!(resume.taken(), 2);
    }
}

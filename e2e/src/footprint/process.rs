//! What the kernel says of a process.

use std::fs;
use std::ops::AddAssign;

/// What a process takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Resident memory, in KiB.
    pub(super) rss_kib: u64,
    /// Of that, what is of no file: heap and stacks, in KiB.
    pub(super) anonymous_kib: u64,
    /// Processor time since its start, in user and kernel mode, in ticks of the kernel's clock.
    pub(super) ticks: u64,
}

impl Taken {
    /// That of a process now; none if it has ended.
    pub(super) fn by(pid: i32) -> Option<Self> {
        let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).ok();
        Self::parse(&read("status")?, &read("stat")?)
    }

    fn parse(status: &str, stat: &str) -> Option<Self> {
        let kib = |name: &str| -> Option<u64> {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            value.trim().strip_suffix(" kB")?.parse().ok()
        };
        // The command in brackets may hold anything, so the fields are counted from its end.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<u64>().ok();
        Some(Self {
            rss_kib: kib("VmRSS:")?,
            anonymous_kib: kib("RssAnon:")?,
            ticks: ticks()? + ticks()?,
        })
    }
}

impl AddAssign for Taken {
    fn add_assign(&mut self, other: Self) {
        self.rss_kib += other.rss_kib;
        self.anonymous_kib += other.anonymous_kib;
        self.ticks += other.ticks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_time_are_found() {
        let status = "Name:\ta) b\nVmHWM:\t    9000 kB\nVmRSS:\t    8420 kB\nRssAnon:\t    2300 kB\nThreads:\t1\n";
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 900 0 0 0 31 12 5 6 20 0 1 0 4711 1 2";
        let taken = Taken::parse(status, stat).unwrap();
        assert_eq!((taken.rss_kib, taken.anonymous_kib, taken.ticks), (8420, 2300, 43));
    }

    #[test]
    fn a_process_that_ended_has_no_memory() {
        assert_eq!(Taken::parse("Name:\ta\nState:\tZ (zombie)\n", "7 (a) Z 1"), None);
    }

    #[test]
    fn this_process_takes_something() {
        let own = Taken::by(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(own.rss_kib > own.anonymous_kib && own.anonymous_kib > 0);
    }
}

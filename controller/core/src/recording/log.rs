//! What the lines of a container amount to, without keeping them.

mod positions;
mod templates;

use std::collections::BTreeMap;

pub(super) use self::positions::Positions;
use self::templates::{Found, Templates, cut};
use super::sample::LogLine;
use crate::logs::{Masker, Severity, is_continuation, readable};

/// Seconds with a line that a log needs for its silences to mean anything.
const MIN_SECONDS: usize = 5;

/// What the lines of one template and one severity amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Lines.
    pub count: u64,
    /// Time of the first.
    pub first_nanos: i64,
    /// Its position in its instance's log: lines that are written together have one time.
    pub first_position: u64,
    /// Time of the last.
    pub last_nanos: i64,
    /// The first line, as it was logged.
    pub example: String,
    /// How bad it sounds.
    pub severity: Severity,
}

/// The log of all instances of one container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    templates: Templates,
    lines: u64,
    /// By Pod.
    replicas: BTreeMap<String, u64>,
    seconds: BTreeMap<i64, u64>,
}

impl Log {
    /// All templates with what their lines amount to, the harmless first.
    pub fn templates(&self) -> impl Iterator<Item = (&str, &Seen)> {
        self.templates.iter()
    }

    /// What the lines of a template and a severity amount to.
    pub fn get(&self, template: &str, severity: Severity) -> Option<&Seen> {
        self.templates.get(template, severity)
    }

    /// Lines of a template and a severity.
    pub fn count(&self, template: &str, severity: Severity) -> u64 {
        self.get(template, severity).map_or(0, |seen| seen.count)
    }

    /// Lines that are not empty.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Lines of one Pod, by its UID.
    pub fn lines_of(&self, pod_uid: &str) -> u64 {
        self.replicas.get(pod_uid).copied().unwrap_or(0)
    }

    /// Lines that found no room among the templates.
    pub fn overflow(&self) -> u64 {
        self.templates.overflow()
    }

    /// Time of the last line.
    pub fn last_nanos(&self) -> Option<i64> {
        self.templates().map(|(_, seen)| seen.last_nanos).max()
    }

    /// Lines from one time on and before another, to the second.
    pub fn lines_between(&self, from_nanos: i64, to_nanos: i64) -> u64 {
        let (from, to) = (second(from_nanos), second(to_nanos));
        if from < to {
            self.seconds.range(from..to).map(|(_, lines)| lines).sum()
        } else {
            0
        }
    }

    /// The longest time without a line between two lines from a time on, in nanoseconds, to the second; none of a log
    /// that speaks too seldom to tell.
    pub fn longest_silence(&self, from_nanos: i64) -> Option<i64> {
        let seconds = self.seconds.range(second(from_nanos)..).map(|(second, _)| *second);
        if seconds.clone().count() < MIN_SECONDS {
            return None;
        }
        let pairs = seconds.clone().zip(seconds.skip(1));
        pairs.map(|(a, b)| (b - a).saturating_mul(1_000_000_000)).max()
    }

    /// Adds lines that were not read before.
    fn read(&mut self, pod_uid: &str, first: u64, lines: &[LogLine], masker: &mut Masker) {
        let before = self.lines;
        // Lines of one second are counted before they are put where the second's are.
        let (mut now, mut count) = (0, 0);
        for (position, line) in (first..u64::MAX).zip(lines) {
            if !self.add(position, line, masker) {
                continue;
            }
            let time = second(line.time_nanos);
            if time != now {
                self.count_in(now, count);
                (now, count) = (time, 0);
            }
            count += 1;
        }
        self.count_in(now, count);
        let added = self.lines - before;
        match self.replicas.get_mut(pod_uid) {
            Some(lines) => *lines += added,
            None => drop(self.replicas.insert(pod_uid.to_owned(), added)),
        }
    }

    fn count_in(&mut self, second: i64, count: u64) {
        if count > 0 {
            self.lines += count;
            *self.seconds.entry(second).or_default() += count;
        }
    }

    /// Adds a line; false if it is blank.
    fn add(&mut self, position: u64, line: &LogLine, masker: &mut Masker) -> bool {
        let template = masker.template(&line.text);
        if template.is_empty() {
            return false;
        }
        // What goes on with another line is no message of its own, unless it tells why.
        let is_part = is_continuation(&line.text);
        match self.templates.find(template) {
            Found::Known(seen) if is_part && seen.severity < Severity::Soft => {}
            Found::Known(seen) => seen.add(position, line),
            Found::New(severity, _) if is_part && severity < Severity::Soft => {}
            Found::New(severity, template) => self.templates.insert(template, Seen::new(position, line, severity)),
        }
        true
    }
}

impl Seen {
    fn new(position: u64, line: &LogLine, severity: Severity) -> Self {
        Self {
            count: 1,
            first_nanos: line.time_nanos,
            first_position: position,
            last_nanos: line.time_nanos,
            example: cut(&readable(&line.text)).to_owned(),
            severity,
        }
    }

    fn add(&mut self, position: u64, line: &LogLine) {
        self.count += 1;
        self.last_nanos = self.last_nanos.max(line.time_nanos);
        let (first, this) = ((self.first_nanos, self.first_position), (line.time_nanos, position));
        if this > first {
            return;
        }
        let text = readable(&line.text);
        let text = cut(&text);
        // The smaller text decides between lines of one time and position, which two instances may have, so that their
        // order does not.
        if (this, text) < (first, &*self.example) {
            (self.first_nanos, self.first_position) = this;
            text.clone_into(&mut self.example);
        }
    }
}

fn second(time_nanos: i64) -> i64 {
    time_nanos.div_euclid(1_000_000_000)
}

//! What the lines of a container amount to, without keeping them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::sample::{LogLine, LogLines};
use crate::logs::{Masked, Names, Severity, mask};

/// Bytes of a template and of an example that are kept. The severity is that of the whole line.
const MAX_TEXT: usize = 1024;

/// Templates of one severity that a container's log is told apart by: a program has some hundred kinds of messages.
/// Of more, those that come first in the alphabet are kept, whatever the order in which they arrive; so a fold stays a
/// join, its memory is bounded, and a flood of plain lines never hides a refusal.
const MAX_TEMPLATES: usize = 5_000;

/// What the lines of one template and one severity amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Lines.
    pub count: u64,
    /// Time of the first.
    pub first_nanos: i64,
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
    templates: BTreeMap<Severity, BTreeMap<String, Seen>>,
    lines: u64,
    overflow: u64,
    seconds: BTreeMap<i64, u64>,
}

impl Log {
    /// All templates with what their lines amount to, the harmless first.
    pub fn templates(&self) -> impl Iterator<Item = (&str, &Seen)> {
        self.templates
            .values()
            .flatten()
            .map(|(template, seen)| (template.as_str(), seen))
    }

    /// What the lines of a template and a severity amount to.
    pub fn get(&self, template: &str, severity: Severity) -> Option<&Seen> {
        self.templates.get(&severity)?.get(template)
    }

    /// Lines of a template and a severity.
    pub fn count(&self, template: &str, severity: Severity) -> u64 {
        self.get(template, severity).map_or(0, |seen| seen.count)
    }

    /// Lines that are not empty.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Lines that found no room among the templates.
    pub fn overflow(&self) -> u64 {
        self.overflow
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

    fn add(&mut self, line: &LogLine, names: &Names) {
        let Masked {
            mut template,
            mut text,
            severity,
        } = mask(&line.text, names);
        if template.is_empty() {
            return;
        }
        cut(&mut template);
        cut(&mut text);
        self.lines += 1;
        *self.seconds.entry(second(line.time_nanos)).or_default() += 1;
        let templates = self.templates.entry(severity).or_default();
        match templates.entry(template) {
            Entry::Occupied(mut seen) => seen.get_mut().add(line.time_nanos, text),
            Entry::Vacant(place) => drop(place.insert(Seen::new(line.time_nanos, text, severity))),
        }
        if templates.len() > MAX_TEMPLATES
            && let Some((_, last)) = templates.pop_last()
        {
            self.overflow += last.count;
        }
    }
}

impl Seen {
    fn new(time: i64, example: String, severity: Severity) -> Self {
        Self {
            count: 1,
            first_nanos: time,
            last_nanos: time,
            example,
            severity,
        }
    }

    fn add(&mut self, time: i64, text: String) {
        self.count += 1;
        // The smaller text decides between lines of one time, so that their order does not.
        if (time, &text) < (self.first_nanos, &self.example) {
            self.first_nanos = time;
            self.example = text;
        }
        self.last_nanos = self.last_nanos.max(time);
    }
}

/// The positions of one container instance's lines that were read, as ranges: the end of each by its start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Positions(BTreeMap<u64, u64>);

impl Positions {
    /// Adds those lines of a chunk to the log that were not read before.
    pub(super) fn read(&mut self, chunk: &LogLines, log: &mut Log, names: &Names) {
        let names = names.in_pod(&chunk.source.pod);
        let mut next = Some(chunk.first);
        for line in &chunk.lines {
            let Some(position) = next else { return };
            next = position.checked_add(1);
            if self.insert(position) {
                log.add(line, &names);
            }
        }
    }

    /// Whether they are all from 0 on, without a hole.
    pub(super) fn are_whole(&self) -> bool {
        self.0.len() <= 1 && self.0.keys().all(|start| *start == 0)
    }

    /// Adds a position; false if it was there.
    fn insert(&mut self, position: u64) -> bool {
        let Self(ranges) = self;
        let before = ranges.range(..=position).next_back().map(|(start, end)| (*start, *end));
        if before.is_some_and(|(_, end)| position < end) {
            return false;
        }
        let Some(after) = position.checked_add(1) else {
            return false;
        };
        let end = ranges.remove(&after).unwrap_or(after);
        let start = before
            .filter(|(_, end)| *end == position)
            .map_or(position, |(start, _)| start);
        ranges.insert(start, end);
        true
    }
}

fn second(time_nanos: i64) -> i64 {
    time_nanos.div_euclid(1_000_000_000)
}

/// Cuts between characters.
fn cut(text: &mut String) {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
}

//! Which lines of a log were read.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Log;
use crate::logs::{Masker, Names};
use crate::recording::LogLines;

/// The positions of one container instance's lines that were read, as ranges: the end of each by its start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::recording) struct Positions(BTreeMap<u64, u64>);

impl Positions {
    /// Adds those lines of a chunk to the log that were not read before.
    pub(in crate::recording) fn read(&mut self, chunk: &LogLines, log: &mut Log, names: &Names) {
        let length = u64::try_from(chunk.lines.len()).unwrap_or(u64::MAX);
        let all = chunk.first..chunk.first.saturating_add(length);
        let unread = self.unread(&all);
        if unread.is_empty() {
            return;
        }
        let mut masker = Masker::new(&names.in_pod(&chunk.source.pod));
        for range in unread {
            let place = |position: u64| usize::try_from(position - chunk.first).unwrap_or(usize::MAX);
            let lines = chunk.lines.get(place(range.start)..place(range.end));
            log.read(
                &chunk.source.pod_uid,
                range.start,
                lines.unwrap_or_default(),
                &mut masker,
            );
        }
        self.insert(all);
    }

    /// Whether they are all from 0 on, without a hole.
    pub(in crate::recording) fn are_whole(&self) -> bool {
        self.0.len() <= 1 && self.0.keys().all(|start| *start == 0)
    }

    /// The holes within a range.
    fn unread(&self, all: &Range<u64>) -> Vec<Range<u64>> {
        let mut next = all.start;
        if let Some((_, end)) = self.0.range(..=all.start).next_back() {
            next = next.max(*end);
        }
        let mut holes = Vec::new();
        for (start, end) in self.0.range(next..all.end.max(next)) {
            holes.push(next..*start);
            next = next.max(*end);
        }
        holes.push(next..all.end);
        holes.retain(|hole| hole.start < hole.end);
        holes
    }

    /// Adds a range, and joins it with those that it touches.
    fn insert(&mut self, all: Range<u64>) {
        let (mut start, mut end) = (all.start, all.end);
        if let Some((first, last)) = self.0.range(..=start).next_back().filter(|(_, last)| **last >= start) {
            start = *first;
            end = end.max(*last);
        }
        let touched: Vec<u64> = self.0.range(start..=end).map(|(first, _)| *first).collect();
        for first in touched {
            end = end.max(self.0.remove(&first).unwrap_or(end));
        }
        self.0.insert(start, end);
    }
}

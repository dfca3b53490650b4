//! What a recording lacks: told by the workers themselves, by contradictions between them, or by what the stream
//! does not deliver.

use std::collections::BTreeMap;

use super::{Cause, LogGap, Mark, Moment, Recording, Source};

/// What is missing from a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing<'a> {
    /// The stream lost messages. No worker can say them again, but the run can be repeated.
    Gone,
    /// The log of this instance was rotated before all of it was read.
    Rotated(&'a Source),
    /// A worker could not read a log to its end, or gave messages up.
    Lost(Option<&'a LogGap>),
}

impl Missing<'_> {
    /// One sentence for people.
    pub fn sentence(&self) -> String {
        let log = |source: &Source| format!("the log of container `{}` in Pod `{}`", source.container, source.pod);
        match self {
            Self::Gone => "messages that the recorder had published are no longer in the stream".to_owned(),
            Self::Rotated(source) => format!("{} was rotated before all of it was read", log(source)),
            Self::Lost(Some(gap)) => format!("{} was not read to its end: {}", log(&gap.source), gap.message),
            Self::Lost(None) => "the recorder gave messages up that were not accepted".to_owned(),
        }
    }

    /// Whose log it is about, if it is about one.
    pub fn source(&self) -> Option<&Source> {
        match self {
            Self::Rotated(source) => Some(source),
            Self::Lost(gap) => gap.map(|gap| &gap.source),
            Self::Gone => None,
        }
    }
}

impl Recording {
    /// What is missing, if anything is. What can be mended, by a repetition of the run, comes first.
    pub fn missing(&self) -> Option<Missing<'_>> {
        if self.marks.iter().any(|mark| self.is_short(mark)) {
            return Some(Missing::Gone);
        }
        let cut = self.gaps.iter().find(|gap| gap.cause == Cause::Rotated);
        if let Some(source) = cut.map(|gap| &gap.source).or_else(|| self.contradicted()) {
            return Some(Missing::Rotated(source));
        }
        let unread = self.gaps.first();
        if unread.is_some() || self.marks.iter().any(|mark| mark.lost > 0) {
            return Some(Missing::Lost(unread));
        }
        // A worker reads every log from its first line on and publishes in order.
        let has_holes = self.positions.values().any(|positions| !positions.are_whole());
        has_holes.then_some(Missing::Gone)
    }

    /// Whether fewer messages of an attempt were delivered than its last mark and those before it.
    fn is_short(&self, mark: &Mark) -> bool {
        let delivered = || self.received.get(&mark.attempt).map_or(0, Sequences::count);
        match mark.moment {
            Moment::Complete | Moment::NeverReady | Moment::Interrupted => delivered() <= mark.published,
            Moment::Started | Moment::Ready | Moment::LogEnd => false,
        }
    }

    /// An instance whose log begins at one time for one worker and at another for the next.
    fn contradicted(&self) -> Option<&Source> {
        let keys = self.positions.keys();
        let mut pairs = keys.clone().zip(keys.skip(1));
        pairs.find(|((a, _), (b, _))| a == b).map(|((source, _), _)| source)
    }
}

/// Sequence numbers of messages, in blocks of 64 with a bit for each: those of one run lie scattered among those of
/// other runs, and a day of them must fit into memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sequences(BTreeMap<u64, u64>);

impl Sequences {
    pub(super) fn insert(&mut self, sequence: u64) {
        let Self(blocks) = self;
        *blocks.entry(sequence / 64).or_default() |= 1 << (sequence % 64);
    }

    fn count(&self) -> u64 {
        self.0.values().map(|bits| u64::from(bits.count_ones())).sum()
    }
}

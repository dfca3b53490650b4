//! What became of the chunks, so that who reads the recording knows whether all of it arrived.

/// Counts of one attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Messages that the stream stores for this attempt.
    pub(crate) published: u64,
    /// Chunks that were given up.
    pub(crate) lost: u64,
    /// Sequence in the stream of the message that was published last.
    latest: u64,
}

impl Tally {
    /// Counts an answer of JetStream.
    ///
    /// A duplicate is stored for whoever published it first: an earlier attempt, or this one, where the answer to an
    /// earlier try was lost on its way. Then it lies behind everything else that this attempt published.
    pub(crate) fn stored(&mut self, sequence: u64, is_duplicate: bool, is_repeated: bool) {
        if !is_duplicate || is_repeated && sequence > self.latest {
            self.published += 1;
            self.latest = sequence;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_is_another_attempts_unless_its_answer_was_lost() {
        let mut tally = Tally::default();
        tally.stored(101, false, false);
        assert_eq!(tally.published, 1);
        // Published by the attempt before this one, also if the answer comes at the second try.
        tally.stored(17, true, false);
        tally.stored(18, true, true);
        assert_eq!(tally.published, 1);
        tally.stored(105, true, true);
        assert_eq!(tally.published, 2);
        // A lost worker that was not quite dead yet.
        tally.stored(107, true, false);
        assert_eq!(tally.published, 2);
        // The store was lost, and the stream begins anew.
        tally.stored(1, false, true);
        tally.stored(2, true, true);
        assert_eq!(tally.published, 4);
    }
}

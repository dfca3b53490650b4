//! Delta debugging between a set that passes and one that does not.
//!
//! Zeller and Hildebrandt's algorithm (*Simplifying and isolating failure-inducing input*, 2002) splits the difference
//! of the two into chunks, and runs the passing set with a chunk and the failing set without one. What passes replaces
//! the passing set, what fails the failing one, until they differ in one setting. Two things are different here:
//!
//! - **As many chunks as a wave has room for, instead of two and twice as many after each wave in vain.** Two chunks
//!   save runs: seven settings take three waves of two runs each. But the runs of a wave cost no time, and waves do.
//!   With one setting a chunk, the failing set without a chunk leaves out one setting. So whatever interacts by way of
//!   one setting, as most do, is found in a single wave, and with the largest result that there can be.
//! - **Chunks are added up.** The passing set with the first chunk, with the first two, and so on is a chain from what
//!   passes to what fails. Somewhere on it a link fails after one that passed, so no wave is in vain: where the chunk
//!   is one setting, that setting cannot be added to what passed before it, and the failing set goes on without it.
//!
//! Each wave thus ends with a larger passing set or a smaller failing one, and has at most `2n - 2` runs for `n` chunks.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::State;
use super::explore::{Step, full};
use super::tried::Tried;
use crate::setting::Item;

/// Chunks of a wave at most: its `2 * 7 - 2` runs are as many as a controller has places unless told otherwise.
pub(super) const WIDTH: usize = 7;

/// One chunk, and the sets about it.
struct Link {
    /// The passing set with all chunks before this one.
    below: BTreeSet<Item>,
    /// The same with this one.
    above: BTreeSet<Item>,
    /// The failing set without this chunk.
    without: BTreeSet<Item>,
}

/// The passing set as large as it gets by the time that it differs from the failing one in one setting, or the step to
/// take before that is known. `passing` is a part of `failing`.
pub(super) fn narrow(
    mut passing: BTreeSet<Item>,
    mut failing: BTreeSet<Item>,
    width: usize,
    tried: &Tried<'_>,
) -> Result<BTreeSet<Item>, Step> {
    loop {
        let chain = chain(&passing, &failing, width);
        if chain.len() < 2 {
            return Ok(passing);
        }
        let mut without: Vec<&BTreeSet<Item>> = chain.iter().map(|link| &link.without).collect();
        without.sort_by_key(|set| (Reverse(set.len()), *set));
        // The last link is the failing set, the one before it the failing set without the last chunk.
        let partial = chain.iter().rev().skip(2).map(|link| &link.above);
        let found = first_passing(without.iter().copied().chain(partial), tried)?;
        if let Some(found) = found {
            passing.clone_from(found);
            if without.contains(&found) {
                continue;
            }
        }
        let Some(link) = chain.into_iter().find(|link| link.below == passing) else {
            return Ok(passing);
        };
        // With this chunk the passing set fails. What of a larger chunk can be added is tried once the rest is settled.
        failing = link.without;
    }
}

/// The chain of chunks from one set to the other, of one size as far as that goes.
fn chain(passing: &BTreeSet<Item>, failing: &BTreeSet<Item>, width: usize) -> Vec<Link> {
    let difference: Vec<Item> = failing.difference(passing).cloned().collect();
    let chunks = difference.len().min(width.max(2)).max(1);
    let (size, larger) = (difference.len() / chunks, difference.len() % chunks);
    let mut settings = difference.into_iter();
    let mut below = passing.clone();
    let link = |number: usize| {
        let chunk: BTreeSet<Item> = settings.by_ref().take(size + usize::from(number < larger)).collect();
        let above = &below | &chunk;
        Link {
            below: std::mem::replace(&mut below, above.clone()),
            above,
            without: failing - &chunk,
        }
    };
    (0..chunks).map(link).collect()
}

/// The first of these that passed, the best first. Only what is better than one that passed must have been run.
fn first_passing<'s>(
    wave: impl Iterator<Item = &'s BTreeSet<Item>>,
    tried: &Tried<'_>,
) -> Result<Option<&'s BTreeSet<Item>>, Step> {
    let mut missing = Vec::new();
    let mut is_open = false;
    let mut found = None;
    for set in wave {
        match tried.full(set) {
            None => missing.push(full(set.clone())),
            Some(State::Open | State::Promising) => is_open = true,
            Some(State::Passed) => {
                found = Some(set);
                break;
            }
            Some(State::Doubtful | State::Screened | State::Failed | State::Inconclusive | State::Error) => {}
        }
    }
    if !missing.is_empty() {
        Err(Step::Try(missing))
    } else if is_open {
        Err(Step::Wait)
    } else {
        Ok(found)
    }
}

//! From what was tried to what to try next, or the best that there is.

use std::collections::{BTreeMap, BTreeSet};

use super::narrow::{self, narrow};
use super::tried::Tried;
use super::{Extent, Mode, Order, State, capabilities};
use crate::repair::Capability;
use crate::setting::{Item, Setting};

/// A set to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trial {
    /// What is under test.
    pub(super) items: BTreeSet<Item>,
    /// How long it is recorded.
    pub(super) extent: Extent,
    /// A run that tells what one capability is needed for: the container keeps the others of these.
    pub(super) without: Option<(Capability, BTreeSet<Capability>)>,
}

/// Where the search stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// These are the present wave's, and were not run yet.
    Try(Vec<Trial>),
    /// The present wave has runs that are open.
    Wait,
    /// This set passed and nothing can be added; empty if nothing passed.
    Best(BTreeSet<Item>),
}

/// A set to record in full.
pub(super) fn full(items: BTreeSet<Item>) -> Trial {
    Trial {
        items,
        extent: Extent::Full,
        without: None,
    }
}

/// A set to screen. The whole is recorded in full: it is the result if it passes.
fn screened(items: BTreeSet<Item>, applicable: &BTreeSet<Item>) -> Trial {
    let is_whole = items == *applicable;
    Trial {
        extent: if is_whole { Extent::Full } else { Extent::Screening },
        ..full(items)
    }
}

/// Replays the search from its beginning.
pub(super) fn explore(order: &Order<'_>, tried: &Tried<'_>) -> Step {
    let (mode, applicable) = (order.mode, order.applicable);
    let whole = tried.full(applicable);
    if whole == Some(State::Passed) {
        return Step::Best(applicable.clone());
    }
    if !order.observed && tried.failures(applicable) > 0 {
        return Step::Wait;
    }
    let mut first = match whole {
        None => vec![full(applicable.clone())],
        Some(_) => Vec::new(),
    };
    let is_open = whole.is_some_and(State::is_open);
    if mode == Mode::Parallel {
        // The only part alone is the whole.
        let singles = parts(&BTreeSet::new(), applicable, tried);
        let singles = singles.into_iter().filter(|set| set != applicable);
        let missing = singles.filter(|set| tried.state(set).is_none());
        first.extend(missing.map(|set| screened(set, applicable)));
    } else if (is_open || whole.is_none()) && tried.failures(applicable) < 2 && !tried.is_in_question(applicable) {
        // What failed once may yet be repaired as a whole.
        return if first.is_empty() { Step::Wait } else { Step::Try(first) };
    }
    match grow(applicable, tried, narrow::WIDTH) {
        Step::Try(mut trials) => {
            trials.retain(|trial| !first.contains(trial));
            first.extend(trials);
            Step::Try(first)
        }
        _ if !first.is_empty() => Step::Try(first),
        // It would be the better one.
        Step::Best(best) if is_open || tried.has_doubtful(best.len()) => Step::Wait,
        step => step,
    }
}

/// Enlarges what is proven, at first nothing, by each of the other settings alone, then by all of those together that
/// passed, then, if these do not pass, by a part of them; until nothing can be added. Each round adds at least one.
pub(super) fn grow(applicable: &BTreeSet<Item>, tried: &Tried<'_>, width: usize) -> Step {
    let mut proven = BTreeSet::new();
    loop {
        let others = applicable - &proven;
        let parts: Vec<_> = parts(&proven, &others, tried)
            .into_iter()
            .map(|set| (tried.state(&set), set))
            .collect();
        let mut missing: Vec<_> = parts
            .iter()
            .filter(|(state, _)| state.is_none())
            .map(|(_, set)| screened(set.clone(), applicable))
            .collect();
        let mut is_open = parts.iter().any(|(state, _)| *state == Some(State::Open));
        if proven.is_empty() {
            match capabilities::search(applicable, tried) {
                capabilities::Step::Try(trials) => missing.extend(trials),
                capabilities::Step::Wait => is_open = true,
                capabilities::Step::Known => {}
            }
        }
        if !missing.is_empty() {
            return Step::Try(missing);
        }
        if is_open {
            return Step::Wait;
        }
        // A promise is as good as a pass until it is broken: then all of this is another replay.
        let hopeful = parts.iter().filter(|(state, _)| state.is_some_and(State::is_hopeful));
        let union: BTreeSet<Item> = hopeful.flat_map(|(_, set)| set).cloned().collect();
        let more = if union.is_empty() {
            None
        } else if let Some(whole) = tried.covering(&union) {
            Some(whole.clone())
        } else {
            match tried.full(&union) {
                None => return Step::Try(vec![full(union)]),
                Some(State::Open) => return Step::Wait,
                // What is left out is tried on top of it meanwhile.
                Some(State::Promising) => Some(union),
                Some(
                    State::Doubtful
                    | State::Screened
                    | State::Passed
                    | State::Failed
                    | State::Inconclusive
                    | State::Error,
                ) => match narrow(proven.clone(), union, width, tried) {
                    Ok(part) => Some(part).filter(|part| part.len() > proven.len()),
                    Err(step) => return step,
                },
            }
        };
        // Or it was found on another way: the search goes on from there.
        let is_larger = |set: &&BTreeSet<Item>| set.len() > proven.len();
        let found = || tried.best().filter(is_larger).cloned();
        proven = match (more.or_else(found), tried.screened_best().filter(is_larger)) {
            (Some(more), _) => more,
            // It stood on what was promising and failed, and may hold all the same.
            (None, Some(screened)) => {
                return match tried.full(screened) {
                    None => Step::Try(vec![full(screened.clone())]),
                    Some(_) => Step::Wait,
                };
            }
            // It was promising at least.
            (None, None) if !proven.is_empty() && tried.full(&proven) != Some(State::Passed) => return Step::Wait,
            (None, None) => return Step::Best(proven),
        };
    }
}

/// What is tried on top of a set: each setting for all containers that lack it, and each container by itself where that
/// did not pass.
fn parts(set: &BTreeSet<Item>, others: &BTreeSet<Item>, tried: &Tried<'_>) -> Vec<BTreeSet<Item>> {
    let with = |items: &[&Item]| -> BTreeSet<Item> { set.iter().chain(items.iter().copied()).cloned().collect() };
    let mut by_setting: BTreeMap<Setting, Vec<&Item>> = BTreeMap::new();
    for item in others {
        by_setting.entry(item.setting).or_default().push(item);
    }
    let mut parts = Vec::new();
    for items in by_setting.values() {
        let together = with(items);
        let is_lost = tried.state(&together).is_some_and(State::is_lost);
        if is_lost && items.len() > 1 {
            parts.extend(items.iter().map(|item| with(&[*item])));
        } else {
            parts.push(together);
        }
    }
    parts
}

//! From what was tried to the sets to try next, or the best that there is.

use std::collections::BTreeSet;

use super::narrow::{self, narrow};
use super::tried::Tried;
use super::{Mode, State};
use crate::setting::Setting;

/// Where the search stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// These sets are the present wave's, and were not run yet.
    Try(Vec<BTreeSet<Setting>>),
    /// The present wave has runs that are open.
    Wait,
    /// This set passed and nothing can be added; empty if nothing passed.
    Best(BTreeSet<Setting>),
}

/// Replays the search from its beginning.
pub(super) fn explore(mode: Mode, applicable: &BTreeSet<Setting>, tried: &Tried<'_>) -> Step {
    let whole = tried.state(applicable);
    if whole == Some(State::Passed) {
        return Step::Best(applicable.clone());
    }
    match mode {
        Mode::Adaptive | Mode::Sequential => match whole {
            None => return Step::Try(vec![applicable.clone()]),
            Some(State::Open | State::Promising) => return Step::Wait,
            // One that cannot be decided is no reason to give up the others.
            Some(State::Passed | State::Failed | State::Inconclusive | State::Error) => {}
        },
        Mode::Parallel => {
            let singles = on_top(&BTreeSet::new(), applicable);
            // The only setting alone is the whole.
            let singles = singles.into_iter().filter(|set| set != applicable);
            let missing: Vec<_> = [applicable.clone()]
                .into_iter()
                .chain(singles)
                .filter(|set| tried.state(set).is_none())
                .collect();
            if !missing.is_empty() {
                return Step::Try(missing);
            }
        }
    }
    match grow(applicable, tried, narrow::WIDTH) {
        // It would be the better one.
        Step::Best(_) if whole.is_some_and(State::is_open) => Step::Wait,
        step => step,
    }
}

/// Enlarges what is proven, at first nothing, by each of the other settings alone, then by all of those together that
/// passed, then, if these do not pass, by a part of them; until no setting can be added. Each round adds at least one.
pub(super) fn grow(applicable: &BTreeSet<Setting>, tried: &Tried<'_>, width: usize) -> Step {
    let mut proven = BTreeSet::new();
    let mut others = applicable.clone();
    // What does not hold alone is not tried on top of anything.
    let mut reach = None;
    loop {
        let states: Vec<_> = on_top(&proven, &others)
            .into_iter()
            .map(|set| (tried.state(&set), set))
            .collect();
        let missing: Vec<_> = states
            .iter()
            .filter(|(state, _)| state.is_none())
            .map(|(_, set)| set.clone())
            .collect();
        if !missing.is_empty() {
            return Step::Try(missing);
        }
        if states.iter().any(|(state, _)| *state == Some(State::Open)) {
            return Step::Wait;
        }
        // A promise is as good as a pass until it is broken: then all of this is another replay.
        let hopeful = |state: Option<State>| matches!(state, Some(State::Passed | State::Promising));
        let union: BTreeSet<Setting> = states
            .iter()
            .filter(|(state, _)| hopeful(*state))
            .flat_map(|(_, set)| set)
            .copied()
            .collect();
        let reach = &*reach.get_or_insert_with(|| union.clone());
        proven = if union.is_empty() {
            match tried.best().filter(|best| best.len() > proven.len()) {
                // Found on another way: the search goes on from there.
                Some(best) => best.clone(),
                None => return Step::Best(proven),
            }
        } else if let Some(whole) = tried.covering(&union) {
            whole.clone()
        } else {
            match tried.state(&union) {
                None => return Step::Try(vec![union]),
                Some(State::Open | State::Promising) => return Step::Wait,
                Some(State::Passed | State::Failed | State::Inconclusive | State::Error) => {
                    match narrow(proven, union, width, tried) {
                        Ok(part) => part,
                        Err(step) => return step,
                    }
                }
            }
        };
        others = reach - &proven;
    }
}

/// Each of these settings alone on top of a set.
fn on_top(set: &BTreeSet<Setting>, settings: &BTreeSet<Setting>) -> Vec<BTreeSet<Setting>> {
    let with = |setting: &Setting| set.iter().chain([setting]).copied().collect();
    settings.iter().map(with).collect()
}

//! Which capabilities a container needs that must stay root.
//!
//! What a failure says is tried first, and minimised once it holds: one run without each. Where it says nothing, or not
//! enough a second time, all that runtimes grant by default take the place of the guess: a program that is stopped at one
//! refusal after another tells of one in each run.

use std::collections::{BTreeMap, BTreeSet};

use super::explore::Trial;
use super::tried::Tried;
use super::{Extent, State};
use crate::repair::Capability;
use crate::setting::{Item, Setting};

/// Runs that fail before nothing more is guessed: one without any, one with what that one was refused.
const GUESSES: usize = 2;

/// Where this search stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// These are missing.
    Try(Vec<Trial>),
    /// Some have not ended.
    Wait,
    /// There is nothing to find out, or it was found out.
    Known,
}

/// The runs that are missing to know what every container needs.
pub(super) fn search(applicable: &BTreeSet<Item>, tried: &Tried<'_>) -> Step {
    let mut missing = Vec::new();
    let mut is_open = false;
    for item in wanting(applicable, tried) {
        for trial in probes(item, applicable, tried) {
            match tried.probe(&trial) {
                None => missing.push(trial),
                Some(state) => is_open |= state == State::Open,
            }
        }
    }
    if !missing.is_empty() {
        Step::Try(missing)
    } else if is_open {
        Step::Wait
    } else {
        Step::Known
    }
}

/// What each container was found to need, where that is known.
pub(super) fn needed(applicable: &BTreeSet<Item>, tried: &Tried<'_>) -> BTreeMap<String, BTreeSet<Capability>> {
    let mut known = BTreeMap::new();
    for item in applicable.iter().filter(|item| item.setting == Setting::Capabilities) {
        let Some(container) = &item.container else { continue };
        for base in [tried.guess(item), Capability::all().collect()] {
            let trials = trials(item, &base);
            let states: Vec<_> = trials.iter().map(|trial| tried.probe(trial)).collect();
            let is_done = states
                .iter()
                .all(|state| state.is_some_and(|state| state != State::Open));
            if trials.is_empty() || !is_done {
                continue;
            }
            let kept = trials
                .iter()
                .zip(&states)
                .filter(|(_, state)| !state.is_some_and(State::is_hopeful));
            let kept: BTreeSet<Capability> = kept
                .filter_map(|(trial, _)| trial.without.as_ref())
                .map(|(capability, _)| *capability)
                .collect();
            // All of them are no less than none dropped.
            if kept.len() < Capability::DEFAULT {
                known.insert(container.clone(), kept);
            }
        }
    }
    known
}

/// The containers that may need some: those that cannot drop all by themselves, and must stay root.
fn wanting<'a>(applicable: &'a BTreeSet<Item>, tried: &Tried<'_>) -> impl Iterator<Item = &'a Item> {
    let all = applicable.iter().filter(|item| item.setting == Setting::Capabilities);
    all.filter(|item| {
        let container = item.container.as_deref().unwrap_or_default();
        let non_root = Setting::RunAsNonRoot.of(container);
        !applicable.contains(&non_root) || tried.is_refused(&non_root)
    })
}

/// The runs that tell which are needed, as far as the runs without all but the guessed ones went.
fn probes(item: &Item, applicable: &BTreeSet<Item>, tried: &Tried<'_>) -> Vec<Trial> {
    let all = trials(item, &Capability::all().collect());
    let everywhere = applicable.iter().filter(|other| other.setting == item.setting);
    let guess = tried.guess(item);
    // Alone, and with those of the other containers. Of these some may have failed for another one.
    let sets = [BTreeSet::from([item.clone()]), everywhere.cloned().collect()];
    let [alone, together] = sets.each_ref().map(|set| tried.failures(set));
    let failures = if guess.is_empty() { alone } else { alone.max(together) };
    let holds = sets.iter().any(|set| tried.state(set).is_some_and(State::is_hopeful));
    let complains = sets.iter().any(|set| tried.only_complains(set));
    let is_begun = all.iter().any(|trial| tried.probe(trial).is_some());
    if is_begun || tried.is_refused(item) || complains {
        all
    } else if holds {
        trials(item, &guess)
    } else if failures >= GUESSES {
        all
    } else {
        Vec::new()
    }
}

/// One run without each of these. A single one was tried when all were dropped.
fn trials(item: &Item, base: &BTreeSet<Capability>) -> Vec<Trial> {
    if base.len() < 2 {
        return Vec::new();
    }
    let trial = |capability: &Capability| Trial {
        items: BTreeSet::from([item.clone()]),
        extent: Extent::Screening,
        without: Some((*capability, base.clone())),
    };
    base.iter().map(trial).collect()
}

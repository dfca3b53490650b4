//! What the history says of each set of settings.

use std::collections::{BTreeMap, BTreeSet};

use super::{Role, Run, Start, State};
use crate::setting::Setting;

/// Independent runs that may fail before the search is given up.
const VERIFICATIONS: usize = 3;

/// What the names of independent runs begin with.
const VERIFY: &str = "verify";

/// A run by its set. Of two with one set, the one that has not ended, then the one that passed.
type Runs<'a> = BTreeMap<&'a BTreeSet<Setting>, (State, &'a str)>;

/// Every set that was run.
#[derive(Debug)]
pub(super) struct Tried<'a> {
    runs: Runs<'a>,
    independent: Runs<'a>,
    names: BTreeSet<&'a str>,
}

impl<'a> Tried<'a> {
    /// Reads a history. A run with a setting that does not apply any more says nothing.
    pub(super) fn of(applicable: &BTreeSet<Setting>, history: &'a [Run]) -> Self {
        let mut tried = Self {
            runs: BTreeMap::new(),
            independent: BTreeMap::new(),
            names: history.iter().map(|run| run.name.as_str()).collect(),
        };
        let candidates = history.iter().filter(|run| run.role != Role::Baseline);
        for run in candidates.filter(|run| run.settings.is_subset(applicable)) {
            let runs = if run.name.starts_with(VERIFY) {
                &mut tried.independent
            } else {
                &mut tried.runs
            };
            let new = (run.state, run.name.as_str());
            let known = runs.entry(&run.settings).or_insert(new);
            *known = new.min(*known);
        }
        tried
    }

    /// A run that could not be carried out or decided.
    pub(super) fn undecided(&self) -> Option<&'a str> {
        let runs = self.runs.values().chain(self.independent.values());
        runs.filter(|(state, _)| matches!(state, State::Error | State::Inconclusive))
            .map(|(_, name)| *name)
            .min()
    }

    /// Where a set stands, if it was run. One whose independent run did not pass has failed.
    pub(super) fn state(&self, set: &BTreeSet<Setting>) -> Option<State> {
        let (state, _) = self.runs.get(set)?;
        Some(if self.is_refuted(set) { State::Failed } else { *state })
    }

    /// Whether any run of a candidate has not ended.
    pub(super) fn has_open(&self) -> bool {
        self.runs.values().any(|(state, _)| state.is_open())
    }

    /// The largest set that passed; of two of one size, the one with the settings that come first.
    pub(super) fn best(&self) -> Option<&'a BTreeSet<Setting>> {
        self.best_of(|_| true)
    }

    /// The largest set that passed and has all of these settings.
    pub(super) fn covering(&self, settings: &BTreeSet<Setting>) -> Option<&'a BTreeSet<Setting>> {
        self.best_of(|set| set.is_superset(settings))
    }

    fn best_of(&self, wanted: impl Fn(&BTreeSet<Setting>) -> bool) -> Option<&'a BTreeSet<Setting>> {
        let passed = self
            .runs
            .keys()
            .copied()
            .filter(|set| self.state(set) == Some(State::Passed) && wanted(set));
        passed.max_by(|a, b| a.len().cmp(&b.len()).then_with(|| b.cmp(a)))
    }

    /// Name of the run of a set.
    pub(super) fn name(&self, set: &BTreeSet<Setting>) -> Option<&'a str> {
        self.runs.get(set).map(|(_, name)| *name)
    }

    /// The independent run of a set.
    pub(super) fn verification(&self, set: &BTreeSet<Setting>) -> Option<(State, &'a str)> {
        self.independent.get(set).copied()
    }

    /// Independent runs that may yet have to be started.
    pub(super) fn verifications_left(&self) -> usize {
        VERIFICATIONS.saturating_sub(self.independent.len())
    }

    /// The last independent run, if so many did not pass that no other is worth while.
    pub(super) fn given_up(&self) -> Option<&'a str> {
        self.last_refuted().filter(|_| self.refuted().count() >= VERIFICATIONS)
    }

    /// The last independent run that did not pass.
    pub(super) fn last_refuted(&self) -> Option<&'a str> {
        self.refuted().max()
    }

    fn refuted(&self) -> impl Iterator<Item = &'a str> {
        let refuted = self.independent.iter().filter(|(set, _)| self.is_refuted(set));
        refuted.map(|(_, (_, name))| *name)
    }

    fn is_refuted(&self, set: &BTreeSet<Setting>) -> bool {
        self.verification(set)
            .is_some_and(|(state, _)| !state.is_open() && state != State::Passed)
    }

    /// The independent run of a set, under the first name that is free.
    pub(super) fn verify(&self, set: &BTreeSet<Setting>) -> Start {
        let mut name = VERIFY.to_owned();
        let mut number = 1;
        while self.names.contains(name.as_str()) {
            number += 1;
            name = format!("{VERIFY}-{number}");
        }
        Start {
            name,
            role: Role::Verification,
            settings: set.clone(),
        }
    }

    /// The run of a set.
    pub(super) fn start(&self, applicable: &BTreeSet<Setting>, settings: BTreeSet<Setting>) -> Start {
        let is_whole = settings == *applicable;
        let role = if settings.len() == 1 && !is_whole {
            Role::Candidate
        } else {
            Role::Verification
        };
        // What applies may have changed since a run was named so.
        let name = if is_whole && !self.names.contains("all") {
            "all".to_owned()
        } else {
            name(&settings)
        };
        Start { name, role, settings }
    }
}

/// A name that says what is in a set: the setting's own, else the bits of the set, so that it is always the same.
fn name(settings: &BTreeSet<Setting>) -> String {
    let mut members = settings.iter();
    if let (Some(only), None) = (members.next(), members.next()) {
        only.slug().to_owned()
    } else {
        let bits = settings
            .iter()
            .fold(0_u64, |bits, setting| bits | 1 << (*setting as u64));
        format!("set-{bits:02x}")
    }
}

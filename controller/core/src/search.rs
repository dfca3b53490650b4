//! The search for the largest set of settings that a workload works with.
//!
//! 1. Two baselines and the candidate with every applicable setting start together. If that candidate passes, it is
//!    the recommendation as a whole and has been verified as such.
//! 2. If it fails, every setting is tried alone, all at once.
//! 3. The union of those that passed is verified as a whole. It starts as soon as no single run is in doubt any more,
//!    before their recordings end; should one of them fail later, the union is formed anew.
//! 4. If the union fails, the settings interact: it is tried without each of its settings in turn, and what is
//!    recommended is the largest set that was run and passed.

use std::collections::{BTreeMap, BTreeSet};

use crate::setting::Setting;

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The workload as it is.
    Baseline,
    /// Some settings.
    Candidate,
    /// The recommendation as a whole.
    Verification,
}

/// Where a run stands, as far as the search must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Not yet Ready, or Ready for too short a time to be trusted.
    Open,
    /// Has been Ready and without fault for long enough that a failure would be a surprise.
    Promising,
    /// Works, perhaps with warnings.
    Passed,
    /// Does not work.
    Failed,
    /// Could not be decided.
    Inconclusive,
    /// Infrastructure failed for good.
    Error,
}

/// One run of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Short name within the check.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The settings under test.
    pub settings: BTreeSet<Setting>,
    /// Where it stands.
    pub state: State,
}

/// A run to start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Start {
    /// Short name within the check.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The settings under test.
    pub settings: BTreeSet<Setting>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Start these runs, all at once.
    Start(Vec<Start>),
    /// Wait for runs to end.
    Wait,
    /// The search is over.
    Done(Conclusion),
}

/// What came of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
    /// This run is the recommendation: it had these settings, was recorded in full and passed.
    Verified {
        /// Name of the run.
        run: String,
        /// Its settings.
        settings: BTreeSet<Setting>,
    },
    /// No setting applies: the workload has them all.
    AlreadyHardened,
    /// No setting holds.
    NothingProven,
    /// The workload does not work unchanged.
    BaselineUnstable {
        /// Name of the baseline.
        run: String,
    },
    /// A run could not be carried out or decided.
    Undecided {
        /// Name of the run.
        run: String,
    },
}

/// Number of baselines.
pub const BASELINES: usize = 2;

/// Decides what to do next. `applicable` are the settings that the workload lacks and Kubernetes takes.
pub fn next(applicable: &BTreeSet<Setting>, history: &[Run]) -> Next {
    if applicable.is_empty() {
        return Next::Done(Conclusion::AlreadyHardened);
    }
    if history.is_empty() {
        return Next::Start(first_wave(applicable));
    }
    for run in history.iter().filter(|run| run.role == Role::Baseline) {
        match run.state {
            State::Failed | State::Inconclusive => {
                return Next::Done(Conclusion::BaselineUnstable { run: run.name.clone() });
            }
            State::Error => return Next::Done(Conclusion::Undecided { run: run.name.clone() }),
            State::Open | State::Promising | State::Passed => {}
        }
    }
    if let Some(run) = best(history, |run| run.settings == *applicable) {
        return conclude(history, run);
    }
    let tried: BTreeMap<&BTreeSet<Setting>, State> = history
        .iter()
        .filter(|run| run.role != Role::Baseline)
        .map(|run| (&run.settings, run.state))
        .collect();
    match tried.get(applicable) {
        Some(State::Failed) => {}
        Some(State::Inconclusive | State::Error) | None if applicable.len() == 1 => return fallback(history),
        // One that cannot be decided is no reason to give up the others.
        Some(State::Inconclusive | State::Error) | None => {}
        Some(State::Open | State::Promising | State::Passed) => return Next::Wait,
    }
    if applicable.len() == 1 {
        return fallback(history);
    }
    let singles: Vec<BTreeSet<Setting>> = applicable.iter().map(|setting| BTreeSet::from([*setting])).collect();
    let missing = not_tried(&singles, &tried);
    if !missing.is_empty() {
        return Next::Start(missing.into_iter().map(|set| start(Role::Candidate, set)).collect());
    }
    verify(&singles, &tried, history)
}

/// The union of what passed alone, then the union without one.
fn verify(singles: &[BTreeSet<Setting>], tried: &BTreeMap<&BTreeSet<Setting>, State>, history: &[Run]) -> Next {
    let state = |set: &BTreeSet<Setting>| tried.get(set).copied().unwrap_or(State::Open);
    if singles.iter().any(|set| state(set) == State::Open) {
        return Next::Wait;
    }
    let settled = singles.iter().all(|set| state(set) != State::Promising);
    let union: BTreeSet<Setting> = singles
        .iter()
        .filter(|set| matches!(state(set), State::Passed | State::Promising))
        .flatten()
        .copied()
        .collect();
    if union.len() < 2 {
        return if settled { fallback(history) } else { Next::Wait };
    }
    match tried.get(&union) {
        None => return Next::Start(vec![start(Role::Verification, union)]),
        Some(State::Open | State::Promising) => return Next::Wait,
        Some(State::Passed) => {
            // A single that fails now was part of it: the union then is another one, and is run.
            return if settled { fallback(history) } else { Next::Wait };
        }
        Some(State::Failed | State::Inconclusive | State::Error) => {}
    }
    if !settled {
        return Next::Wait;
    }
    let without_one: Vec<BTreeSet<Setting>> = union
        .iter()
        .map(|left_out| union.iter().copied().filter(|setting| setting != left_out).collect())
        .collect();
    let missing = not_tried(&without_one, tried);
    if !missing.is_empty() {
        return Next::Start(missing.into_iter().map(|set| start(Role::Verification, set)).collect());
    }
    if without_one
        .iter()
        .any(|set| matches!(state(set), State::Open | State::Promising))
    {
        return Next::Wait;
    }
    fallback(history)
}

/// The best that was run and passed.
fn fallback(history: &[Run]) -> Next {
    match best(history, |_| true) {
        Some(run) => conclude(history, run),
        None => Next::Done(Conclusion::NothingProven),
    }
}

fn conclude(history: &[Run], run: &Run) -> Next {
    // Nothing is verified against a baseline that has not passed.
    let baselines = history
        .iter()
        .filter(|run| run.role == Role::Baseline && run.state == State::Passed);
    if baselines.count() < BASELINES {
        return Next::Wait;
    }
    Next::Done(Conclusion::Verified {
        run: run.name.clone(),
        settings: run.settings.clone(),
    })
}

fn best(history: &[Run], wanted: impl Fn(&Run) -> bool) -> Option<&Run> {
    let passed = history
        .iter()
        .filter(|run| run.role != Role::Baseline && run.state == State::Passed && wanted(run));
    // Of two sets of one size, the one with the settings that come first.
    passed.max_by(|a, b| {
        a.settings
            .len()
            .cmp(&b.settings.len())
            .then_with(|| b.settings.cmp(&a.settings))
    })
}

fn first_wave(applicable: &BTreeSet<Setting>) -> Vec<Start> {
    let baselines = (1..=BASELINES).map(|n| Start {
        name: format!("baseline-{n}"),
        role: Role::Baseline,
        settings: BTreeSet::new(),
    });
    let all = Start {
        name: "all".to_owned(),
        role: Role::Verification,
        settings: applicable.clone(),
    };
    baselines.chain([all]).collect()
}

fn not_tried(sets: &[BTreeSet<Setting>], tried: &BTreeMap<&BTreeSet<Setting>, State>) -> Vec<BTreeSet<Setting>> {
    sets.iter().filter(|set| !tried.contains_key(set)).cloned().collect()
}

fn start(role: Role, settings: BTreeSet<Setting>) -> Start {
    Start {
        name: name(&settings),
        role,
        settings,
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

#[cfg(test)]
mod tests;

//! What the history says of each set of items.

use std::collections::{BTreeMap, BTreeSet};

use super::explore::Trial;
use super::{Extent, GENERATIONS, Order, Role, Run, Start, State};
use crate::repair::{Capability, Repairs};
use crate::setting::{Item, Setting};

/// Independent runs that may fail before the search is given up.
const VERIFICATIONS: usize = 3;

/// What the names of independent runs begin with.
const VERIFY: &str = "verify";

/// What the names of runs begin with that tell which capabilities are needed.
const CAPABILITY: &str = "cap";

/// Whether a run tries a set: it is no independent run of one, and not to tell which capabilities are needed.
pub(super) fn is_trial(run: &Run) -> bool {
    !run.name.starts_with(VERIFY) && !run.name.starts_with(CAPABILITY)
}

/// Whether a run failed, or will, as far as anybody can tell.
fn has_failed(run: &Run) -> bool {
    matches!(run.state, State::Failed | State::Doubtful)
}

/// Whether a run ended well, as far as it was recorded.
fn has_passed(run: &Run) -> bool {
    matches!(run.state, State::Passed | State::Screened)
}

/// What is to be made of runs of one set with the same repairs and the same extent, where one failed slightly. Of three, two
/// decide.
#[derive(PartialEq, Eq)]
enum Again {
    /// Each run counts as it is: none failed, or one slightly and two passed since.
    Needless,
    /// The same must be run once more.
    Owed,
    /// That goes on.
    Awaited,
    /// It failed for good, or again, or nobody could tell otherwise: what passed beside it was chance.
    Fails,
}

impl Again {
    fn of<'r>(runs: impl Iterator<Item = &'r Run>) -> Self {
        let (failed, others): (Vec<&Run>, Vec<&Run>) = runs.partition(|run| has_failed(run));
        let goes_on = others.iter().any(|run| run.state.is_open());
        let passed = others.iter().filter(|run| has_passed(run)).count();
        match failed.as_slice() {
            [] => Self::Needless,
            [only] if only.slight => match others.len() {
                _ if passed > 1 => Self::Needless,
                _ if goes_on => Self::Awaited,
                0 | 1 => Self::Owed,
                _ => Self::Fails,
            },
            _ => Self::Fails,
        }
    }
}

/// What is to be made of the runs of a set that are like this one.
fn again(runs: &[&Run], run: &Run) -> Again {
    let is_alike = |other: &&Run| other.repairs == run.repairs && other.extent == run.extent;
    Again::of(runs.iter().copied().filter(is_alike))
}

/// The runs of a set that count: what passed only by chance, or may have, is none of them.
fn counting<'r>(runs: &[&'r Run]) -> Vec<&'r Run> {
    let counts = |run: &&&Run| match again(runs, run) {
        Again::Needless => true,
        Again::Owed | Again::Awaited => !has_passed(run),
        Again::Fails => has_failed(run),
    };
    runs.iter().filter(counts).copied().collect()
}

/// How many different repairs these runs have.
fn generations(runs: &[&Run]) -> usize {
    let is_first = |(place, run): &(usize, &&Run)| runs.iter().take(*place).all(|other| other.repairs != run.repairs);
    runs.iter().enumerate().filter(is_first).count()
}

/// Every set that was run.
#[derive(Debug)]
pub(super) struct Tried<'a> {
    applicable: &'a BTreeSet<Item>,
    /// By set, in the order of their names, which is that of their start.
    runs: BTreeMap<&'a BTreeSet<Item>, Vec<&'a Run>>,
    /// By set. Of two with one set, the one that has not ended, then the one that passed.
    independent: BTreeMap<&'a BTreeSet<Item>, (State, &'a str)>,
    /// Runs that tell which capabilities are needed.
    probes: Vec<&'a Run>,
    names: BTreeSet<&'a str>,
    required: &'a Repairs,
    helpful: &'a Repairs,
    /// What runs that are started now get: as much as is known, once there was a failure to repair.
    known: Repairs,
}

impl<'a> Tried<'a> {
    /// Reads a history. A run with an item that does not apply any more says nothing.
    pub(super) fn of(order: &Order<'a>, history: &'a [Run]) -> Self {
        let mut tried = Self {
            applicable: order.applicable,
            runs: BTreeMap::new(),
            independent: BTreeMap::new(),
            probes: Vec::new(),
            names: history.iter().map(|run| run.name.as_str()).collect(),
            required: &order.learned.required,
            helpful: &order.learned.helpful,
            known: order.learned.required.clone(),
        };
        let mut candidates = history
            .iter()
            .filter(|run| run.role != Role::Baseline && run.items.is_subset(order.applicable));
        for run in candidates.clone() {
            if run.name.starts_with(VERIFY) {
                let new = (run.state, run.name.as_str());
                let known = tried.independent.entry(&run.items).or_insert(new);
                *known = new.min(*known);
            } else if run.name.starts_with(CAPABILITY) {
                tried.probes.push(run);
            } else {
                tried.runs.entry(&run.items).or_default().push(run);
            }
        }
        if candidates.any(has_failed) {
            tried.known.learn(&order.learned.helpful);
        }
        for runs in tried.runs.values_mut() {
            runs.sort_by(|a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
        }
        for (container, needed) in super::capabilities::needed(order.applicable, &tried) {
            let is_enough = !tried.has_failed_with(&container, &needed);
            let mend = tried.known.containers.entry(container).or_default();
            if is_enough {
                mend.capabilities.clear();
            }
            mend.capabilities.extend(needed);
        }
        tried
    }

    /// Whether a full recording failed in which a container that stayed root kept just these: screening does not see what it
    /// needs later. What the failure was about is not told apart.
    fn has_failed_with(&self, container: &str, needed: &BTreeSet<Capability>) -> bool {
        let (dropped, non_root) = (Setting::Capabilities.of(container), Setting::RunAsNonRoot.of(container));
        let kept_just_these = |run: &Run| {
            let mend = run.repairs.containers.get(container);
            let kept = mend.map(|mend| &mend.capabilities);
            let is_rooted = run.items.contains(&dropped) && !run.items.contains(&non_root);
            is_rooted && kept.map_or(needed.is_empty(), |kept| kept == needed)
        };
        let mut runs = self.runs.values().flatten();
        runs.any(|run| run.extent == Extent::Full && has_failed(run) && kept_just_these(run))
    }

    /// The repairs that a run of this set would have now.
    pub(super) fn repairs(&self, set: &BTreeSet<Item>) -> Repairs {
        self.known.of(set)
    }

    /// The runs of a set that have what is required of it.
    fn runs_of<'s>(&'s self, set: &BTreeSet<Item>) -> impl Iterator<Item = &'a Run> + use<'a, 's> {
        let required = self.required.of(set);
        let runs = self.runs.get(set).into_iter().flatten().copied();
        runs.filter(move |run| run.repairs.covers(&required))
    }

    /// Where a set stands, if it was run, recorded in full or screened. One that failed with less than what is known now
    /// was not run.
    pub(super) fn state(&self, set: &BTreeSet<Item>) -> Option<State> {
        self.stands(set, |_| true)
    }

    /// Where a set stands that must be recorded in full.
    pub(super) fn full(&self, set: &BTreeSet<Item>) -> Option<State> {
        self.stands(set, |run| run.extent == Extent::Full)
    }

    fn stands(&self, set: &BTreeSet<Item>, counts: impl Fn(&Run) -> bool) -> Option<State> {
        let all: Vec<&Run> = self.runs_of(set).filter(|run| counts(run)).collect();
        if self.is_refuted(set) && !all.is_empty() {
            return Some(State::Failed);
        }
        let now = self.repairs(set);
        let is_last = generations(&all) >= GENERATIONS;
        let runs = counting(&all);
        let is = |state: State| {
            // What complains is content with what there is only if there is nothing more.
            let mut content = runs
                .iter()
                .filter(|run| !run.complains || run.repairs == now || is_last);
            content.any(|run| run.state == state)
        };
        let alive = [State::Passed, State::Screened, State::Promising, State::Open];
        if let Some(state) = alive.into_iter().find(|state| is(*state)) {
            return Some(state);
        }
        // Unless one extent has decided what the other owes.
        let mut current = all.iter().filter(|run| run.repairs == now).peekable();
        if current.peek().is_some() && current.all(|run| again(&all, run) == Again::Owed) {
            return None;
        }
        // The best of those that ended so: what failed is known better than what could not be decided.
        let end = |run: &&Run| if has_failed(run) { State::Failed } else { run.state };
        let mut ended: Vec<State> = runs.iter().filter(|run| run.repairs == now).map(end).collect();
        if self.failures(set) >= GENERATIONS {
            ended.extend(runs.iter().map(end));
        }
        ended.into_iter().min()
    }

    /// Whether a run of more items than these goes on that may surprise.
    pub(super) fn has_doubtful(&self, items: usize) -> bool {
        let mut runs = self
            .runs
            .iter()
            .filter(|(set, _)| set.len() > items)
            .flat_map(|(_, runs)| runs);
        runs.any(|run| run.state == State::Doubtful)
    }

    /// With how many different repairs a set failed.
    pub(super) fn failures(&self, set: &BTreeSet<Item>) -> usize {
        generations(&self.runs_of(set).filter(|run| has_failed(run)).collect::<Vec<_>>())
    }

    /// Whether a run of a set failed slightly, at any time.
    pub(super) fn is_in_question(&self, set: &BTreeSet<Item>) -> bool {
        self.runs_of(set).any(|run| has_failed(run) && run.slight)
    }

    /// Whether a setting was tried on its container alone, with what is known now, and does not hold.
    pub(super) fn is_refused(&self, item: &Item) -> bool {
        let state = self.state(&BTreeSet::from([item.clone()]));
        state.is_some_and(State::is_lost)
    }

    /// Capabilities that failures say the container of an item needs.
    pub(super) fn guess(&self, item: &Item) -> BTreeSet<Capability> {
        let container = item.container.as_ref();
        let mend = container.and_then(|name| self.helpful.containers.get(name));
        mend.map(|mend| mend.capabilities.clone()).unwrap_or_default()
    }

    /// A run that tells what a capability is needed for. One that complains does not do without.
    pub(super) fn probe(&self, trial: &Trial) -> Option<State> {
        let name = self.name_of(trial);
        let probe = self.probes.iter().find(|run| run.name == name)?;
        Some(if probe.complains { State::Failed } else { probe.state })
    }

    /// Whether all runs of a set that may yet hold say something new.
    pub(super) fn only_complains(&self, set: &BTreeSet<Item>) -> bool {
        let mut hopeful = self.runs_of(set).filter(|run| run.state.is_hopeful()).peekable();
        hopeful.peek().is_some() && hopeful.all(|run| run.complains)
    }

    /// A run that could not be carried out or decided, though it had what is required.
    pub(super) fn undecided(&self) -> Option<&'a str> {
        let runs = self.runs.keys().flat_map(|set| self.runs_of(set));
        let runs = runs.chain(self.probes.iter().copied());
        let all = runs
            .map(|run| (run.state, run.name.as_str()))
            .chain(self.independent.values().copied());
        all.filter(|(state, _)| matches!(state, State::Error | State::Inconclusive))
            .map(|(_, name)| name)
            .min()
    }

    /// Whether any candidate was started.
    pub(super) fn has_candidates(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Whether any run of a candidate has not ended.
    pub(super) fn has_open(&self) -> bool {
        let runs = self.runs.values().flatten().chain(&self.probes);
        runs.into_iter().any(|run| run.state.is_open())
    }

    /// The largest set that was recorded in full and passed; of two of one size, the one with the items that come first.
    pub(super) fn best(&self) -> Option<&'a BTreeSet<Item>> {
        self.largest(|set| self.full(set) == Some(State::Passed))
    }

    /// The largest set that was screened without fault, and of which no full recording has ended.
    pub(super) fn screened_best(&self) -> Option<&'a BTreeSet<Item>> {
        self.largest(|set| self.state(set) == Some(State::Screened) && self.full(set).is_none_or(State::is_open))
    }

    /// The largest set that passed and has all of these items.
    pub(super) fn covering(&self, items: &BTreeSet<Item>) -> Option<&'a BTreeSet<Item>> {
        self.largest(|set| set.is_superset(items) && self.full(set) == Some(State::Passed))
    }

    fn largest(&self, wanted: impl Fn(&BTreeSet<Item>) -> bool) -> Option<&'a BTreeSet<Item>> {
        let sets = self.runs.keys().copied().filter(|set| wanted(set));
        sets.max_by(|a, b| a.len().cmp(&b.len()).then_with(|| b.cmp(a)))
    }

    /// The run of a set that is its proof: of those that passed the last, which had the most repairs.
    fn proof(&self, set: &BTreeSet<Item>) -> Option<&'a Run> {
        let full: Vec<&Run> = self.runs_of(set).filter(|run| run.extent == Extent::Full).collect();
        counting(&full).into_iter().rfind(|run| run.state == State::Passed)
    }

    /// Name of the run that proves a set.
    pub(super) fn name(&self, set: &BTreeSet<Item>) -> Option<&'a str> {
        self.proof(set).map(|run| run.name.as_str())
    }

    /// The independent run of a set.
    pub(super) fn verification(&self, set: &BTreeSet<Item>) -> Option<(State, &'a str)> {
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

    fn is_refuted(&self, set: &BTreeSet<Item>) -> bool {
        self.verification(set)
            .is_some_and(|(state, _)| !state.is_open() && state != State::Passed)
    }

    /// The independent run of a set, with the repairs of the run that proves it.
    pub(super) fn verify(&self, set: &BTreeSet<Item>) -> Start {
        Start {
            name: self.free(VERIFY),
            role: Role::Verification,
            items: set.clone(),
            repairs: self.proof(set).map(|run| run.repairs.clone()).unwrap_or_default(),
            extent: Extent::Full,
        }
    }

    /// The run of a trial.
    pub(super) fn start(&self, trial: Trial) -> Start {
        let mut repairs = self.repairs(&trial.items);
        let mut name = self.name_of(&trial);
        if let Some((capability, of)) = &trial.without {
            let kept: BTreeSet<Capability> = of.iter().copied().filter(|kept| kept != capability).collect();
            for container in trial.items.iter().filter_map(|item| item.container.clone()) {
                repairs
                    .containers
                    .entry(container)
                    .or_default()
                    .capabilities
                    .clone_from(&kept);
            }
        } else {
            name = self.free(&name);
        }
        Start {
            name,
            role: match trial.extent {
                Extent::Full => Role::Verification,
                Extent::Screening => Role::Candidate,
            },
            items: trial.items,
            repairs,
            extent: trial.extent,
        }
    }

    /// This name, or the first with a number that is free.
    fn free(&self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut number = 1;
        while self.names.contains(free.as_str()) {
            number += 1;
            free = format!("{name}-{number}");
        }
        free
    }

    /// A name that says what is in a set: the setting's own, else a digest of the set, so that it is always the same.
    fn name_of(&self, trial: &Trial) -> String {
        let items = &trial.items;
        if let Some((capability, of)) = &trial.without {
            let container = items.first().map_or(0, |item| self.number(item));
            let short: String = capability
                .to_string()
                .to_lowercase()
                .replace('_', "")
                .chars()
                .take(8)
                .collect();
            return format!("{CAPABILITY}{container}-{}-{short}", of.len());
        }
        if items == self.applicable {
            return "all".to_owned();
        }
        let settings: BTreeSet<_> = items.iter().map(|item| item.setting).collect();
        let (Some(setting), true) = (settings.first(), settings.len() == 1) else {
            let text: Vec<String> = items.iter().map(ToString::to_string).collect();
            return format!("set-{:08x}", crate::digest(&text.join(" ")));
        };
        let lacking = self.applicable.iter().filter(|item| item.setting == *setting).count();
        let slug = setting.slug();
        match items.first() {
            Some(only) if items.len() == 1 && lacking > 1 => format!("{slug}-c{}", self.number(only)),
            _ if items.len() == lacking => slug.to_owned(),
            _ => format!("{slug}-{:04x}", crate::digest(&format!("{items:?}")) >> 16),
        }
    }

    /// Which of the containers that lack something an item is about, from 0.
    fn number(&self, item: &Item) -> usize {
        let containers: BTreeSet<_> = self
            .applicable
            .iter()
            .filter_map(|item| item.container.as_ref())
            .collect();
        containers
            .iter()
            .position(|name| Some(*name) == item.container.as_ref())
            .unwrap_or_default()
    }
}

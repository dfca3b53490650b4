//! The search for the largest set of settings that a workload works with.
//!
//! It is a replay: what to do next follows from the runs that there are, in whatever order they are given. Runs that a
//! suspended check removed are started again under their old names, and what ended is never run twice.
//!
//! # Waves
//!
//! The runs of a wave go on at the same time, and each may take a whole recording. So what is saved is waves first and
//! runs second.
//!
//! 1. Two baselines and the candidate with every applicable setting. If that passes, it is the recommendation as a
//!    whole and has been verified as such. [`Mode::Parallel`] starts wave 2 along with it.
//! 2. Every setting alone.
//! 3. The union of those that passed, as soon as no single run is in doubt any more, before their recordings end.
//! 4. If the union fails, the settings interact. Delta debugging (Zeller and Hildebrandt, 2002) narrows the difference
//!    between a set that passes and one that does not: see `search/narrow.rs`. It does not wait for the recordings of
//!    the single settings either. Should one of them fail later, the union is formed anew, and narrowed anew.
//! 5. What delta debugging left out is tried once more, each setting on top of the result. Nothing that passes alone is
//!    left out of the recommendation unless a run of the recommendation with it did not pass; whatever does pass is
//!    added, and 3 to 5 follow again. No such run is left to do after a single conflict or two, because the waves of 4
//!    had them all.
//!
//! [`Mode::Sequential`] has the same runs in the same order, one at a time, less those that a pass makes idle.
//!
//! # Bounds
//!
//! With `n` settings of which each passes alone, and subsets of what works working too, a search has at most
//! `n² - n + 7` runs: three baselines, the whole, `n` singles, the union (which is the whole unless a setting fails
//! alone), `n² - 3n + 3` runs of delta debugging, `n - 1` of wave 5. That holds up to 7 settings (`narrow::WIDTH`): 49
//! runs for 7, if no two of them go together. One conflict takes `3n` at most, one run more where baselines differ, and
//! one where a setting fails alone. A setting that fails late, and an independent run that does, cost the union and
//! delta debugging once more. Whatever the workload does, a history never grows beyond [`Order::budget`]; when that is
//! spent, the best that was run and passed is the result.

mod baselines;
mod budget;
mod conclude;
mod explore;
mod narrow;
mod tried;

use std::collections::BTreeSet;

pub use baselines::{Agreement, agreement, trusted};

use self::explore::{Step, explore};
use self::tried::Tried;
use crate::oracle::Finding;
use crate::setting::Setting;

/// Number of baselines that agree with each other before anything is judged.
pub const BASELINES: usize = 2;

/// Runs that a check has at most, unless it says otherwise.
pub const BUDGET: usize = 64;

/// What is searched, and how.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The settings that the workload lacks and Kubernetes takes.
    pub applicable: &'a BTreeSet<Setting>,
    /// What runs at the same time.
    pub mode: Mode,
    /// What verifies the result.
    pub verification: Verification,
    /// Runs that the history may have. With fewer than three nothing can be proven.
    pub budget: usize,
}

/// What runs at the same time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Everything at once first, single settings only if that fails.
    #[default]
    Adaptive,
    /// Everything at once and every single setting in the first wave.
    Parallel,
    /// One run at a time.
    Sequential,
}

/// What verifies the result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Verification {
    /// The run that found it: it had exactly these settings, was recorded in full and passed.
    #[default]
    Included,
    /// One more run of the same settings. Where that does not pass, the search goes on without trust in them.
    Independent,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The workload as it is.
    Baseline,
    /// One setting.
    Candidate,
    /// What may become the recommendation as a whole.
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

impl State {
    /// Whether the run has not ended.
    fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Promising)
    }
}

/// One run of the history. Runs that were cancelled or are being removed are no part of it.
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
    /// Short name within the check, at most 20 characters. The same run always has the same one.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The settings under test.
    pub settings: BTreeSet<Setting>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Start these runs, all at once. Never empty.
    Start(Vec<Start>),
    /// Wait for runs to end, or for the agreement of the baselines to be known.
    Wait,
    /// The search is over. Runs that are still open are idle.
    Done(Conclusion),
}

/// What came of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
    /// This run is the recommendation: it had these settings, was recorded in full and passed.
    Verified {
        /// Name of the run: the independent one where that was asked for and the budget had room for it.
        run: String,
        /// Its settings.
        settings: BTreeSet<Setting>,
        /// The search ended early: a larger set may work, or an independent run is owed.
        budget_spent: bool,
    },
    /// No setting applies: the workload has them all.
    AlreadyHardened,
    /// No setting holds.
    NothingProven {
        /// The search ended early: some set may work.
        budget_spent: bool,
    },
    /// Sets passed, and no independent run of any of them did.
    Unverified {
        /// Name of the last independent run.
        run: String,
    },
    /// The workload does not work unchanged, or does not do the same each time.
    BaselineUnstable {
        /// Names of the baselines: the one that does not work, or all that differ from each other.
        runs: Vec<String>,
        /// How the first of them that differ do so; none where one does not work by itself.
        findings: Vec<Finding>,
    },
    /// A run could not be carried out or decided.
    Undecided {
        /// Name of the run.
        run: String,
    },
}

/// Decides what to do next. Total and pure: the order of the history makes no difference. `agreement` is what the
/// baselines of this very history that passed say of each other.
pub fn next(order: &Order<'_>, history: &[Run], agreement: &Agreement) -> Next {
    if order.applicable.is_empty() {
        return Next::Done(Conclusion::AlreadyHardened);
    }
    let room = order.budget.saturating_sub(history.len());
    let next = match baselines::missing(history, agreement, room) {
        Ok(missing) => {
            let known = Known {
                order,
                history,
                agreement,
                tried: Tried::of(order.applicable, history),
            };
            known.next(missing, room)
        }
        Err(conclusion) => Next::Done(conclusion),
    };
    match next {
        Next::Start(starts) if order.mode == Mode::Sequential => one(history, agreement, starts),
        next => next,
    }
}

/// Everything that decides what follows.
struct Known<'a> {
    order: &'a Order<'a>,
    history: &'a [Run],
    agreement: &'a Agreement,
    tried: Tried<'a>,
}

impl Known<'_> {
    /// The baselines that are missing, and the candidates of the present wave, as far as there is room.
    fn next(&self, mut starts: Vec<Start>, room: usize) -> Next {
        if let Some(run) = self.tried.given_up() {
            return Next::Done(Conclusion::Unverified { run: run.to_owned() });
        }
        let room = room.saturating_sub(starts.len());
        let (best, budget_spent) = match explore(self.order.mode, self.order.applicable, &self.tried) {
            Step::Wait => (None, false),
            Step::Best(best) => (Some(best), false),
            Step::Try(sets) => {
                let affordable = self.afford(sets, room);
                let is_spent = affordable.is_empty() && !self.tried.has_open();
                let start = |set| self.tried.start(self.order.applicable, set);
                starts.extend(affordable.into_iter().map(start));
                (is_spent.then(|| self.tried.best().cloned().unwrap_or_default()), true)
            }
        };
        match best {
            _ if !starts.is_empty() => Next::Start(starts),
            None => Next::Wait,
            Some(best) => self.conclude(&best, room, budget_spent),
        }
    }
}

/// The first of these, if nothing else goes on.
fn one(history: &[Run], agreement: &Agreement, mut starts: Vec<Start>) -> Next {
    starts.truncate(1);
    let is_baseline = starts.iter().all(|start| start.role == Role::Baseline);
    // What is open may be waiting for the very baseline that is missing.
    let is_busy = history
        .iter()
        .any(|run| run.state.is_open() && (!is_baseline || run.role == Role::Baseline));
    // A candidate that waits for a third baseline would be one run too many.
    let is_early =
        !is_baseline && *agreement == Agreement::Unknown && history.iter().all(|run| run.role == Role::Baseline);
    if is_busy || is_early {
        Next::Wait
    } else {
        Next::Start(starts)
    }
}

#[cfg(test)]
mod tests;

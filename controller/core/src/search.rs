//! The search for the largest set of settings that a workload works with.
//!
//! It is a replay: what to do next follows from the runs that there are, in whatever order they are given. Runs that a
//! suspended check removed are started again under their old names, and what ended is never run twice.
//!
//! # Waves
//!
//! The runs of a wave go on at the same time, and each may take a whole recording. So what is saved is waves first and
//! runs second. What is searched are items: one setting of one container, or of the Pod.
//!
//! 1. Two baselines and the candidate with every applicable item. If that passes, it is the recommendation as a
//!    whole and has been verified as such. [`Mode::Parallel`] starts wave 3 along with it.
//! 2. The same with repairs, as soon as it has failed and a baseline was looked at: what baselines were seen to need, and
//!    what the failure itself tells. Again while there is something new to try ([`GENERATIONS`]); from the second failure on wave 3 goes along.
//! 3. Every setting alone, with its repairs; of several containers together first, and each by itself where that fails.
//!    These runs are screened only: they end once they have been Ready for a while. Where root cannot be given up,
//!    the capabilities that it needs are found here (`search/capabilities.rs`).
//! 4. The union of those that passed, recorded in full.
//! 5. If the union fails, items interact. Delta debugging (Zeller and Hildebrandt, 2002) narrows the difference
//!    between a set that passes and one that does not: see `search/narrow.rs`.
//! 6. Whatever is left out is tried once more on top of the result, screened, while that is still being recorded. What
//!    passes is added, and 4 to 6 follow again. So the result is maximal: no item that was left out could be added.
//!
//! [`Mode::Sequential`] has the same runs in the same order, one at a time, less those that a pass makes idle.
//!
//! What fails slightly, by one message that may have come of chance, is run again along with what would
//! follow from that: of three runs, two decide. Independent runs count at once, and so do those that tell which capabilities
//! are needed.
//!
//! # Repairs
//!
//! A run has what its items call for of everything that was known when it started ([`Repairs::of`]). A set that failed
//! with less than what is known now has not been tried. What baselines were *seen* to do is required even of a run that
//! passes without: a log need not tell that a write was refused. A run that lacks some of it ends ([`superseded`]).
//!
//! # Bounds
//!
//! Whatever the workload does, a history never grows beyond [`Order::budget`]; when that is spent, the best that was
//! run in full and passed is the result.

mod baselines;
mod budget;
mod capabilities;
mod conclude;
mod explore;
mod narrow;
mod tried;

use std::collections::BTreeSet;

pub use baselines::{Agreement, agreement, trusted};

use self::explore::{Step, explore};
use self::tried::Tried;
use crate::oracle::Finding;
use crate::repair::{Learned, Repairs};
use crate::setting::Item;

/// Number of baselines that agree with each other before anything is judged.
pub const BASELINES: usize = 2;

/// Runs that a check has at most, unless it says otherwise.
pub const BUDGET: usize = 64;

/// Runs of one set that fail before it is given up, each with repairs that the ones before did not have.
pub const GENERATIONS: usize = 4;

/// What is searched, and how.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// What the workload lacks and Kubernetes takes.
    pub applicable: &'a BTreeSet<Item>,
    /// What is known to help.
    pub learned: &'a Learned,
    /// A baseline was looked at, or will not be: nothing is repaired by guesses before.
    pub observed: bool,
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
    /// Goes on, and says what would fail it: a pass would be a surprise, and the search does not wait for it.
    Doubtful,
    /// Was screened without fault: not recorded in full, and nothing to recommend.
    Screened,
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
        matches!(self, Self::Open | Self::Promising | Self::Doubtful)
    }

    /// Whether the run ended otherwise than well: failed, or could not be decided.
    fn is_lost(self) -> bool {
        matches!(self, Self::Failed | Self::Inconclusive | Self::Error)
    }

    /// Whether nothing speaks against what the run has, so far or for good.
    fn is_hopeful(self) -> bool {
        matches!(self, Self::Promising | Self::Screened | Self::Passed)
    }
}

/// How long a run is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// As long as a baseline.
    Full,
    /// Until it has been Ready for so long that a failure would be a surprise.
    Screening,
}

/// One run of the history. Runs that were cancelled or are being removed are no part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Short name within the check.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// What is under test.
    pub items: BTreeSet<Item>,
    /// What makes it possible.
    pub repairs: Repairs,
    /// How long it is recorded.
    pub extent: Extent,
    /// It works, and says something new that may be a complaint.
    pub complains: bool,
    /// All that fails it, or will, may have come of chance ([`Verdict::is_slight`](crate::oracle::Verdict::is_slight)).
    pub slight: bool,
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
    /// What is under test.
    pub items: BTreeSet<Item>,
    /// What makes it possible.
    pub repairs: Repairs,
    /// How long it is recorded.
    pub extent: Extent,
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
    /// This run is the recommendation: it had these items, was recorded in full and passed.
    Verified {
        /// Name of the run: the independent one where that was asked for and the budget had room for it.
        run: String,
        /// What it had.
        items: BTreeSet<Item>,
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
                tried: Tried::of(order, history),
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

/// Names of the runs that go on and can tell nothing any more: they lack what baselines have been seen to need since they
/// were started. Not those that have failed as far as anybody can tell: that they did, tells.
pub fn superseded<'r>(order: &Order<'_>, history: &'r [Run]) -> Vec<&'r str> {
    let counts = |run: &&Run| run.role != Role::Baseline && tried::is_trial(run);
    let goes_on = |run: &&Run| matches!(run.state, State::Open | State::Promising);
    let runs = history.iter().filter(counts).filter(goes_on);
    let lacking = runs.filter(|run| !run.repairs.covers(&order.learned.required.of(&run.items)));
    lacking.map(|run| run.name.as_str()).collect()
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
        let (best, budget_spent) = match explore(self.order, &self.tried) {
            Step::Wait => (None, false),
            Step::Best(best) => (Some(best), false),
            Step::Try(trials) => {
                let affordable = self.afford(trials, room);
                let is_spent = affordable.is_empty() && !self.tried.has_open();
                let last = self.tried.screened_best().filter(|_| is_spent && room > 0);
                let is_owed = |set: &&BTreeSet<Item>| self.tried.best().is_none() && self.tried.full(set).is_none();
                let last = last.filter(is_owed).cloned().map(explore::full);
                let affordable = affordable.into_iter().chain(last);
                starts.extend(affordable.map(|trial| self.tried.start(trial)));
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

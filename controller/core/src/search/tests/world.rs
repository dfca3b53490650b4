//! A cluster in which everything may happen: runs end in any order, infrastructure fails, checks are suspended.

use std::collections::BTreeMap;

use super::tried::is_trial;
use super::*;

/// What a search is played against.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) mode: Mode,
    pub(super) verification: Verification,
    pub(super) budget: usize,
    pub(super) applicable: Set,
    /// Of a hundred runs, those that end as Error or Inconclusive.
    pub(super) noise: usize,
    /// Of a hundred independent runs, those that fail though the set works.
    pub(super) flakes: usize,
    /// Of a hundred sets, those of which the first run fails slightly though the set works.
    pub(super) hiccups: usize,
    /// Runs that fail may have been promising.
    pub(super) surprises: bool,
    /// How often open runs are removed.
    pub(super) suspensions: u32,
    /// Pairs of baselines that differ, by their numbers.
    pub(super) disputes: BTreeSet<(u8, u8)>,
    pub(super) seed: u64,
}

/// How it ended.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) conclusion: Conclusion,
    pub(super) history: Vec<Run>,
}

impl Played {
    /// Whether a set was run and passed, and no independent run spoke against it.
    pub(super) fn trusts(&self, set: &Set) -> bool {
        let of_set = || {
            self.history
                .iter()
                .filter(|run| run.role != Role::Baseline && run.items == *set && !run.name.starts_with("cap"))
        };
        let (mut independent, first): (Vec<&Run>, Vec<&Run>) = of_set().partition(|run| run.name.starts_with("verify"));
        independent.retain(|run| run.state != State::Passed);
        let has = |state: State, extent: Extent| first.iter().any(|run| run.state == state && run.extent == extent);
        // Of what slipped once, two must have passed with the same repairs.
        let is_held = |runs: &[&Run]| {
            let passed = |run: &&&Run| matches!(run.state, State::Passed | State::Screened);
            let is_held_with = |repairs: &Repairs| {
                let alike = || runs.iter().filter(|run| run.repairs == *repairs);
                let slips = alike().filter(|run| run.state == State::Failed && run.slight).count();
                slips == 0 || slips == 1 && alike().filter(passed).count() > 1
            };
            runs.iter().filter(passed).any(|run| is_held_with(&run.repairs))
        };
        let full: Vec<&Run> = first.iter().copied().filter(|run| run.extent == Extent::Full).collect();
        let is_lost = |run: &&Run| run.state.is_lost() && !(run.state == State::Failed && run.slight);
        let is_screened = has(State::Screened, Extent::Screening) && is_held(&first) && !full.iter().any(is_lost);
        independent.is_empty() && (has(State::Passed, Extent::Full) && is_held(&full) || is_screened)
    }

    /// Whether a set was run to its end and is not trusted.
    pub(super) fn rejects(&self, set: &Set) -> bool {
        let mut of_set = self.history.iter().filter(|run| run.items == *set);
        of_set.any(|run| !run.state.is_open()) && !self.trusts(set)
    }
}

/// Plays to the end, and asserts at every step what must hold at every step.
pub(super) fn play(world: &World, works: &dyn Fn(&Set) -> bool) -> Played {
    let order = Order {
        applicable: &world.applicable,
        learned: &NOTHING,
        observed: true,
        mode: world.mode,
        verification: world.verification,
        budget: world.budget,
    };
    let mut dice = Dice(world.seed);
    let mut history: Vec<Run> = Vec::new();
    let mut names: BTreeMap<String, Set> = BTreeMap::new();
    let mut suspensions = world.suspensions;
    let mut is_read = false;
    for _ in 0..5000 {
        assert!(history.len() <= world.budget, "the budget is exceeded");
        let open = history.iter().filter(|run| run.state.is_open()).count();
        assert!(
            open <= 1 || world.mode != Mode::Sequential,
            "two runs of a sequential check are open"
        );
        let truth = world.agreement(&history);
        let known = if is_read { truth.clone() } else { Agreement::Unknown };
        let step = next(&order, &history, &known);
        let mut shuffled = history.clone();
        dice.shuffle(&mut shuffled);
        assert_eq!(
            step,
            next(&order, &shuffled, &known),
            "the order of the history matters"
        );
        match step {
            Next::Start(mut starts) => {
                assert!(!starts.is_empty());
                for start in &starts {
                    assert!(start.name.len() <= 20 && start.items.is_subset(&world.applicable));
                    let first = names.entry(start.name.clone()).or_insert_with(|| start.items.clone());
                    assert!(
                        *first == start.items || start.name.starts_with("verify"),
                        "{} is renamed",
                        start.name
                    );
                }
                // The controller may fail after any of them.
                starts.truncate(1 + dice.below(starts.len() * 2));
                for start in starts {
                    assert!(
                        history.iter().all(|run| run.name != start.name),
                        "{} is started twice",
                        start.name
                    );
                    history.push(begun(start, State::Open));
                }
            }
            Next::Wait if suspensions > 0 && open > 0 && dice.below(4) == 0 => {
                suspensions -= 1;
                let all = dice.below(2) == 0;
                history.retain(|run| !run.state.is_open() || !(all || dice.below(2) == 0));
            }
            Next::Wait => is_read = world.go_on(&mut history, &truth, is_read, works, &mut dice),
            Next::Done(conclusion) => return Played { conclusion, history },
        }
    }
    panic!("the search does not end");
}

impl World {
    /// What the baselines that passed say of each other.
    fn agreement(&self, history: &[Run]) -> Agreement {
        let number = |run: &Run| run.name.trim_start_matches("baseline-").parse::<u8>().unwrap();
        let passed: BTreeSet<u8> = history
            .iter()
            .filter(|run| run.role == Role::Baseline && run.state == State::Passed)
            .map(number)
            .collect();
        let mut pairs = passed
            .iter()
            .flat_map(|a| passed.range(a + 1..).map(move |b| (*a, *b)))
            .peekable();
        if pairs.peek().is_none() {
            Agreement::Unknown
        } else if pairs.any(|pair| !self.disputes.contains(&pair)) {
            Agreement::Agreed
        } else {
            Agreement::Disputed(Vec::new())
        }
    }

    /// Something happens; whether the recordings of the baselines are read by then.
    fn go_on(
        &self,
        history: &mut [Run],
        agreement: &Agreement,
        is_read: bool,
        works: &dyn Fn(&Set) -> bool,
        dice: &mut Dice,
    ) -> bool {
        // What works is judged only by baselines that agree.
        let able: Vec<usize> = (0..history.len())
            .filter(|index| {
                let run = &history[*index];
                let is_judged = run.role == Role::Baseline || *agreement == Agreement::Agreed;
                let goes_on = matches!(run.state, State::Promising | State::Doubtful);
                run.state == State::Open || goes_on && (is_judged || !works(&run.items))
            })
            .collect();
        if !is_read && (able.is_empty() || dice.below(5) == 0) {
            return true;
        }
        assert!(!able.is_empty(), "the search waits for nothing");
        let index = able[dice.below(able.len())];
        let is_slip = |run: &Run| run.items == history[index].items && run.slight;
        let is_first_slip = is_trial(&history[index]) && !history.iter().any(is_slip);
        let run = &mut history[index];
        let is_baseline = run.role == Role::Baseline;
        let is_flake = run.name.starts_with("verify") && dice.below(100) < self.flakes;
        // Of one set never twice, and not of what tells which capabilities are needed, which counts as it is.
        let is_hiccup = is_first_slip && dice.below(100) < self.hiccups;
        let can_pass = is_baseline || works(&run.items) && !is_flake && !is_hiccup;
        // What does not work may look as if it hardly failed.
        run.slight = !can_pass && (is_hiccup || self.hiccups > 0 && dice.below(2) == 0);
        let must_wait = can_pass && !is_baseline && *agreement != Agreement::Agreed;
        run.state = if !is_baseline && dice.below(100) < self.noise {
            [State::Error, State::Inconclusive][dice.below(2)]
        } else if run.state == State::Open && (must_wait || (can_pass || self.surprises) && dice.below(3) == 0) {
            // Who may surprise does so in either way.
            if self.surprises && dice.below(3) == 0 {
                State::Doubtful
            } else {
                State::Promising
            }
        } else if can_pass {
            passed(run)
        } else {
            State::Failed
        };
        is_read
    }
}

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

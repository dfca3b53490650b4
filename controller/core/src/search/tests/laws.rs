//! What holds of every search.

use proptest::prelude::*;

use super::world::{Played, World, play};
use super::*;
use crate::repair::Capability;

fn bits(set: &Set) -> u64 {
    let number = |item: &Item| SETTINGS.iter().position(|setting| *setting == item.setting).unwrap();
    set.iter().fold(0, |bits, item| bits | 1 << number(item))
}

fn world() -> impl Strategy<Value = World> {
    let mode = prop::sample::select(vec![Mode::Adaptive, Mode::Parallel, Mode::Sequential]);
    let verification = prop::sample::select(vec![Verification::Included, Verification::Independent]);
    let applicable = prop::sample::subsequence(SETTINGS.to_vec(), 1..=7);
    let disputes = proptest::collection::btree_set(prop::sample::select(vec![(1, 2), (1, 3), (2, 3)]), 0..=3);
    let basics = (mode, verification, applicable, disputes, any::<u64>());
    let accidents = (0_usize..30, 0_usize..60, 0_usize..60, any::<bool>(), 0_u32..6);
    (basics, 0_usize..=BUDGET, accidents).prop_map(
        |(
            (mode, verification, applicable, disputes, seed),
            budget,
            (noise, flakes, hiccups, surprises, suspensions),
        )| World {
            mode,
            verification,
            budget,
            applicable: set_of(applicable),
            noise,
            flakes,
            hiccups,
            surprises,
            suspensions,
            disputes,
            seed,
        },
    )
}

/// Sets of which no set that works may contain one.
fn forbidden() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(1_u64..128, 0..6)
}

/// What must hold of any end.
fn is_sound(world: &World, played: &Played) -> Result<(), TestCaseError> {
    let run = |name: &str| played.history.iter().find(|run| run.name == name);
    match &played.conclusion {
        Conclusion::Verified {
            run: name,
            items,
            budget_spent,
        } => {
            let run = run(name).unwrap();
            prop_assert_eq!((run.state, &run.items), (State::Passed, items));
            let of_set: Vec<&Run> = played.history.iter().filter(|run| run.items == *items).collect();
            let of_set: Vec<_> = of_set
                .iter()
                .map(|run| (&run.name, run.extent, run.slight, run.state))
                .collect();
            prop_assert!(played.trusts(items), "{:?}", of_set);
            let passed = |run: &&Run| run.role == Role::Baseline && run.state == State::Passed;
            prop_assert!(played.history.iter().filter(passed).count() >= BASELINES);
            if !budget_spent {
                let is_independent = name.starts_with("verify");
                prop_assert_eq!(is_independent, world.verification == Verification::Independent);
                for item in world.applicable.difference(items) {
                    let more = items.iter().chain([item]).cloned().collect();
                    prop_assert!(played.rejects(&more), "{} was not tried on top", item);
                }
            }
        }
        Conclusion::NothingProven { budget_spent } => {
            let is_decided = |run: &Run| !matches!(run.state, State::Error | State::Inconclusive);
            prop_assert!(
                played.history.iter().all(is_decided),
                "what was not decided is no evidence"
            );
            let trusted = played.history.iter().any(|run| played.trusts(&run.items));
            prop_assert!(!trusted || *budget_spent);
        }
        Conclusion::Undecided { run: name } => {
            let state = run(name).unwrap().state;
            prop_assert!(matches!(state, State::Error | State::Inconclusive), "{:?}", state);
            let trusted = played.history.iter().any(|run| played.trusts(&run.items));
            prop_assert!(!trusted || played.history.len() == world.budget);
        }
        Conclusion::Unverified { run: name } => {
            prop_assert!(name.starts_with("verify") && run(name).unwrap().state != State::Passed);
        }
        Conclusion::BaselineUnstable { runs, .. } => {
            let is_settled = runs.len() == BASELINES + 1 && world.disputes.len() == 3;
            let is_spent = runs.len() == BASELINES && played.history.len() == world.budget;
            prop_assert!(is_settled || is_spent);
        }
        other @ Conclusion::AlreadyHardened => prop_assert!(false, "{:?}", other),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever works and whatever happens.
    #[test]
    fn every_search_ends_and_recommends_what_was_run(
        world in world(),
        works in proptest::collection::btree_set(1_u64..128, 0..100),
    ) {
        let played = play(&world, &|set| set.is_empty() || works.contains(&bits(set)));
        is_sound(&world, &played)?;
    }

    /// Where less always works too, and infrastructure does not fail, nothing can be added to what is recommended.
    #[test]
    fn what_is_recommended_is_maximal(world in world(), forbidden in forbidden()) {
        let world = World { noise: 0, flakes: 0, budget: 1000, ..world };
        let works = |set: &Set| forbidden.iter().all(|clash| bits(set) & clash != *clash);
        let played = play(&world, &works);
        is_sound(&world, &played)?;
        let proven = match &played.conclusion {
            Conclusion::Verified { items, budget_spent, .. } => {
                prop_assert!(!budget_spent);
                items.clone()
            }
            Conclusion::BaselineUnstable { .. } => return Ok(()),
            _ => Set::new(),
        };
        for setting in world.applicable.difference(&proven) {
            let more = proven.iter().chain([setting]).cloned().collect();
            prop_assert!(!works(&more), "{} can be added", setting);
        }
        if !world.surprises && world.hiccups == 0 {
            let n = world.applicable.len();
            let independent = usize::from(world.verification == Verification::Independent);
            prop_assert!(played.history.len() <= n * n + n + 7 + Capability::DEFAULT + independent);
        }
    }

    /// The chunks' number changes what is run, never what that amounts to.
    #[test]
    fn any_width_finds_a_maximal_set(width in 0_usize..9, forbidden in forbidden()) {
        let works = |set: &Set| forbidden.iter().all(|clash| bits(set) & clash != *clash);
        let applicable = all();
        let mut history: Vec<Run> = Vec::new();
        let proven = loop {
            let order = order(&applicable, Mode::Adaptive);
            let tried = Tried::of(&order, &history);
            match explore::grow(&applicable, &tried, width) {
                Step::Try(trials) => {
                    let end = |start: Start| {
                        let mut run = begun(start, State::Open);
                        run.state = if works(&run.items) { passed(&run) } else { State::Failed };
                        run
                    };
                    let runs: Vec<Run> = trials.into_iter().map(|trial| end(tried.start(trial))).collect();
                    prop_assert!(width < 2 || runs.len() <= 14 + applicable.len().max(2 * width - 2));
                    history.extend(runs);
                }
                Step::Best(proven) => break proven,
                Step::Wait => prop_assert!(false, "nothing is open"),
            }
        };
        prop_assert!(works(&proven));
        for setting in applicable.difference(&proven) {
            let more = proven.iter().chain([setting]).cloned().collect();
            prop_assert!(!works(&more), "{} can be added", setting);
        }
    }
}

//! What follows from a history that is given.

use super::*;
use crate::search::explore::full;

use State::{Failed, Inconclusive, Open, Passed, Promising};

fn set(slugs: &[&str]) -> Set {
    let named = SETTINGS.into_iter().filter(|setting| slugs.contains(&setting.slug()));
    set_of(named)
}

/// Two baselines that passed, every setting alone, of which these passed, and these sets.
fn history(alone: &[&str], sets: &[(&[&str], State)]) -> Vec<Run> {
    let applicable = all();
    let order = order(&applicable, Mode::Adaptive);
    let tried = Tried::of(&order, &[]);
    let baselines = first_wave(&applicable, Mode::Adaptive).into_iter().take(BASELINES);
    let mut runs: Vec<Run> = baselines.map(|start| begun(start, Passed)).collect();
    for setting in SETTINGS {
        let state = if alone.contains(&setting.slug()) {
            Passed
        } else {
            Failed
        };
        runs.push(begun(tried.start(full(set_of([setting]))), state));
    }
    for (slugs, state) in sets {
        runs.push(begun(tried.start(full(set(slugs))), *state));
    }
    runs
}

/// Each of the other settings on top of a set, none of which passed.
fn alone_on_top(slugs: &[&str]) -> Vec<Run> {
    let applicable = all();
    let order = order(&applicable, Mode::Adaptive);
    let tried = Tried::of(&order, &[]);
    let proven = set(slugs);
    let others = applicable.difference(&proven);
    let more = others.map(|item| proven.iter().chain([item]).cloned().collect());
    more.map(|set| begun(tried.start(full(set)), Failed)).collect()
}

fn whole(state: State) -> Run {
    let applicable = all();
    let order = order(&applicable, Mode::Adaptive);
    begun(Tried::of(&order, &[]).start(full(applicable.clone())), state)
}

fn after(mode: Mode, history: &[Run]) -> Next {
    next(&order(&all(), mode), history, &Agreement::Agreed)
}

#[test]
fn a_larger_set_that_may_yet_pass_is_waited_for() {
    let (alone, both): ([&str; 2], &[&str]) = (["non-root", "seccomp"], &["non-root", "seccomp"]);
    let mut runs = history(&alone, &[(both, Passed)]);
    runs.extend(alone_on_top(both));
    runs.push(whole(Promising));
    assert_eq!(after(Mode::Parallel, &runs), Next::Wait);
    for (state, expected) in [(Passed, all()), (Failed, set(both))] {
        runs.pop();
        runs.push(whole(state));
        let Next::Done(conclusion) = after(Mode::Parallel, &runs) else {
            panic!()
        };
        assert_eq!(items(conclusion), expected);
    }
}

#[test]
fn a_larger_set_that_was_found_on_another_way_is_gone_on_with() {
    // `read-only-root` passed along with others, and failed alone only after that.
    let mut runs = history(
        &["non-root", "group", "seccomp"],
        &[
            (&["non-root", "group", "read-only-root"], Passed),
            (&["non-root", "group", "seccomp"], Failed),
            (&["non-root", "group"], Failed),
            (&["non-root", "seccomp"], Failed),
            (&["group", "seccomp"], Inconclusive),
        ],
    );
    runs.push(whole(Failed));
    let proven = ["non-root", "group", "read-only-root"];
    let more = set(&["non-root", "group", "read-only-root", "seccomp"]);
    runs.extend(alone_on_top(&["non-root"]).into_iter().filter(|run| run.items != set(&["non-root", "group"])));
    runs.extend(alone_on_top(&proven).into_iter().filter(|run| run.items != more));
    let Next::Start(starts) = after(Mode::Adaptive, &runs) else {
        panic!()
    };
    assert_eq!((starts.len(), &starts[0].items), (1, &more));
    runs.extend(starts.into_iter().map(|start| begun(start, Failed)));
    let Next::Done(conclusion) = after(Mode::Adaptive, &runs) else {
        panic!()
    };
    assert_eq!(items(conclusion), set(&proven));
}

#[test]
fn nothing_is_concluded_before_two_baselines_passed() {
    let mut runs = history(&[], &[]);
    runs.push(whole(Passed));
    runs[0].state = Open;
    assert_eq!(after(Mode::Adaptive, &runs), Next::Wait);
    runs[0].state = Passed;
    assert!(matches!(after(Mode::Adaptive, &runs), Next::Done(_)));
}

#[test]
fn a_setting_that_does_not_apply_any_more_says_nothing() {
    let mut applicable = all();
    applicable.remove(&item(Setting::Capabilities));
    let slugs: Vec<&str> = applicable.iter().map(|item| item.setting.slug()).collect();
    let mut runs = history(&slugs, &[]);
    runs.push(whole(Passed));
    let order = order(&applicable, Mode::Adaptive);
    let Next::Start(starts) = next(&order, &runs, &Agreement::Agreed) else {
        panic!()
    };
    // The name is taken.
    assert_eq!((starts[0].name.as_str(), &starts[0].items), ("all-2", &applicable));
    runs.extend(starts.into_iter().map(|start| begun(start, Failed)));
    assert!(matches!(next(&order, &runs, &Agreement::Agreed), Next::Start(_)));
}

#[test]
fn the_union_starts_while_promising_runs_still_record() {
    let applicable = all();
    let order = order(&applicable, Mode::Adaptive);
    let mut history: Vec<Run> = first_wave(&all(), Mode::Adaptive)
        .into_iter()
        .map(|start| begun(start, Promising))
        .collect();
    history.last_mut().unwrap().state = Failed;
    let Next::Start(singles) = next(&order, &history, &Agreement::Unknown) else {
        panic!()
    };
    for (index, start) in singles.into_iter().enumerate() {
        history.push(begun(start, if index < 3 { Promising } else { Failed }));
    }
    let Next::Start(union) = next(&order, &history, &Agreement::Unknown) else {
        panic!()
    };
    assert_eq!((union.len(), union[0].items.len()), (1, 3));
    assert!(union[0].extent == Extent::Full && history[3].extent == Extent::Screening);
    // One of them fails after all: the union is formed anew, and the old one no longer matters.
    history.extend(union.into_iter().map(|start| begun(start, Open)));
    history[4].state = Failed;
    let Next::Start(union) = next(&order, &history, &Agreement::Unknown) else {
        panic!()
    };
    assert_eq!((union.len(), union[0].items.len()), (1, 2));
}

#[test]
fn what_interacts_is_narrowed_while_promising_runs_still_record() {
    let applicable = all();
    let order = order(&applicable, Mode::Adaptive);
    let mut history: Vec<Run> = first_wave(&all(), Mode::Adaptive)
        .into_iter()
        .map(|start| begun(start, Failed))
        .collect();
    history[0].state = Open;
    history[1].state = Open;
    for (state, expected) in [(Promising, 7), (Failed, 12)] {
        let Next::Start(starts) = next(&order, &history, &Agreement::Unknown) else {
            panic!()
        };
        assert_eq!(starts.len(), expected);
        history.extend(starts.into_iter().map(|start| begun(start, state)));
    }
    // Every part of two and more failed but this: only what holds alone is in doubt.
    let part = history.iter_mut().rfind(|run| run.items.len() == 2).unwrap();
    part.state = Promising;
    assert_eq!(next(&order, &history, &Agreement::Unknown), Next::Wait);
}

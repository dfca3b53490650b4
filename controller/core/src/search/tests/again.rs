//! What fails by one slight difference is run again before that counts.

use super::*;

/// Two baselines and runs of these items, one after the other.
fn history(applicable: &Set, ends: &[(State, bool)]) -> Vec<Run> {
    let mut history: Vec<Run> = Vec::new();
    for start in first_wave(applicable, Mode::Adaptive) {
        let is_baseline = start.role == Role::Baseline;
        let run = begun(start, State::Passed);
        if is_baseline {
            history.push(run);
            continue;
        }
        for (number, (state, slight)) in ends.iter().enumerate() {
            let name = if number == 0 {
                "all".to_owned()
            } else {
                format!("all-{}", number + 1)
            };
            history.push(Run {
                name,
                state: *state,
                slight: *slight,
                ..run.clone()
            });
        }
    }
    history
}

fn after(applicable: &Set, ends: &[(State, bool)]) -> Next {
    let history = history(applicable, ends);
    next(&order(applicable, Mode::Adaptive), &history, &Agreement::Agreed)
}

fn names(next: Next) -> Vec<String> {
    match next {
        Next::Start(starts) => starts.into_iter().map(|start| start.name).collect(),
        other => panic!("{other:?}"),
    }
}

fn verified(next: &Next) -> Option<&str> {
    match next {
        Next::Done(Conclusion::Verified { run, .. }) => Some(run),
        _ => None,
    }
}

const SLIGHT: (State, bool) = (State::Failed, true);
const FIRM: (State, bool) = (State::Failed, false);
const PASSED: (State, bool) = (State::Passed, false);
const OPEN: (State, bool) = (State::Open, false);

#[test]
fn a_slight_failure_is_run_again_beside_what_would_follow_from_it() {
    let applicable = set_of([Setting::RunAsNonRoot, Setting::SeccompProfile]);
    assert_eq!(names(after(&applicable, &[SLIGHT])), ["all-2", "non-root", "seccomp"]);
    assert_eq!(
        names(after(&applicable, &[(State::Doubtful, true)])),
        ["all-2", "non-root", "seccomp"],
        "it need not have ended"
    );
    assert_eq!(
        after(&applicable, &[(State::Doubtful, true), OPEN]),
        after(&applicable, &[SLIGHT, OPEN])
    );
}

#[test]
fn of_three_two_decide() {
    let applicable = set_of([Setting::SeccompProfile]);
    assert_eq!(names(after(&applicable, &[SLIGHT, PASSED])), ["all-3"]);
    assert_eq!(after(&applicable, &[SLIGHT, PASSED, OPEN]), Next::Wait);
    let passed_twice = after(&applicable, &[SLIGHT, PASSED, PASSED]);
    assert_eq!(verified(&passed_twice), Some("all-3"));
    for fails in [
        vec![SLIGHT, SLIGHT],
        vec![SLIGHT, FIRM],
        vec![FIRM, PASSED],
        vec![FIRM, OPEN],
        vec![SLIGHT, PASSED, SLIGHT],
        vec![SLIGHT, PASSED, FIRM],
    ] {
        let conclusion = Conclusion::NothingProven { budget_spent: false };
        assert_eq!(after(&applicable, &fails), Next::Done(conclusion), "{fails:?}");
    }
}

#[test]
fn what_is_no_slight_failure_counts_at_once() {
    let applicable = set_of([Setting::SeccompProfile]);
    assert!(matches!(
        after(&applicable, &[FIRM]),
        Next::Done(Conclusion::NothingProven { .. })
    ));
}

#[test]
fn a_second_run_that_nobody_can_decide_ends_the_asking() {
    let applicable = set_of([Setting::SeccompProfile]);
    let lost = (State::Inconclusive, false);
    let next = after(&applicable, &[SLIGHT, lost, lost]);
    assert!(matches!(next, Next::Done(_)) && verified(&next).is_none(), "{next:?}");
}

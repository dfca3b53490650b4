//! Independent runs.

use super::*;

fn independent(applicable: &Set) -> Order<'_> {
    Order {
        verification: Verification::Independent,
        ..order(applicable, Mode::Adaptive)
    }
}

/// Plays a search of two settings that both work, whose independent runs end like this, in turn.
fn verify(applicable: &Set, ends: &[State]) -> (Conclusion, Vec<Run>) {
    let mut ends = ends.iter();
    let mut history: Vec<Run> = Vec::new();
    loop {
        match next(&independent(applicable), &history, &Agreement::Agreed) {
            Next::Start(starts) => history.extend(starts.into_iter().map(|start| {
                let state = if start.name.starts_with("verify") {
                    *ends.next().unwrap()
                } else {
                    State::Passed
                };
                begun(start, state)
            })),
            Next::Wait => panic!("nothing is open"),
            Next::Done(conclusion) => return (conclusion, history),
        }
    }
}

#[test]
fn an_independent_run_of_the_same_settings_is_the_verification() {
    let (conclusion, history) = verify(&all(), &[State::Passed]);
    assert_eq!(
        conclusion,
        Conclusion::Verified {
            run: "verify".into(),
            items: all(),
            budget_spent: false
        }
    );
    assert_eq!(history.len(), 4);
    assert_eq!((history[3].role, &history[3].items), (Role::Verification, &all()));
}

#[test]
fn a_set_that_does_not_pass_again_gives_way_to_the_next_best() {
    let two = set_of([Setting::RunAsGroup, Setting::Capabilities]);
    for end in [State::Failed, State::Inconclusive, State::Error] {
        let (conclusion, history) = verify(&two, &[end, State::Passed]);
        assert_eq!(
            conclusion,
            Conclusion::Verified {
                run: "verify-2".into(),
                items: set_of([Setting::RunAsGroup]),
                budget_spent: false
            }
        );
        assert!(history.iter().any(|run| run.name == "drop-all"), "the search went on");
    }
}

#[test]
fn it_is_given_up_after_three() {
    let (conclusion, history) = verify(&all(), &[State::Failed; 3]);
    assert_eq!(conclusion, Conclusion::Unverified { run: "verify-3".into() });
    assert!(history.iter().any(|run| run.items.len() == 6), "a part was tried");
    let one = set_of([Setting::Capabilities]);
    let (conclusion, _) = verify(&one, &[State::Failed]);
    assert_eq!(conclusion, Conclusion::Unverified { run: "verify".into() });
}

#[test]
fn a_budget_without_room_for_it_says_so() {
    let applicable = all();
    let order = Order {
        budget: 3,
        ..independent(&applicable)
    };
    assert_eq!(
        play(&order, |_| true).0,
        Conclusion::Verified {
            run: "all".into(),
            items: all(),
            budget_spent: true
        }
    );
}

#[test]
fn the_search_leaves_room_for_it() {
    let applicable = all();
    let clash: &[Setting] = &[Setting::RunAsGroup, Setting::Capabilities];
    let order = Order {
        budget: 15,
        ..independent(&applicable)
    };
    let (conclusion, history, _) = play(&order, |set| avoids(set, &[clash]));
    assert!(
        matches!(&conclusion, Conclusion::Verified { run, budget_spent: true, .. } if run == "verify"),
        "{conclusion:?}"
    );
    assert!(history.len() <= 15);
}

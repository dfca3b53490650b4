use proptest::prelude::*;

use super::*;

fn all() -> BTreeSet<Setting> {
    Setting::all().collect()
}

/// Plays a search against a workload that works exactly with the sets that `works` accepts.
fn play(applicable: &BTreeSet<Setting>, works: impl Fn(&BTreeSet<Setting>) -> bool) -> (Conclusion, Vec<Run>) {
    let mut history: Vec<Run> = Vec::new();
    for _ in 0..100 {
        match next(applicable, &history) {
            Next::Start(starts) => {
                assert!(!starts.is_empty());
                for start in starts {
                    assert!(
                        history.iter().all(|run| run.name != start.name),
                        "{} is started twice",
                        start.name
                    );
                    let Start { name, role, settings } = start;
                    history.push(Run {
                        name,
                        role,
                        settings,
                        state: State::Open,
                    });
                }
            }
            Next::Wait => {
                let open = history
                    .iter_mut()
                    .find(|run| matches!(run.state, State::Open | State::Promising));
                let run = open.expect("the search waits for nothing");
                run.state = if works(&run.settings) {
                    State::Passed
                } else {
                    State::Failed
                };
            }
            Next::Done(conclusion) => return (conclusion, history),
        }
    }
    panic!("the search does not end");
}

#[test]
fn a_tolerant_workload_takes_three_runs() {
    let (conclusion, history) = play(&all(), |_| true);
    assert_eq!(
        conclusion,
        Conclusion::Verified {
            run: "all".into(),
            settings: all()
        }
    );
    assert_eq!(history.len(), 3);
}

#[test]
fn what_passes_alone_is_verified_together() {
    let good = BTreeSet::from([
        Setting::AllowPrivilegeEscalation,
        Setting::SeccompProfile,
        Setting::RunAsGroup,
    ]);
    let (conclusion, history) = play(&all(), |set| set.is_subset(&good));
    assert!(matches!(conclusion, Conclusion::Verified { settings, .. } if settings == good));
    assert_eq!(history.len(), 3 + 7 + 1);
}

#[test]
fn a_union_that_fails_gives_the_largest_proven_part() {
    let clash = BTreeSet::from([Setting::RunAsGroup, Setting::Capabilities]);
    let (conclusion, _) = play(&all(), |set| !clash.is_subset(set));
    assert!(matches!(conclusion, Conclusion::Verified { settings, .. } if settings.len() == 6));
}

#[test]
fn nothing_holds() {
    assert_eq!(play(&all(), BTreeSet::is_empty).0, Conclusion::NothingProven);
    let one = BTreeSet::from([Setting::Capabilities]);
    assert_eq!(play(&one, BTreeSet::is_empty).0, Conclusion::NothingProven);
}

#[test]
fn nothing_to_do() {
    assert_eq!(next(&BTreeSet::new(), &[]), Next::Done(Conclusion::AlreadyHardened));
}

#[test]
fn a_baseline_that_fails_ends_it() {
    let history = [Run {
        name: "baseline-1".into(),
        role: Role::Baseline,
        settings: BTreeSet::new(),
        state: State::Failed,
    }];
    assert_eq!(
        next(&all(), &history),
        Next::Done(Conclusion::BaselineUnstable {
            run: "baseline-1".into()
        })
    );
}

#[test]
fn the_union_starts_while_promising_runs_still_record() {
    let mut history: Vec<Run> = first_wave(&all())
        .into_iter()
        .map(|Start { name, role, settings }| Run {
            name,
            role,
            settings,
            state: State::Promising,
        })
        .collect();
    history.last_mut().unwrap().state = State::Failed;
    let Next::Start(singles) = next(&all(), &history) else {
        panic!()
    };
    for (index, Start { name, role, settings }) in singles.into_iter().enumerate() {
        let state = if index < 2 { State::Promising } else { State::Failed };
        history.push(Run {
            name,
            role,
            settings,
            state,
        });
    }
    let Next::Start(union) = next(&all(), &history) else {
        panic!()
    };
    assert_eq!(union.len(), 1);
    assert_eq!(union[0].settings.len(), 2);
}

proptest! {
    /// Whatever works, the search ends, recommends only what was run and passed, and never nothing where a single
    /// setting holds.
    #[test]
    fn it_ends_and_recommends_what_was_run(works in proptest::collection::btree_set(1_u64..128, 0..64)) {
        let bits = |set: &BTreeSet<Setting>| set.iter().fold(0_u64, |b, s| b | 1 << (*s as u64));
        let (conclusion, history) = play(&all(), |set| set.is_empty() || works.contains(&bits(set)));
        match conclusion {
            Conclusion::Verified { run, settings } => {
                let run = history.iter().find(|r| r.name == run).unwrap();
                prop_assert_eq!(run.state, State::Passed);
                prop_assert_eq!(&run.settings, &settings);
            }
            Conclusion::NothingProven => {
                prop_assert!((0..7).all(|bit| !works.contains(&(1 << bit))));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

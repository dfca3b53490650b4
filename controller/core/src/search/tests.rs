mod again;
mod baselines;
mod laws;
mod repairs;
mod replay;
mod verification;
mod world;

use super::*;

use crate::setting::{Scope, Setting};

type Set = BTreeSet<Item>;

/// The settings that are searched here.
const SETTINGS: [Setting; 7] = [
    Setting::RunAsNonRoot,
    Setting::RunAsGroup,
    Setting::ReadOnlyRootFilesystem,
    Setting::AllowPrivilegeEscalation,
    Setting::Capabilities,
    Setting::SeccompProfile,
    Setting::AutomountServiceAccountToken,
];

static NOTHING: Learned = Learned {
    required: NO_REPAIRS,
    helpful: NO_REPAIRS,
};

const NO_REPAIRS: Repairs = Repairs {
    fs_group: None,
    unprivileged_ports: false,
    containers: std::collections::BTreeMap::new(),
};

/// A setting of a workload of one container.
fn item(setting: Setting) -> Item {
    match setting.scope() {
        Scope::Pod => Item::pod(setting),
        Scope::Container => setting.of("app"),
    }
}

fn set_of(settings: impl IntoIterator<Item = Setting>) -> Set {
    settings.into_iter().map(item).collect()
}

fn all() -> Set {
    set_of(SETTINGS)
}

fn order(applicable: &Set, mode: Mode) -> Order<'_> {
    Order {
        applicable,
        learned: &NOTHING,
        observed: true,
        mode,
        verification: Verification::default(),
        budget: BUDGET,
    }
}

fn begun(start: Start, state: State) -> Run {
    let Start {
        name,
        role,
        items,
        repairs,
        extent,
    } = start;
    Run {
        name,
        role,
        items,
        repairs,
        extent,
        complains: false,
        slight: false,
        state,
    }
}

/// What is started first.
fn first_wave(applicable: &Set, mode: Mode) -> Vec<Start> {
    match next(&order(applicable, mode), &[], &Agreement::Unknown) {
        Next::Start(starts) => starts,
        other => panic!("{other:?}"),
    }
}

/// Plays a search against a workload that works exactly with the sets that `works` accepts: wave after wave, each to
/// its end. Tells the waves.
fn play(order: &Order<'_>, works: impl Fn(&Set) -> bool) -> (Conclusion, Vec<Run>, usize) {
    let mut history: Vec<Run> = Vec::new();
    let mut waves = 0;
    for _ in 0..200 {
        match next(order, &history, &Agreement::Agreed) {
            Next::Start(starts) => {
                waves += 1;
                history.extend(starts.into_iter().map(|start| begun(start, State::Open)));
            }
            Next::Wait => {
                assert!(
                    history.iter().any(|run| run.state.is_open()),
                    "the search waits for nothing"
                );
                for run in history.iter_mut().filter(|run| run.state.is_open()) {
                    run.state = if works(&run.items) { passed(run) } else { State::Failed };
                }
            }
            Next::Done(conclusion) => return (conclusion, history, waves),
        }
    }
    panic!("the search does not end");
}

/// How a run ends that works.
fn passed(run: &Run) -> State {
    match run.extent {
        Extent::Full => State::Passed,
        Extent::Screening => State::Screened,
    }
}

fn items(conclusion: Conclusion) -> Set {
    match conclusion {
        Conclusion::Verified {
            items,
            budget_spent: false,
            ..
        } => items,
        other => panic!("{other:?}"),
    }
}

/// Whether none of these sets is part of a set.
fn avoids(set: &Set, clashes: &[&[Setting]]) -> bool {
    !clashes
        .iter()
        .any(|clash| clash.iter().all(|setting| set.contains(&item(*setting))))
}

#[test]
fn a_tolerant_workload_takes_three_runs() {
    let (conclusion, history, waves) = play(&order(&all(), Mode::Adaptive), |_| true);
    assert_eq!(
        conclusion,
        Conclusion::Verified {
            run: "all".into(),
            items: all(),
            budget_spent: false
        }
    );
    assert_eq!((history.len(), waves), (3, 1));
}

#[test]
fn what_passes_alone_is_verified_together() {
    let good = set_of([
        Setting::AllowPrivilegeEscalation,
        Setting::SeccompProfile,
        Setting::RunAsNonRoot,
    ]);
    let runs = 3 + 7 + 1 + 4;
    for (mode, expected) in [(Mode::Adaptive, 4), (Mode::Parallel, 3), (Mode::Sequential, runs)] {
        let (conclusion, history, waves) = play(&order(&all(), mode), |set| set.is_subset(&good));
        assert_eq!(items(conclusion), good);
        assert_eq!((history.len(), waves), (runs, expected), "{mode:?}");
    }
}

#[test]
fn parallel_starts_everything_and_every_single_setting_at_once() {
    let names: Vec<String> = first_wave(&all(), Mode::Parallel)
        .into_iter()
        .map(|start| start.name)
        .collect();
    assert_eq!(
        names,
        [
            "baseline-1",
            "baseline-2",
            "all",
            "non-root",
            "group",
            "read-only-root",
            "no-escalation",
            "drop-all",
            "seccomp",
            "no-token"
        ]
    );
    let one = set_of([Setting::Capabilities]);
    assert_eq!(first_wave(&one, Mode::Parallel).len(), 3);
}

#[test]
fn one_conflict_is_found_in_one_wave_with_the_largest_part() {
    let clash: &[Setting] = &[Setting::RunAsGroup, Setting::Capabilities];
    let (conclusion, history, waves) = play(&order(&all(), Mode::Adaptive), |set| avoids(set, &[clash]));
    let mut part = all();
    part.remove(&item(Setting::Capabilities));
    assert_eq!(items(conclusion), part);
    assert_eq!((history.len(), waves), (3 + 7 + 12, 3));
    let (conclusion, history, _) = play(&order(&all(), Mode::Sequential), |set| avoids(set, &[clash]));
    assert_eq!(items(conclusion), part);
    // Without the last, the last but one, the one before.
    assert_eq!(history.len(), 3 + 7 + 3);
}

#[test]
fn two_conflicts_take_two_waves() {
    let clashes: [&[Setting]; 2] = [
        &[Setting::RunAsGroup, Setting::Capabilities],
        &[Setting::RunAsNonRoot, Setting::SeccompProfile],
    ];
    let (conclusion, _, waves) = play(&order(&all(), Mode::Adaptive), |set| avoids(set, &clashes));
    assert_eq!(items(conclusion).len(), 5);
    assert_eq!(waves, 4);
}

#[test]
fn three_conflicts_take_three_waves_and_one_that_proves_it() {
    let clashes: [&[Setting]; 3] = [
        &[Setting::RunAsNonRoot, Setting::RunAsGroup],
        &[Setting::ReadOnlyRootFilesystem, Setting::AllowPrivilegeEscalation],
        &[Setting::Capabilities, Setting::SeccompProfile],
    ];
    let (conclusion, _, waves) = play(&order(&all(), Mode::Adaptive), |set| avoids(set, &clashes));
    assert_eq!(items(conclusion).len(), 4);
    assert_eq!(waves, 6);
}

#[test]
fn the_worst_case_is_within_its_bound() {
    let (conclusion, history, _) = play(&order(&all(), Mode::Adaptive), |set| set.len() < 2);
    assert_eq!(items(conclusion).len(), 1);
    assert!(history.len() < 49, "{}", history.len());
}

#[test]
fn nothing_holds() {
    let nothing = Conclusion::NothingProven { budget_spent: false };
    for mode in [Mode::Adaptive, Mode::Parallel, Mode::Sequential] {
        assert_eq!(play(&order(&all(), mode), Set::is_empty).0, nothing);
        let one = set_of([Setting::Capabilities]);
        assert_eq!(play(&order(&one, mode), Set::is_empty).0, nothing);
    }
}

#[test]
fn nothing_to_do() {
    assert_eq!(
        next(&order(&Set::new(), Mode::Adaptive), &[], &Agreement::Unknown),
        Next::Done(Conclusion::AlreadyHardened)
    );
}

#[test]
fn a_spent_budget_ends_with_the_best_so_far() {
    let applicable = all();
    let clash: &[Setting] = &[Setting::RunAsGroup, Setting::Capabilities];
    for budget in 0..21 {
        let order = Order {
            budget,
            ..order(&applicable, Mode::Sequential)
        };
        let (conclusion, history, _) = play(&order, |set| avoids(set, &[clash]));
        assert!(history.len() <= budget);
        match conclusion {
            Conclusion::NothingProven { budget_spent } => assert!(budget_spent && budget < 5),
            Conclusion::Verified {
                items, budget_spent, ..
            } => {
                let expected = if budget < 14 { 1 } else { 6 };
                assert_eq!((items.len(), budget_spent), (expected, budget < 14), "{budget}");
            }
            other => panic!("{other:?}"),
        }
    }
}

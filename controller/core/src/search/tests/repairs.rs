//! What is tried again with repairs, and which.

use super::*;
use crate::repair::{Capability, Fill, Mend};

const CAPABILITIES: [Capability; 2] = [Capability::Chown, Capability::Setuid];

/// Knowledge of container `app`.
fn knowing(mend: Mend) -> Repairs {
    Repairs {
        containers: [("app".to_owned(), mend)].into(),
        ..NO_REPAIRS
    }
}

fn directory(path: &str) -> Repairs {
    knowing(Mend {
        directories: [(path.to_owned(), Fill::Empty)].into(),
        ..Mend::default()
    })
}

fn helpful(helpful: Repairs) -> Learned {
    Learned {
        required: NO_REPAIRS,
        helpful,
    }
}

/// The first wave, with the whole in this state.
fn begun_with(applicable: &Set, state: State) -> Vec<Run> {
    let wave = first_wave(applicable, Mode::Adaptive).into_iter();
    let mut history: Vec<Run> = wave.map(|start| begun(start, State::Promising)).collect();
    history.last_mut().unwrap().state = state;
    history
}

fn after(applicable: &Set, learned: &Learned, observed: bool, history: &[Run]) -> Next {
    let order = Order {
        learned,
        observed,
        ..order(applicable, Mode::Adaptive)
    };
    next(&order, history, &Agreement::Unknown)
}

fn started(next: Next) -> Vec<Start> {
    match next {
        Next::Start(starts) => starts,
        other => panic!("{other:?}"),
    }
}

fn names(starts: &[Start]) -> Vec<&str> {
    starts.iter().map(|start| start.name.as_str()).collect()
}

#[test]
fn a_failure_is_repaired_once_a_baseline_was_looked_at() {
    let (applicable, learned) = (all(), helpful(directory("/run")));
    let mut history = begun_with(&applicable, State::Failed);
    assert_eq!(after(&applicable, &learned, false, &history), Next::Wait);
    let starts = started(after(&applicable, &learned, true, &history));
    assert_eq!(names(&starts), ["all-2"]);
    assert_eq!((&starts[0].repairs, starts[0].extent), (&learned.helpful, Extent::Full));
    history.extend(starts.into_iter().map(|start| begun(start, State::Open)));
    assert_eq!(after(&applicable, &learned, true, &history), Next::Wait);
}

#[test]
fn from_the_second_failure_on_settings_are_screened_beside_it() {
    let applicable = all();
    let mut history = begun_with(&applicable, State::Failed);
    let first = helpful(directory("/run"));
    history.extend(
        started(after(&applicable, &first, true, &history))
            .into_iter()
            .map(|start| begun(start, State::Failed)),
    );
    let more = helpful(directory("/var/lib/app"));
    let starts = started(after(&applicable, &more, true, &history));
    assert_eq!((starts[0].name.as_str(), starts.len()), ("all-3", 1 + SETTINGS.len()));
    assert!(starts[1..].iter().all(|start| start.extent == Extent::Screening));
    // With nothing new to try, only they are.
    let starts = started(after(&applicable, &first, true, &history));
    assert_eq!(starts.len(), SETTINGS.len());
}

#[test]
fn a_set_is_given_up_after_some_generations() {
    let applicable = set_of([Setting::ReadOnlyRootFilesystem]);
    let mut history = begun_with(&applicable, State::Failed);
    for generation in 1.. {
        let learned = helpful(directory(&format!("/{generation}")));
        match after(&applicable, &learned, true, &history) {
            Next::Start(starts) => history.extend(starts.into_iter().map(|start| begun(start, State::Failed))),
            other => {
                assert_eq!(other, Next::Done(Conclusion::NothingProven { budget_spent: false }));
                assert_eq!(generation, GENERATIONS);
                return;
            }
        }
    }
}

#[test]
fn what_passes_without_what_is_required_proves_nothing() {
    let applicable = all();
    let learned = Learned {
        required: directory("/var/cache/app"),
        helpful: directory("/var/cache/app"),
    };
    let mut history = begun_with(&applicable, State::Passed);
    for run in &mut history {
        run.state = State::Passed;
    }
    let starts = started(after(&applicable, &learned, true, &history));
    assert_eq!((names(&starts), &starts[0].repairs), (vec!["all-2"], &learned.required));
    history.extend(starts.into_iter().map(|start| begun(start, State::Passed)));
    let order = Order {
        learned: &learned,
        ..order(&applicable, Mode::Adaptive)
    };
    let conclusion = next(&order, &history, &Agreement::Agreed);
    assert!(matches!(conclusion, Next::Done(Conclusion::Verified { run, .. }) if run == "all-2"));
}

#[test]
fn what_lacks_what_is_required_need_not_go_on() {
    let applicable = all();
    let learned = Learned {
        required: directory("/var/cache/app"),
        helpful: directory("/var/cache/app"),
    };
    let order = Order {
        learned: &learned,
        ..order(&applicable, Mode::Adaptive)
    };
    // The baselines beside it lack everything and go on.
    let mut history = begun_with(&applicable, State::Promising);
    assert_eq!(superseded(&order, &history), ["all"]);
    history.extend(
        started(next(&order, &history, &Agreement::Unknown))
            .into_iter()
            .map(|start| begun(start, State::Open)),
    );
    assert_eq!(superseded(&order, &history), ["all"]);
    // It ended so, and says nothing about the search.
    let whole = history.iter_mut().find(|run| run.name == "all").unwrap();
    whole.state = State::Inconclusive;
    assert!(superseded(&order, &history).is_empty());
    for run in history.iter_mut().filter(|run| run.state.is_open()) {
        run.state = if run.role == Role::Baseline {
            State::Passed
        } else {
            State::Failed
        };
    }
    let spent = Order {
        budget: history.len(),
        ..order
    };
    let conclusion = next(&spent, &history, &Agreement::Agreed);
    assert_eq!(conclusion, Next::Done(Conclusion::NothingProven { budget_spent: true }));
}

#[test]
fn what_complains_is_tried_with_more_if_there_is_more() {
    let applicable = all();
    let mut history = begun_with(&applicable, State::Promising);
    history.last_mut().unwrap().complains = true;
    assert_eq!(after(&applicable, &NOTHING, true, &history), Next::Wait);
    let mut learned = helpful(directory("/run"));
    assert_eq!(
        after(&applicable, &learned, true, &history),
        Next::Wait,
        "nothing has failed"
    );
    learned.required = directory("/run");
    assert_eq!(names(&started(after(&applicable, &learned, true, &history))), ["all-2"]);
}

#[test]
fn nobody_waits_for_what_complains_but_what_surprises_counts() {
    let applicable = set_of([Setting::RunAsNonRoot, Setting::SeccompProfile]);
    let mut history = begun_with(&applicable, State::Doubtful);
    let starts = started(after(&applicable, &NOTHING, true, &history));
    assert_eq!(names(&starts), ["non-root", "seccomp"]);
    history.extend(starts.into_iter().map(|start| begun(start, State::Failed)));
    assert_eq!(
        after(&applicable, &NOTHING, true, &history),
        Next::Wait,
        "it may yet pass"
    );
    for (end, expected) in [(State::Failed, 0), (State::Passed, 2)] {
        for run in history.iter_mut().filter(|run| run.state.is_open()) {
            run.state = State::Passed;
        }
        history[2].state = end;
        let Next::Done(conclusion) = next(&order(&applicable, Mode::Adaptive), &history, &Agreement::Agreed) else {
            panic!()
        };
        let found = match conclusion {
            Conclusion::Verified { items, .. } => items.len(),
            Conclusion::NothingProven { .. } => 0,
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected);
    }
}

/// Plays the search of a workload that must be root and needs these capabilities.
fn root_that_needs(needed: &[Capability], guess: &[Capability]) -> Vec<Run> {
    root_that_needs_later(needed, &[], guess)
}

/// The same, of one that needs some only after it was screened.
fn root_that_needs_later(needed: &[Capability], later: &[Capability], guess: &[Capability]) -> Vec<Run> {
    let applicable = all();
    let learned = helpful(knowing(Mend {
        capabilities: guess.iter().copied().collect(),
        ..Mend::default()
    }));
    let order = Order {
        learned: &learned,
        ..order(&applicable, Mode::Adaptive)
    };
    let works = |run: &Run| {
        let has = |setting: Setting| run.items.contains(&item(setting));
        let kept = run.repairs.containers.get("app").map(|mend| mend.capabilities.clone());
        let kept = kept.unwrap_or_default();
        let later = if run.extent == Extent::Full { later } else { &[] };
        let mut needed = needed.iter().chain(later);
        !has(Setting::RunAsNonRoot) && (!has(Setting::Capabilities) || needed.all(|one| kept.contains(one)))
    };
    let mut history: Vec<Run> = Vec::new();
    loop {
        match next(&order, &history, &Agreement::Agreed) {
            Next::Start(starts) => history.extend(starts.into_iter().map(|start| begun(start, State::Open))),
            Next::Wait => {
                for run in history.iter_mut().filter(|run| run.state.is_open()) {
                    run.state = if works(run) { passed(run) } else { State::Failed };
                }
            }
            Next::Done(conclusion) => {
                let mut expected = all();
                expected.remove(&item(Setting::RunAsNonRoot));
                let Conclusion::Verified { run, items, .. } = conclusion else {
                    panic!("{conclusion:?}")
                };
                assert_eq!(items, expected);
                history.sort_by_key(|other| other.name != run);
                return history;
            }
        }
    }
}

fn kept(run: &Run) -> Vec<Capability> {
    run.repairs.containers["app"].capabilities.iter().copied().collect()
}

#[test]
fn root_keeps_what_it_was_guessed_to_need_less_what_it_does_not() {
    let guess = [CAPABILITIES[0], CAPABILITIES[1], Capability::Kill];
    let history = root_that_needs(&CAPABILITIES, &guess);
    assert_eq!(kept(&history[0]), CAPABILITIES);
    let probes: Vec<&str> = history
        .iter()
        .map(|run| run.name.as_str())
        .filter(|name| name.starts_with("cap"))
        .collect();
    assert_eq!(probes, ["cap0-3-chown", "cap0-3-setuid", "cap0-3-kill"]);
}

#[test]
fn what_is_needed_later_than_a_screening_is_added_to_what_it_showed() {
    let guess = [CAPABILITIES[0], CAPABILITIES[1], Capability::Kill];
    let history = root_that_needs_later(&CAPABILITIES, &[Capability::Kill], &guess);
    assert_eq!(kept(&history[0]), guess);
    let first = history
        .iter()
        .find(|run| run.name.starts_with("set-") && run.state == State::Failed);
    assert_eq!(kept(first.unwrap()), CAPABILITIES, "the least is tried first");
}

#[test]
fn without_a_good_guess_every_capability_is_left_out_once() {
    for guess in [&[][..], &[Capability::Kill], &[Capability::Kill, CAPABILITIES[0]]] {
        let history = root_that_needs(&CAPABILITIES, guess);
        assert_eq!(kept(&history[0]), CAPABILITIES);
        let probes = history.iter().filter(|run| run.name.starts_with("cap"));
        let (all, guessed): (Vec<&Run>, _) = probes.partition(|run| run.name.starts_with("cap0-14-"));
        assert_eq!(all.len(), Capability::DEFAULT);
        assert_eq!(guessed, [] as [&Run; 0], "what does not hold needs no minimum");
    }
}

#[test]
fn each_container_is_tried_by_itself_where_they_do_not_hold_together() {
    let applicable: Set = ["app", "side"]
        .iter()
        .flat_map(|name| [Setting::RunAsNonRoot.of(name), Setting::ReadOnlyRootFilesystem.of(name)])
        .collect();
    let rooted = Setting::RunAsNonRoot.of("side");
    let (conclusion, history, _) = play(&order(&applicable, Mode::Adaptive), |set| !set.contains(&rooted));
    let mut expected = applicable;
    expected.remove(&rooted);
    assert_eq!(items(conclusion), expected);
    let names: BTreeSet<&str> = history.iter().map(|run| run.name.as_str()).collect();
    for name in ["non-root", "non-root-c0", "non-root-c1", "read-only-root"] {
        assert!(names.contains(name), "{name}: {names:?}");
    }
    assert!(!names.contains("read-only-root-c0"));
}

#[test]
fn what_failed_slightly_is_run_with_what_is_known_now_instead_of_once_more() {
    let applicable = set_of([Setting::RunAsNonRoot, Setting::SeccompProfile]);
    let mut history = begun_with(&applicable, State::Failed);
    history.last_mut().unwrap().slight = true;
    let learned = helpful(directory("/run"));
    let starts = started(after(&applicable, &learned, true, &history));
    let again: Vec<&Start> = starts.iter().filter(|start| start.items == applicable).collect();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].repairs, directory("/run").of(&applicable));
}

#[test]
fn a_pass_beside_a_failure_is_no_proof_however_often_it_failed_before() {
    let applicable = set_of([Setting::ReadOnlyRootFilesystem]);
    let mut history = begun_with(&applicable, State::Failed);
    let first = history.pop().unwrap();
    for run in &mut history {
        run.state = State::Passed;
    }
    let paths = ["/a", "/b", "/c", "/d", "/d"];
    for (number, path) in paths.into_iter().enumerate() {
        history.push(Run {
            name: format!("all-{}", number + 1),
            repairs: directory(path).of(&applicable),
            slight: path == "/d",
            ..first.clone()
        });
    }
    history.last_mut().unwrap().state = State::Passed;
    let learned = helpful(directory("/d"));
    let is_verified = |history: &[Run]| {
        matches!(
            after_all(&applicable, &learned, history),
            Next::Done(Conclusion::Verified { .. })
        )
    };
    assert!(!is_verified(&history), "one failed and one passed");
    let third = |state: State| {
        let mut run = history.last().unwrap().clone();
        run.name = "all-6".to_owned();
        run.state = state;
        history.iter().cloned().chain([run]).collect::<Vec<_>>()
    };
    assert!(is_verified(&third(State::Passed)));
    assert!(!is_verified(&third(State::Failed)));
}

/// Once the baselines agree.
fn after_all(applicable: &Set, learned: &Learned, history: &[Run]) -> Next {
    let order = Order {
        learned,
        ..order(applicable, Mode::Adaptive)
    };
    next(&order, history, &Agreement::Agreed)
}

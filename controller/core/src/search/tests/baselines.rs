//! Baselines that fail, are missing, or differ.

use super::*;
use crate::oracle::{Outcome, Rule, Verdict};
use crate::recording::{LogLine, LogLines, Mark, Moment, Recording, Sample, Source};
use crate::run::tests::observed;
use crate::run::{self, Job, Observed, Phase};

const SECOND: i64 = 1_000_000_000;

/// A run of one container that starts at this second and says this ever after.
fn recording(start: i64, line: &str) -> Recording {
    let mut recording = Recording::new("clone");
    for (sequence, moment, second) in [
        (1, Moment::Started, 0),
        (2, Moment::Ready, 1),
        (3, Moment::Complete, 16),
    ] {
        recording.received(1, sequence);
        recording.fold(Sample::Mark(Mark {
            moment,
            time_nanos: (start + second) * SECOND,
            message: String::new(),
            published: 0,
            lost: 0,
            attempt: 1,
        }));
    }
    let lines = (2..15).map(|second| LogLine {
        time_nanos: (start + second) * SECOND,
        text: line.as_bytes().to_vec(),
        cut_from: 0,
    });
    recording.fold(Sample::Logs(LogLines {
        source: Source {
            pod: "p".into(),
            pod_uid: "u".into(),
            container: "app".into(),
            restart: 0,
            init: false,
        },
        first: 0,
        lines: lines.collect(),
        origin_nanos: 0,
    }));
    recording
}

const GOOD: &str = "tick";
const BAD: &str = "Error: no route to host";
const WORSE: &str = "cannot open the file: Permission denied";

fn baseline(name: &str, state: State) -> Run {
    Run {
        name: name.into(),
        role: Role::Baseline,
        items: Set::new(),
        repairs: NO_REPAIRS,
        extent: Extent::Full,
        complains: false,
        slight: false,
        state,
    }
}

fn started(history: &[Run], agreement: &Agreement, mode: Mode) -> Vec<String> {
    match next(&order(&all(), mode), history, agreement) {
        Next::Start(starts) => starts.into_iter().map(|start| start.name).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_baseline_that_fails_ends_it() {
    for state in [State::Failed, State::Inconclusive] {
        assert_eq!(
            next(
                &order(&all(), Mode::Adaptive),
                &[baseline("baseline-1", state)],
                &Agreement::Unknown
            ),
            Next::Done(Conclusion::BaselineUnstable {
                runs: vec!["baseline-1".into()],
                findings: Vec::new()
            })
        );
    }
    let lost = baseline("baseline-2", State::Error);
    assert_eq!(
        next(&order(&all(), Mode::Adaptive), &[lost], &Agreement::Unknown),
        Next::Done(Conclusion::Undecided {
            run: "baseline-2".into()
        })
    );
}

#[test]
fn what_a_suspended_check_removed_is_started_again() {
    let second = [baseline("baseline-2", State::Passed)];
    assert_eq!(
        started(&second, &Agreement::Unknown, Mode::Adaptive),
        ["baseline-1", "all"]
    );
    assert_eq!(started(&second, &Agreement::Unknown, Mode::Sequential), ["baseline-1"]);
    let mut history: Vec<Run> = first_wave(&all(), Mode::Adaptive)
        .into_iter()
        .map(|start| begun(start, State::Open))
        .collect();
    history[2].state = State::Failed;
    assert_eq!(
        started(&history[2..], &Agreement::Unknown, Mode::Adaptive)[..3],
        ["baseline-1", "baseline-2", "non-root"]
    );
}

#[test]
fn two_that_differ_are_told_apart_by_a_third() {
    let (first, second, third) = (recording(0, GOOD), recording(1, BAD), recording(99, GOOD));
    let disputed = agreement(&[&first, &second]);
    let Agreement::Disputed(findings) = &disputed else {
        panic!()
    };
    assert!(findings.iter().any(|finding| finding.rule == Rule::NewMessage));
    let mut history = vec![
        baseline("baseline-1", State::Passed),
        baseline("baseline-2", State::Passed),
    ];
    assert_eq!(started(&history, &disputed, Mode::Adaptive), ["baseline-3", "all"]);
    assert_eq!(started(&history, &disputed, Mode::Sequential), ["baseline-3"]);

    let trusted = trusted(&[&third, &second, &first]).unwrap();
    assert_eq!(trusted, [&first, &third]);
    assert_eq!(agreement(&[&first, &second, &third]), Agreement::Agreed);
    history.push(baseline("baseline-3", State::Passed));
    assert_eq!(started(&history, &Agreement::Agreed, Mode::Sequential), ["all"]);
}

#[test]
fn the_search_leaves_room_for_a_third() {
    let applicable = all();
    let mut history: Vec<Run> = first_wave(&applicable, Mode::Adaptive)
        .into_iter()
        .map(|start| begun(start, State::Open))
        .collect();
    history[2].state = State::Failed;
    let order = Order {
        budget: 10,
        ..order(&applicable, Mode::Adaptive)
    };
    for (agreement, expected) in [(Agreement::Unknown, 5), (Agreement::Agreed, 6)] {
        let Next::Start(starts) = next(&order, &history, &agreement) else {
            panic!()
        };
        assert_eq!(starts.len(), expected);
    }
}

#[test]
fn three_of_which_no_two_agree_end_it() {
    let recordings = [recording(0, GOOD), recording(0, BAD), recording(0, WORSE)];
    let disputed = agreement(&recordings.iter().collect::<Vec<_>>());
    let Agreement::Disputed(findings) = &disputed else {
        panic!()
    };
    let names = ["baseline-1", "baseline-2", "baseline-3"];
    let history = names.map(|name| baseline(name, State::Passed));
    let unstable = |names: &[&str]| {
        Next::Done(Conclusion::BaselineUnstable {
            runs: names.iter().map(|name| (*name).to_owned()).collect(),
            findings: findings.clone(),
        })
    };
    let applicable = all();
    let order = order(&applicable, Mode::Adaptive);
    assert_eq!(next(&order, &history, &disputed), unstable(&names));
    let spent = Order { budget: 2, ..order };
    assert_eq!(next(&spent, &history[..2], &disputed), unstable(&names[..2]));
}

#[test]
fn nothing_is_said_before_two_are_read_whole() {
    let mut partial = Recording::new("clone");
    assert_eq!(agreement(&[&recording(0, GOOD)]), Agreement::Unknown);
    assert_eq!(agreement(&[&recording(0, GOOD), &partial]), Agreement::Unknown);
    partial = recording(0, GOOD);
    assert_eq!(agreement(&[&recording(0, GOOD), &partial]), Agreement::Agreed);
    let history = ["baseline-1", "baseline-2"].map(|name| baseline(name, State::Passed));
    assert_eq!(
        next(&order(&all(), Mode::Sequential), &history, &Agreement::Unknown),
        Next::Wait
    );
}

#[test]
fn a_verdict_waits_for_baselines_that_agree_and_leaves_out_the_odd_one() {
    let (good, bad) = (recording(0, GOOD), recording(0, BAD));
    let step = |baselines: &[&Recording], candidate: &Recording| {
        run::next(&Observed {
            has_place: true,
            job: Job::Absent,
            now: 0,
            ..observed(Phase::Judging, Role::Verification, candidate, baselines.iter().copied())
        })
    };
    assert_eq!(step(&[&good, &bad], &good), run::Step::Wait(None));
    let outcome = |candidate: &Recording| match step(&[&good, &bad, &good], candidate) {
        run::Step::End(Verdict { outcome, .. }) => outcome,
        other => panic!("{other:?}"),
    };
    assert_eq!(outcome(&good), Outcome::Passed);
    assert_eq!(outcome(&bad), Outcome::Failed);
}

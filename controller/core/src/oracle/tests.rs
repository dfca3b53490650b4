mod ends;
mod exercise;
mod messages;
mod metrics;
mod probes;
mod resources;
mod workloads;

use super::*;
use crate::recording::{
    Cause, ContainerState, LogGap, LogLine, LogLines, Mark, Moment, PodState, Sample, Source, Termination,
};

const READY: i64 = 2 * NANOS;
const END: i64 = 17 * NANOS;

/// A run of one container that says these things, each at its second.
fn run(lines: &[(i64, &str)]) -> Recording {
    let mut recording = started();
    mark(&mut recording, Moment::Ready, READY);
    mark(&mut recording, Moment::Complete, END);
    say(&mut recording, lines);
    recording
}

fn started() -> Recording {
    let mut recording = Recording::new("clone");
    recording.received(1, 1);
    mark(&mut recording, Moment::Started, 0);
    recording
}

fn mark(recording: &mut Recording, moment: Moment, time_nanos: i64) {
    recording.fold(Sample::Mark(Mark {
        moment,
        time_nanos,
        message: String::new(),
        published: 0,
        lost: 0,
        attempt: 1,
    }));
}

fn source() -> Source {
    Source {
        pod: "p".into(),
        pod_uid: "u".into(),
        container: "app".into(),
        restart: 0,
        init: false,
    }
}

fn say(recording: &mut Recording, lines: &[(i64, &str)]) {
    let line = |(second, text): &(i64, &str)| LogLine {
        time_nanos: second * NANOS,
        text: text.as_bytes().to_vec(),
        cut_from: 0,
    };
    recording.fold(Sample::Logs(LogLines {
        source: source(),
        first: 0,
        lines: lines.iter().map(line).collect(),
        origin_nanos: 0,
    }));
}

fn pod(recording: &mut Recording, second: i64, change: impl FnOnce(&mut PodState)) {
    let container = ContainerState {
        name: "app".into(),
        init: false,
        ready: true,
        started: true,
        restarts: 0,
        waiting_reason: String::new(),
        waiting_message: String::new(),
        terminated: None,
        running: true,
    };
    let mut state = PodState {
        pod: "p".into(),
        pod_uid: "u".into(),
        time_nanos: second * NANOS,
        phase: "Running".into(),
        ready: true,
        deleted: false,
        node: "n".into(),
        reason: String::new(),
        message: String::new(),
        containers: vec![container],
        target: true,
    };
    change(&mut state);
    recording.fold(Sample::Pod(state));
}

fn crash(state: &mut PodState) {
    state.ready = false;
    state.containers[0].terminated = Some(Termination {
        exit_code: 1,
        signal: 0,
        reason: "Error".into(),
        message: String::new(),
        finished_nanos: 0,
    });
}

const GOOD: [(i64, &str); 6] = [
    (1, "[2026-01-01T00:00:01Z] starting, pid 17"),
    (3, "tick 1"),
    (6, "tick 2"),
    (9, "tick 3"),
    (12, "tick 4"),
    (15, "tick 5"),
];

fn outcome(lines: &[(i64, &str)]) -> Outcome {
    judge(&[&run(&GOOD), &run(&GOOD)], &run(lines)).outcome
}

#[test]
fn an_unchanged_run_passes() {
    assert_eq!(
        outcome(&[
            (1, "[2027-02-02T11:11:11Z] starting, pid 4242"),
            (4, "tick 11"),
            (7, "tick 12"),
            (10, "tick 13"),
            (13, "tick 14"),
            (16, "tick 15")
        ]),
        Outcome::Passed
    );
}

#[test]
fn a_script_that_complains_for_ever_fails() {
    let verdict = judge(
        &[&run(&GOOD), &run(&GOOD)],
        &run(&[
            (1, "[2026-01-01T00:00:01Z] starting, pid 1"),
            (3, "Error: This script must be run as root."),
            (9, "Error: This script must be run as root."),
        ]),
    );
    assert_eq!(verdict.outcome, Outcome::Failed);
    assert_eq!(
        verdict.findings[0].sentence(),
        "container `app` logged what no baseline did, 2 times: `Error: This script must be run as root.`"
    );
}

#[test]
fn a_complaint_while_starting_is_a_warning() {
    let mut lines = GOOD.to_vec();
    lines.insert(0, (1, "can not modify /etc/x: Read-only file system"));
    assert_eq!(outcome(&lines), Outcome::Warned);
    lines.push((16, "write failed: Read-only file system"));
    assert_eq!(outcome(&lines), Outcome::Failed);
}

#[test]
fn what_goes_missing_is_seen() {
    assert_eq!(outcome(&GOOD[..1]), Outcome::Failed);
    assert_eq!(outcome(&GOOD[..3]), Outcome::Failed, "silent in the second half");
    assert_eq!(outcome(&[]), Outcome::Failed);
}

#[test]
fn a_new_plain_line_is_only_noted() {
    let mut lines = GOOD.to_vec();
    lines.push((16, "found a configuration of another colour"));
    assert_eq!(outcome(&lines), Outcome::Passed);
}

#[test]
fn a_crash_ends_it_early_and_says_why() {
    let mut baseline = started();
    mark(&mut baseline, Moment::Ready, READY);
    let mut candidate = started();
    assert_eq!(early(&[&baseline], &candidate, 3 * NANOS), None);
    say(
        &mut candidate,
        &[(1, "mkdir: cannot create directory '/x': Read-only file system")],
    );
    pod(&mut candidate, 2, crash);
    let verdict = early(&[&baseline], &candidate, 3 * NANOS).unwrap();
    assert_eq!(verdict.outcome, Outcome::Failed);
    assert_eq!(
        verdict.findings[0].sentence(),
        "container `app` ended with exit code 1: `mkdir: cannot create directory '/x': Read-only file system`"
    );
}

#[test]
fn an_exit_waits_a_moment_for_its_last_words() {
    let mut baseline = started();
    mark(&mut baseline, Moment::Ready, READY);
    let mut candidate = started();
    pod(&mut candidate, 2, crash);
    assert_eq!(early(&[&baseline], &candidate, 4 * NANOS), None);
    assert_eq!(
        early(&[&baseline], &candidate, 6 * NANOS).unwrap().findings[0].example,
        None
    );
}

#[test]
fn nobody_is_blamed_before_a_baseline_is_ready_or_for_what_a_baseline_does() {
    let mut candidate = started();
    pod(&mut candidate, 2, crash);
    assert_eq!(early(&[&started()], &candidate, 99 * NANOS), None);
    let mut baseline = started();
    mark(&mut baseline, Moment::Ready, READY);
    pod(&mut baseline, 2, crash);
    assert_eq!(early(&[&baseline], &candidate, 3 * NANOS), None);
}

#[test]
fn a_candidate_that_never_gets_ready_is_given_up() {
    let mut baseline = started();
    mark(&mut baseline, Moment::Ready, READY);
    let candidate = started();
    assert_eq!(early(&[&baseline], &candidate, 44 * NANOS), None);
    assert_eq!(
        early(&[&baseline], &candidate, 46 * NANOS).unwrap().outcome,
        Outcome::Failed
    );
}

#[test]
fn baselines_must_stand() {
    assert_eq!(agree(&[&run(&GOOD)]), Ok(()));
    let mut baseline = run(&GOOD);
    pod(&mut baseline, 5, crash);
    assert!(crashed(&baseline));
    assert_eq!(agree(&[&baseline]).unwrap_err()[0].rule, Rule::Exited);
    assert_eq!(agree(&[&started()]).unwrap_err()[0].rule, Rule::Interrupted);
}

#[test]
fn readiness_that_is_lost_fails() {
    let mut candidate = run(&GOOD);
    pod(&mut candidate, 3, |_| {});
    pod(&mut candidate, 8, |state| state.ready = false);
    pod(&mut candidate, 9, |_| {});
    let verdict = judge(&[&run(&GOOD), &run(&GOOD)], &candidate);
    assert_eq!(
        (verdict.outcome, verdict.findings[0].rule),
        (Outcome::Failed, Rule::ReadinessLost)
    );
}

#[test]
fn a_recording_with_holes_decides_nothing() {
    let mut candidate = started();
    mark(&mut candidate, Moment::Ready, READY);
    assert_eq!(
        judge(&[&run(&GOOD), &run(&GOOD)], &candidate).outcome,
        Outcome::Inconclusive
    );
}

#[test]
fn a_recording_that_lacks_lines_decides_nothing_and_says_which() {
    let mut candidate = run(&GOOD);
    candidate.fold(Sample::Gap(LogGap {
        source: source(),
        position: 6,
        cause: Cause::Rotated,
        message: String::new(),
    }));
    let verdict = judge(&[&run(&GOOD), &run(&GOOD)], &candidate);
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
    assert_eq!(
        verdict.findings[0].sentence(),
        "part of the recording is missing: the log of container `app` in Pod `p` was rotated before all of it was read"
    );
    assert_eq!(agree(&[&candidate]).unwrap_err()[0].rule, Rule::EvidenceLost);
    // What broke in what was read is evidence all the same.
    pod(&mut candidate, 5, crash);
    assert_eq!(judge(&[&run(&GOOD), &run(&GOOD)], &candidate).outcome, Outcome::Failed);
}

/// Three replicas that say so many lines each.
fn replicas(lines: [usize; 3]) -> Recording {
    let mut recording = started();
    mark(&mut recording, Moment::Ready, READY);
    mark(&mut recording, Moment::Complete, END);
    for (number, lines) in lines.into_iter().enumerate() {
        let mut source = source();
        source.pod = format!("p-{number}");
        source.pod_uid = format!("u-{number}");
        pod(&mut recording, 3, |state| {
            state.pod.clone_from(&source.pod);
            state.pod_uid.clone_from(&source.pod_uid);
        });
        let line = |n: usize| LogLine {
            time_nanos: READY + i64::try_from(n).unwrap() * NANOS / 2,
            text: format!("tick {n}").into_bytes(),
            cut_from: 0,
        };
        recording.fold(Sample::Logs(LogLines {
            source,
            first: 0,
            lines: (1..=lines).map(line).collect(),
            origin_nanos: 0,
        }));
    }
    recording
}

#[test]
fn one_replica_that_falls_silent_among_others_that_speak_fails() {
    let usual = replicas([25, 24, 26]);
    assert_eq!(
        judge(&[&usual, &usual], &replicas([20, 25, 24])).outcome,
        Outcome::Passed
    );
    for silent in [0, 2] {
        let verdict = judge(&[&usual, &usual], &replicas([26, silent, 25]));
        assert_eq!(
            (verdict.outcome, verdict.findings[0].rule),
            (Outcome::Failed, Rule::Silence)
        );
    }
}

#[test]
fn a_container_without_a_baseline_is_judged() {
    let mut candidate = run(&GOOD);
    let mut source = source();
    source.container = "late".into();
    candidate.fold(Sample::Logs(LogLines {
        source,
        first: 0,
        lines: vec![LogLine {
            time_nanos: 9 * NANOS,
            text: b"open /data: Permission denied".to_vec(),
            cut_from: 0,
        }],
        origin_nanos: 0,
    }));
    let verdict = judge(&[&run(&GOOD), &run(&GOOD)], &candidate);
    assert_eq!(verdict.outcome, Outcome::Failed);
    assert_eq!(verdict.findings[0].container.as_deref(), Some("late"));
}

//! TC-05.

use super::*;
use crate::recording::{Port, Probe, ProbeMode};

/// A run whose probe found this at each of its tries.
fn probed(tries: &[(ProbeMode, bool)]) -> Recording {
    let mut recording = run(&GOOD);
    for (second, (mode, passed)) in (3..).zip(tries) {
        recording.fold(Sample::Probe(Probe {
            name: "answers".into(),
            mode: *mode,
            time_nanos: second * NANOS,
            passed: *passed,
            message: if *passed { "" } else { "no answer on port 80" }.into(),
            port: None,
        }));
    }
    recording
}

const PASSES: [(ProbeMode, bool); 2] = [(ProbeMode::Continuous, true), (ProbeMode::End, true)];

fn against_good(tries: &[(ProbeMode, bool)]) -> Verdict {
    judge(&[&probed(&PASSES), &probed(&PASSES)], &probed(tries))
}

#[test]
fn a_probe_that_fails_fails_the_run_whatever_the_log_says() {
    let verdict = against_good(&[(ProbeMode::Continuous, true), (ProbeMode::End, false)]);
    assert_eq!(verdict.outcome, Outcome::Failed);
    assert_eq!(
        verdict.findings[0].sentence(),
        "probe `answers` failed at the end, and it passed in every baseline: `no answer on port 80`"
    );
    let verdict = against_good(&[false, true, false].map(|passed| (ProbeMode::Continuous, passed)));
    assert_eq!(verdict.outcome, Outcome::Failed);
    assert_eq!(
        verdict.findings[0].sentence(),
        "probe `answers` failed in 2 of 3 tries, and it passed in every baseline: `no answer on port 80`"
    );
}

#[test]
fn a_probe_may_fail_in_half_of_its_tries_but_not_at_the_end() {
    let half = [false, true].map(|passed| (ProbeMode::Continuous, passed));
    assert_eq!(against_good(&half).outcome, Outcome::Passed);
    let recovers = [
        (ProbeMode::Start, false),
        (ProbeMode::End, false),
        (ProbeMode::End, true),
        (ProbeMode::End, true),
    ];
    assert_eq!(against_good(&recovers).outcome, Outcome::Passed);
}

#[test]
fn a_failed_probe_outweighs_a_log_that_was_not_read_to_its_end() {
    let mut candidate = probed(&[(ProbeMode::End, false)]);
    candidate.fold(Sample::Gap(LogGap {
        source: source(),
        position: 6,
        cause: Cause::Rotated,
        message: String::new(),
    }));
    let verdict = judge(&[&probed(&PASSES), &probed(&PASSES)], &candidate);
    assert_eq!(verdict.outcome, Outcome::Failed);
}

#[test]
fn a_probe_that_fails_in_a_baseline_decides_nothing_and_baselines_that_differ_do_not_agree() {
    let bad = probed(&[(ProbeMode::End, false)]);
    let verdict = judge_asked(Resources::Off, &[&probed(&PASSES), &bad], &bad);
    assert_eq!(verdict.outcome, Outcome::Passed);
    assert_eq!(
        verdict.findings[0].sentence(),
        "probe `answers` fails in 1 of 2 baselines: it decides nothing"
    );
    assert_eq!(agree(&[&bad, &bad]), Ok(()));
    let apart = agree(&[&probed(&PASSES), &bad]).unwrap_err();
    assert_eq!(apart[0].rule, Rule::ProbeFailed);
}

#[test]
fn a_probe_that_was_not_tried_is_missed() {
    assert_eq!(against_good(&[]).outcome, Outcome::Warned);
    let only_here = judge(&[&probed(&[]), &probed(&PASSES)], &probed(&[(ProbeMode::End, false)]));
    assert_eq!(only_here.outcome, Outcome::Passed);
}

#[test]
fn a_pod_that_no_node_has_room_for_is_not_blamed_for_its_probe() {
    let mut candidate = started();
    pod(&mut candidate, 1, |state| {
        state.ready = false;
        state.containers[0].running = false;
        state.containers[0].waiting_reason = "ImagePullBackOff".into();
    });
    mark(&mut candidate, Moment::NeverReady, END);
    candidate.fold(Sample::Probe(Probe {
        name: "answers".into(),
        mode: ProbeMode::End,
        time_nanos: END,
        passed: false,
        message: String::new(),
        port: None,
    }));
    let verdict = judge(&[&probed(&PASSES), &probed(&PASSES)], &candidate);
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
}

#[test]
fn a_run_that_goes_on_fails_once_there_is_no_doubt() {
    let goes_on = |tries: &[(ProbeMode, bool)]| {
        let mut recording = started();
        mark(&mut recording, Moment::Ready, 2 * NANOS);
        for probe in probed(tries).probes() {
            recording.fold(Sample::Probe(probe.clone()));
        }
        let baselines = [&probed(&PASSES), &probed(&PASSES)];
        let verdict = early(&baselines, &recording, 9 * NANOS);
        let outcome = so_far(&baselines, &recording).map(|verdict| verdict.outcome);
        assert_eq!(verdict.is_some(), outcome == Some(Outcome::Failed));
        verdict.map(|verdict| verdict.findings[0].rule)
    };
    let all = |passed: &[bool]| {
        passed
            .iter()
            .map(|passed| (ProbeMode::Continuous, *passed))
            .collect::<Vec<_>>()
    };
    assert_eq!(goes_on(&all(&[false, false])), None, "it may need a moment");
    assert_eq!(
        goes_on(&all(&[false, false, true, true, false])),
        Some(Rule::ProbeFailed)
    );
    assert_eq!(goes_on(&all(&[false, false, true, true, true, false])), None);
    assert_eq!(
        goes_on(&[(ProbeMode::Start, false)]),
        Some(Rule::ProbeFailed),
        "it is tried no more"
    );
}

/// A run whose port answered this, once for each Pod.
fn asked(answers: &[Result<Option<u16>, &str>]) -> Recording {
    asked_in(run(&GOOD), answers)
}

fn asked_in(mut recording: Recording, answers: &[Result<Option<u16>, &str>]) -> Recording {
    for (second, answer) in (3..).zip(answers) {
        recording.fold(Sample::Probe(Probe {
            name: "port 21".into(),
            mode: ProbeMode::Start,
            time_nanos: second * NANOS,
            passed: answer.is_ok(),
            message: answer.err().unwrap_or_default().into(),
            port: Some(Port {
                number: 21,
                code: answer.ok().flatten(),
            }),
        }));
    }
    recording
}

#[test]
fn a_port_that_answers_worse_than_in_every_baseline_fails_the_run() {
    let well = asked(&[Ok(Some(220))]);
    let judged = |baselines: [&Recording; 2], answers: &[Result<Option<u16>, &str>]| {
        let verdict = judge(&baselines, &asked(answers));
        let mut fails = verdict.findings.iter().filter(|finding| finding.weight == Weight::Fail);
        fails.next().map(Finding::sentence)
    };
    let against_well = |answers: &[Result<Option<u16>, &str>]| judged([&well, &well], answers);
    assert_eq!(against_well(&[Ok(Some(230))]), None);
    assert_eq!(against_well(&[Ok(None)]), None, "it may answer otherwise");
    assert_eq!(
        against_well(&[Ok(Some(530))]).as_deref(),
        Some("port 21 answered with a code of 5xx, better in every baseline")
    );
    assert_eq!(
        against_well(&[Err("closed")]).as_deref(),
        Some("port 21 did not answer, better in every baseline: `closed`")
    );
    assert_eq!(against_well(&[]), None, "nobody asked");
    let pods = asked(&[Ok(Some(220)), Ok(Some(220))]);
    let one_is_silent = [Ok(Some(220)), Err("closed")];
    assert!(judged([&pods, &pods], &one_is_silent).is_some(), "each Pod must answer");
    assert!(owes_answers(&[&pods], &well) && !owes_answers(&[&well], &pods));
    let (refuses, silent) = (asked(&[Ok(Some(403))]), asked(&[Err("closed")]));
    assert_eq!(judged([&refuses, &refuses], &[Ok(Some(404))]), None);
    assert!(judged([&refuses, &refuses], &[Ok(Some(500))]).is_some());
    assert_eq!(
        judged([&well, &silent], &[Ok(Some(500))]),
        None,
        "nobody knows what is usual"
    );
    assert_eq!(agree(&[&well, &silent]), Ok(()), "nor is that the baselines' fault");
    let line = (9, "error: cannot open the store: Permission denied");
    let lines: Vec<(i64, &str)> = GOOD.into_iter().chain([line]).collect();
    let complains = asked_in(run(&lines), &[Err("closed")]);
    assert!(agree(&[&well, &complains]).is_err(), "and it hides no other difference");
}

//! Workloads that run to their end: their exit code and their time tell whether they work.

use super::*;

/// A run that is Ready at second 2, ends at this second with this code, and is recorded until then.
fn job(end: i64, code: i32) -> Recording {
    let mut recording = started();
    mark(&mut recording, Moment::Ready, READY);
    pod(&mut recording, 2, |_| {});
    pod(&mut recording, end, |state| finish(state, end, code));
    if code == 0 {
        mark(&mut recording, Moment::Complete, (end + 1) * NANOS);
    }
    recording
}

/// One that goes on when the recording ends.
fn endless(end: i64) -> Recording {
    let mut recording = started();
    mark(&mut recording, Moment::Ready, READY);
    pod(&mut recording, 2, |_| {});
    mark(&mut recording, Moment::Complete, end * NANOS);
    recording
}

fn finish(state: &mut PodState, second: i64, code: i32) {
    let is_good = code == 0;
    // The kubelet says Succeeded a little later.
    if is_good { "Running" } else { "Failed" }.clone_into(&mut state.phase);
    state.ready = is_good;
    let container = &mut state.containers[0];
    (container.ready, container.running) = (false, false);
    container.terminated = Some(Termination {
        exit_code: code,
        signal: 0,
        reason: if is_good { "Completed" } else { "Error" }.into(),
        message: String::new(),
        finished_nanos: second * NANOS,
    });
}

fn rules(baselines: &[&Recording], candidate: &Recording) -> (Outcome, Vec<Rule>) {
    let verdict = judge(baselines, candidate);
    let told = verdict
        .findings
        .iter()
        .filter(|finding| finding.rule != Rule::NotDecidable);
    (verdict.outcome, told.map(|finding| finding.rule).collect())
}

#[test]
fn an_end_with_0_is_no_fault() {
    let (one, two) = (job(5, 0), job(6, 0));
    assert!(agree(&[&one, &two]).is_ok());
    assert!(!crashed(&one));
    assert_eq!(rules(&[&one, &two], &job(7, 0)), (Outcome::Passed, vec![]));
    assert_eq!(early(&[&one, &two], &job(7, 0), 9 * NANOS), None);
}

#[test]
fn a_recording_ends_with_its_target() {
    let mut late = job(5, 0);
    mark(&mut late, Moment::Complete, 90 * NANOS);
    assert_eq!((late.run_nanos(), late.ended_at()), (Some(3 * NANOS), Some(6 * NANOS)));
    let mut restarted = endless(17);
    pod(&mut restarted, 9, |state| {
        finish(state, 9, 0);
        state.ready = false;
    });
    assert_eq!(
        restarted.run_nanos(),
        None,
        "a Pod that is not Ready now is started again"
    );
}

#[test]
fn an_end_with_another_code_fails_at_once() {
    let baselines = [&job(5, 0), &job(6, 0)];
    let verdict = early(&baselines, &job(4, 2), 9 * NANOS).unwrap();
    assert_eq!(verdict.outcome, Outcome::Failed);
    assert_eq!(verdict.findings[0].rule, Rule::Exited);
    assert!(crashed(&job(4, 2)), "nor is it a baseline");
}

#[test]
fn a_much_slower_run_is_a_warning() {
    // The slower baseline takes 4 s: three times that, and 5 s more.
    let baselines = [&job(5, 0), &job(6, 0)];
    assert_eq!(rules(&baselines, &job(19, 0)), (Outcome::Passed, vec![]));
    assert_eq!(rules(&baselines, &job(20, 0)), (Outcome::Warned, vec![Rule::SlowRun]));
    let verdict = judge(&baselines, &job(20, 0));
    assert_eq!(
        verdict.findings[0].sentence(),
        "the workload ran to its end within 18 s, the baselines within 4 s"
    );
}

#[test]
fn what_does_not_end_where_baselines_did_fails_once_it_had_the_time() {
    let baselines = [&job(5, 0), &job(6, 0)];
    assert_eq!(
        rules(&baselines, &endless(19)),
        (Outcome::Warned, vec![Rule::NeverEnded])
    );
    assert_eq!(
        rules(&baselines, &endless(20)),
        (Outcome::Failed, vec![Rule::NeverEnded])
    );
    assert_eq!(
        rules(&[&job(5, 0), &endless(20)], &endless(60)),
        (Outcome::Passed, vec![]),
        "where one baseline goes on, ending is no part of working"
    );
}

#[test]
fn what_hangs_is_not_waited_for_to_the_end() {
    let baselines = [&job(5, 0), &job(6, 0)];
    let mut hanging = started();
    mark(&mut hanging, Moment::Ready, READY);
    let overdue = next_look(&baselines, &hanging, 10 * NANOS).unwrap();
    assert_eq!(overdue, 19 * NANOS + 1);
    assert_eq!(early(&baselines, &hanging, overdue - 1), None);
    let verdict = early(&baselines, &hanging, overdue).unwrap();
    assert_eq!(
        (verdict.outcome, verdict.findings[0].rule),
        (Outcome::Failed, Rule::NeverEnded)
    );
    assert_eq!(early(&[&job(5, 0), &endless(20)], &hanging, 99 * NANOS), None);
}

#[test]
fn a_sidecar_that_is_killed_in_the_end_is_no_fault() {
    let with_sidecar = |recording: &mut Recording, is_done: bool| {
        pod(recording, 6, |state| {
            if is_done {
                finish(state, 6, 0);
            }
            let mut sidecar = state.containers[0].clone();
            sidecar.name = "side".into();
            sidecar.init = true;
            sidecar.running = false;
            sidecar.terminated = Some(Termination {
                exit_code: 137,
                ..Termination::default()
            });
            state.containers.push(sidecar);
        });
    };
    let mut done = job(8, 0);
    with_sidecar(&mut done, true);
    assert!(agree(&[&done]).is_ok());
    let mut broken = endless(17);
    with_sidecar(&mut broken, false);
    assert_eq!(agree(&[&broken]).unwrap_err()[0].rule, Rule::Exited);
}

use super::*;
use crate::oracle::Rule;
use crate::recording::{ContainerState, Mark, Moment, PodState, Probe, ProbeMode, Sample, Termination};

const SECOND: i64 = 1_000_000_000;

/// Marks at these seconds, each with the number of messages that its worker had published, and all of them received.
fn recording(marks: &[(Moment, i64, u64)]) -> Recording {
    let mut recording = Recording::new("clone");
    for (sequence, (moment, second, published)) in (1..).zip(marks) {
        recording.received(1, sequence);
        recording.fold(Sample::Mark(Mark {
            moment: *moment,
            time_nanos: second * SECOND,
            message: String::new(),
            published: *published,
            lost: 0,
            attempt: 1,
        }));
    }
    recording
}

fn whole() -> Recording {
    recording(&[
        (Moment::Started, 0, 0),
        (Moment::Ready, 2, 1),
        (Moment::Complete, 17, 2),
    ])
}

fn under_way() -> Recording {
    recording(&[(Moment::Started, 0, 0), (Moment::Ready, 2, 1)])
}

/// A run in its first attempt, recorded by a worker that goes on, and baselines that passed.
pub(crate) fn observed<'a>(
    phase: Phase,
    role: Role,
    recording: &'a Recording,
    baselines: impl IntoIterator<Item = &'a Recording>,
) -> Observed<'a> {
    Observed {
        phase,
        role,
        cancelled: false,
        has_place: false,
        attempt: 1,
        extent: Extent::Full,
        repairable: false,
        unseen: false,
        admission_due: false,
        promising: true,
        doubtful: false,
        job: Job::Active,
        recording,
        current: true,
        settled: true,
        baselines: baselines
            .into_iter()
            .map(|recording| Baseline {
                passed: true,
                lost: false,
                recording,
            })
            .collect(),
        resources: Resources::default(),
        now: 20 * SECOND,
    }
}

#[test]
fn a_run_goes_from_phase_to_phase() {
    let (start, ready, end) = (recording(&[(Moment::Started, 0, 0)]), under_way(), whole());
    let step = |phase, recording| next(&observed(phase, Role::Baseline, recording, &[]));
    assert_eq!(step(Phase::Pending, &start), Step::Wait(None));
    assert_eq!(step(Phase::Cloning, &start), Step::Clone);
    assert_eq!(step(Phase::Starting, &start), Step::Wait(None));
    assert_eq!(step(Phase::Starting, &ready), Step::Ready(2 * SECOND));
    assert_eq!(step(Phase::Recording, &ready), Step::Wait(None));
    assert_eq!(step(Phase::Recording, &end), Step::Judge);
    assert!(matches!(step(Phase::Judging, &end), Step::End(verdict) if verdict.outcome == Outcome::Passed));
    assert_eq!(step(Phase::Ended, &end), Step::Wait(None));
}

#[test]
fn nothing_follows_from_what_was_not_read_yet() {
    // A restarted controller has read the beginning only: no Ready, long after any baseline was.
    let (part, baselines) = (recording(&[(Moment::Started, -600, 0)]), [whole(), whole()]);
    let mut observed = observed(Phase::Recording, Role::Candidate, &part, &baselines);
    observed.current = false;
    observed.job = Job::Absent;
    assert_eq!(next(&observed), Step::Wait(None));
    observed.phase = Phase::Judging;
    assert_eq!(next(&observed), Step::Wait(None));
    observed.current = true;
    assert!(
        matches!(next(&observed), Step::Repeat(_)),
        "what was recorded is gone for good"
    );
}

#[test]
fn nobody_is_late_while_his_worker_could_not_publish() {
    let (start, baselines) = (recording(&[(Moment::Started, -600, 0)]), [under_way(), under_way()]);
    let mut seen = observed(Phase::Starting, Role::Candidate, &start, &baselines);
    seen.settled = false;
    assert_eq!(next(&seen), Step::Wait(Some(25 * SECOND)));
    seen.settled = true;
    assert!(matches!(next(&seen), Step::End(_)));
}

#[test]
fn what_may_be_recommended_is_tried_at_the_api_server_before_its_clone_goes() {
    let (end, baselines) = (whole(), [whole(), whole()]);
    let mut seen = observed(Phase::Recording, Role::Verification, &end, &baselines);
    seen.admission_due = true;
    assert_eq!(next(&seen), Step::Admit);
    seen.admission_due = false;
    assert_eq!(next(&seen), Step::Judge);
}

#[test]
fn what_runs_to_its_end_at_once_goes_through_every_step() {
    let (end, baselines) = (whole(), [under_way(), under_way()]);
    let mut seen = observed(Phase::Starting, Role::Verification, &end, &baselines);
    (seen.promising, seen.admission_due) = (false, true);
    assert_eq!(next(&seen), Step::Ready(2 * SECOND));
    seen.phase = Phase::Recording;
    assert_eq!(next(&seen), Step::Admit);
    seen.admission_due = false;
    assert_eq!(next(&seen), Step::Judge);
}

#[test]
fn what_nobody_could_look_at_is_run_once_more() {
    let (end, baselines) = (whole(), [whole(), whole()]);
    let mut seen = observed(Phase::Judging, Role::Verification, &end, &baselines);
    seen.unseen = true;
    assert!(matches!(next(&seen), Step::Repeat(_)));
    seen.attempt = 2;
    assert!(matches!(next(&seen), Step::End(_)));
}

#[test]
fn what_is_screened_ends_once_it_was_ready_for_a_while() {
    let (ready, baselines) = (under_way(), [under_way(), under_way()]);
    let mut seen = observed(Phase::Recording, Role::Candidate, &ready, &baselines);
    (seen.extent, seen.promising) = (Extent::Screening, false);
    let due = 2 * SECOND + 5 * SECOND;
    seen.now = due - 1;
    assert_eq!(next(&seen), Step::Wait(Some(due)));
    seen.now = due;
    assert!(matches!(next(&seen), Step::End(verdict) if verdict.outcome == Outcome::Passed));
}

#[test]
fn what_is_screened_is_asked_what_a_baseline_was() {
    let asked = |mut recording: Recording| {
        recording.fold(Sample::Probe(Probe {
            name: "port 80".into(),
            mode: ProbeMode::Start,
            time_nanos: 4 * SECOND,
            passed: true,
            message: String::new(),
            port: None,
        }));
        recording
    };
    let (ready, answered, baselines) = (under_way(), asked(under_way()), [asked(under_way()), under_way()]);
    let mut seen = observed(Phase::Recording, Role::Candidate, &ready, &baselines);
    (seen.extent, seen.promising) = (Extent::Screening, false);
    assert_eq!(next(&seen), Step::Wait(Some(2 * SECOND + ANSWERS_NANOS)));
    seen.recording = &answered;
    assert!(matches!(next(&seen), Step::End(_)));
    seen.recording = &ready;
    seen.now = 2 * SECOND + ANSWERS_NANOS;
    assert!(matches!(next(&seen), Step::End(_)), "it is not waited for for ever");
}

#[test]
fn a_lost_worker_is_replaced_and_lost_evidence_is_recorded_again() {
    let ready = under_way();
    let mut seen = observed(Phase::Recording, Role::Baseline, &ready, &[]);
    seen.job = Job::Failed("evicted".into());
    assert_eq!(next(&seen), Step::Retry("evicted".into()));
    seen.attempt = ATTEMPTS;
    assert_eq!(next(&seen), Step::GiveUp("evicted".into()));

    let nothing = Recording::new("clone");
    let mut seen = observed(Phase::Recording, Role::Baseline, &nothing, &[]);
    assert!(matches!(next(&seen), Step::Repeat(_)));
    seen.attempt = ATTEMPTS;
    assert!(matches!(next(&seen), Step::GiveUp(_)));

    let short = recording(&[
        (Moment::Started, 0, 0),
        (Moment::Ready, 2, 1),
        (Moment::Complete, 17, 9),
    ]);
    let seen = observed(Phase::Recording, Role::Candidate, &short, &[]);
    assert!(matches!(next(&seen), Step::Repeat(why) if why.contains("stream")));
}

#[test]
fn a_candidate_that_is_late_is_looked_at_in_time() {
    let (start, baselines) = (recording(&[(Moment::Started, 0, 0)]), [under_way(), under_way()]);
    let mut seen = observed(Phase::Starting, Role::Candidate, &start, &baselines);
    let Step::Wait(Some(late)) = next(&seen) else {
        panic!("time alone decides it: {:?}", next(&seen));
    };
    seen.now = late;
    let Step::End(verdict) = next(&seen) else {
        panic!("it is late: {:?}", next(&seen));
    };
    assert_eq!(
        verdict.findings.first().map(|finding| finding.rule),
        Some(Rule::NeverReady)
    );
}

#[test]
fn the_last_words_of_a_candidate_are_waited_for_but_not_for_ever() {
    let mut broken = recording(&[(Moment::Started, 0, 0)]);
    let end = Termination {
        exit_code: 1,
        signal: 0,
        reason: "Error".into(),
        message: String::new(),
        finished_nanos: 0,
    };
    broken.fold(Sample::Pod(PodState {
        pod: "p".into(),
        pod_uid: "u".into(),
        time_nanos: 19 * SECOND,
        phase: "Running".into(),
        ready: false,
        deleted: false,
        node: "n".into(),
        reason: String::new(),
        message: String::new(),
        containers: vec![ContainerState {
            name: "app".into(),
            init: false,
            ready: false,
            started: true,
            restarts: 0,
            waiting_reason: String::new(),
            waiting_message: String::new(),
            terminated: Some(end),
            running: false,
        }],
        target: true,
    }));
    let baselines = [under_way(), under_way()];
    let mut seen = observed(Phase::Starting, Role::Candidate, &broken, &baselines);
    assert_eq!(next(&seen), Step::Wait(Some(22 * SECOND)));
    seen.now = 22 * SECOND;
    assert!(matches!(next(&seen), Step::End(verdict) if verdict.outcome == Outcome::Failed));
}

#[test]
fn a_verdict_waits_for_both_baselines() {
    let (end, one) = (whole(), [whole()]);
    assert_eq!(
        next(&observed(Phase::Judging, Role::Candidate, &end, &one)),
        Step::Wait(None)
    );
    let half = [whole(), under_way()];
    assert_eq!(
        next(&observed(Phase::Judging, Role::Candidate, &end, &half)),
        Step::Wait(None)
    );
    let both = [whole(), whole()];
    assert!(matches!(
        next(&observed(Phase::Judging, Role::Candidate, &end, &both)),
        Step::End(_)
    ));
}

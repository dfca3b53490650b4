//! TC-04.

use proptest::prelude::*;

use super::*;
use crate::recording::Usage;

/// Five points in the fifteen seconds of [`run`], with so many CPU milliseconds, MiB of memory and KiB sent in all.
fn used(cpu: u64, memory: u64, sent: u64) -> Recording {
    let mut recording = run(&GOOD);
    for step in 0..=4 {
        let time_nanos = READY + i64::try_from(step).unwrap() * (END - READY) / 4;
        recording.fold(Sample::Usage(Usage {
            source: source(),
            time_nanos,
            cpu_core_nanos: Some(cpu * step * 250_000),
            memory_working_set_bytes: Some(memory << 20),
            ..Usage::default()
        }));
        let mut pod = source();
        pod.container.clear();
        recording.fold(Sample::Usage(Usage {
            source: pod,
            time_nanos,
            network_sent_bytes: Some(sent * step * 256),
            ..Usage::default()
        }));
    }
    recording
}

fn sentences(verdict: &Verdict) -> Vec<String> {
    verdict.findings.iter().map(Finding::sentence).collect()
}

fn against_usual(candidate: &Recording) -> Verdict {
    judge(&[&used(2100, 60, 900), &used(2400, 61, 1000)], candidate)
}

#[test]
fn one_difference_is_told_and_two_of_one_direction_warn() {
    let verdict = against_usual(&used(600, 60, 900));
    assert_eq!(verdict.outcome, Outcome::Passed);
    assert_eq!(
        sentences(&verdict),
        ["container `app` used 0.6 CPU seconds; the baselines 2.1 and 2.4"]
    );
    let verdict = against_usual(&used(600, 60, 200));
    assert_eq!(verdict.outcome, Outcome::Warned);
    assert_eq!(
        sentences(&verdict),
        [
            "the workload used 200.0 KiB of network traffic; the baselines 900.0 KiB and 1000.0 KiB",
            "container `app` used 0.6 CPU seconds; the baselines 2.1 and 2.4"
        ]
    );
    let verdict = against_usual(&used(600, 90, 950));
    assert_eq!(verdict.outcome, Outcome::Passed, "two that point apart");
    assert_eq!(verdict.findings.len(), 2);
}

#[test]
fn what_is_all_but_gone_warns_alone() {
    assert_eq!(against_usual(&used(100, 60, 900)).outcome, Outcome::Warned);
}

#[test]
fn a_check_may_ask_for_more_or_for_less() {
    let baselines = [&used(2100, 60, 900), &used(2400, 61, 1000)];
    let candidate = used(600, 60, 900);
    let outcome = |resources| judge_asked(resources, &baselines, &candidate).outcome;
    assert_eq!(outcome(Resources::Fail), Outcome::Failed);
    assert_eq!(outcome(Resources::Flag), Outcome::Passed);
    let nothing = judge_asked(Resources::Off, &baselines, &used(0, 0, 0));
    assert_eq!((nothing.outcome, nothing.findings.len()), (Outcome::Passed, 0));
}

#[test]
fn baselines_that_differ_or_numbers_that_are_missing_decide_nothing() {
    let verdict = judge_asked(
        Resources::Fail,
        &[&used(2100, 60, 900), &used(400, 61, 1000)],
        &used(9000, 60, 900),
    );
    assert_eq!(verdict.outcome, Outcome::Passed);
    assert_eq!(
        sentences(&verdict),
        ["of container `app`, CPU cannot be compared: the baselines used 2.1 and 0.4"]
    );
    let verdict = judge_asked(Resources::Fail, &[&used(2100, 60, 900), &run(&GOOD)], &used(1, 1, 1));
    assert_eq!(verdict.outcome, Outcome::Passed);
    assert_eq!(sentences(&verdict), ["too little was measured to compare resources"]);
}

#[test]
fn a_container_that_must_wait_for_cpu_where_no_baseline_must_fails() {
    let quota_of = |containers: &[&str], waited: u64| {
        let mut recording = used(2100, 60, 900);
        for (container, step) in containers.iter().flat_map(|name| (0..=2).map(move |step| (name, step))) {
            let mut source = source();
            source.container = (*container).to_owned();
            recording.fold(Sample::Usage(Usage {
                source,
                time_nanos: READY + i64::try_from(step).unwrap() * 7 * NANOS,
                cpu_periods: Some(70 * step),
                cpu_throttled_periods: Some(waited * step),
                ..Usage::default()
            }));
        }
        recording
    };
    let quota = |waited: u64| quota_of(&["app", ""], waited);
    let verdict = judge(&[&quota(0), &quota(0)], &quota(35));
    assert_eq!(verdict.outcome, Outcome::Failed);
    assert_eq!(
        sentences(&verdict),
        ["container `app` had to wait in 50 % of its CPU periods; the baselines in 0.0 % and 0.0 %"]
    );
    let of_pod = judge(&[&quota(0), &quota(0)], &quota_of(&[""], 35));
    assert_eq!(of_pod.findings[0].container, None);
    assert_eq!(judge(&[&quota(0), &quota(20)], &quota(35)).outcome, Outcome::Passed);
    assert_eq!(
        judge(&[&quota(0), &used(2100, 60, 900)], &quota(35)).outcome,
        Outcome::Passed
    );
}

proptest! {
    #[test]
    fn a_run_uses_no_other_amount_than_itself(cpu in 0_u64..100_000, memory in 0_u64..5000, sent in 0_u64..100_000) {
        let run = used(cpu, memory, sent);
        let verdict = judge_asked(Resources::Fail, &[&run, &run], &run);
        prop_assert_eq!(verdict.findings, vec![]);
    }

    #[test]
    fn flags_never_fail(of in proptest::collection::vec((0_u64..10_000, 0_u64..500, 0_u64..5000), 3)) {
        let runs: Vec<Recording> = of.iter().map(|(cpu, memory, sent)| used(*cpu, *memory, *sent)).collect();
        let verdict = judge(&[&runs[0], &runs[1]], &runs[2]);
        prop_assert_ne!(verdict.outcome, Outcome::Failed);
    }
}

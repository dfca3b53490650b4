//! Workloads of the thesis, and of those the cases that are easily judged wrongly.

use proptest::prelude::*;

use super::*;
use crate::recording::ClusterEvent;

const WORDS: [&str; 6] = [
    "tick 7",
    "Error: no",
    "x: Permission denied",
    "level=warn msg=slow",
    REFUSE,
    EMERG,
];

proptest! {
    #[test]
    fn a_run_is_no_worse_than_itself(
        lines in proptest::collection::vec((0_i64..18, prop::sample::select(WORDS.to_vec())), 0..60),
    ) {
        let run = run(&lines);
        prop_assert_eq!(judge(&[&run, &run], &run).outcome, Outcome::Passed);
    }
}

const PERMIT: &str = "[2026-11-24 10:00:01+00:00] Running as root user.";
const REFUSE: &str = "[2026-11-24 10:00:01+00:00] Error: This script must be run as root.";
const NOTICE: &str = "10-listen-on-ipv6-by-default.sh: info: can not modify /etc/nginx/conf.d/default.conf \
                      (read-only file system?)";
const USER_WARNING: &str = "2026/11/24 10:00:00 [warn] 1#1: the \"user\" directive makes sense only if the master \
                            process runs with super-user privileges, ignored in /etc/nginx/nginx.conf:2";
const EMERG: &str = "2026/11/24 10:00:00 [emerg] 1#1: mkdir() \"/var/cache/nginx/client_temp\" failed \
                     (30: Read-only file system)";
const SERVER: [(i64, &str); 3] = [
    (1, "/docker-entrypoint.sh: Configuration complete; ready for start up"),
    (1, "2026/11/24 10:00:00 [notice] 1#1: nginx/1.29.0"),
    (1, "2026/11/24 10:00:00 [notice] 1#1: start worker processes"),
];

fn ticks(line: &'static str) -> Vec<(i64, &'static str)> {
    [1, 6, 11, 16].map(|second| (second, line)).to_vec()
}

/// A container without a probe is ready as soon as it runs.
fn without_probe(lines: &[(i64, &str)]) -> Recording {
    let mut recording = run(lines);
    pod(&mut recording, 2, |_| {});
    recording
}

fn verdict_on(usual: &[(i64, &str)], lines: &[(i64, &str)]) -> Verdict {
    judge(&[&without_probe(usual), &without_probe(usual)], &without_probe(lines))
}

#[test]
fn scripts_that_say_error_instead_fail_and_the_error_comes_first() {
    let verdict = verdict_on(&ticks(PERMIT), &ticks(REFUSE));
    assert_eq!(verdict.outcome, Outcome::Failed);
    assert_eq!(verdict.findings[0].example.as_deref(), Some(REFUSE));
    let later = "[2026-12-01 23:59:59+00:00] Running as root user.";
    assert_eq!(verdict_on(&ticks(PERMIT), &ticks(later)).outcome, Outcome::Passed);
}

#[test]
fn a_bind_that_is_denied_once_fails_though_the_script_goes_on() {
    let open = "Port 80 is now open for binding.";
    let mut lines = ticks(open);
    lines.push((1, "Ncat: bind to 127.0.0.1:80: Permission denied. QUITTING."));
    assert_eq!(verdict_on(&ticks(open), &lines).outcome, Outcome::Failed);
}

#[test]
fn a_web_servers_notices_at_the_start_are_warnings() {
    for line in [NOTICE, USER_WARNING] {
        let mut lines = SERVER.to_vec();
        lines.push((1, line));
        assert_eq!(verdict_on(&SERVER, &lines).outcome, Outcome::Warned, "{line}");
    }
    assert_eq!(verdict_on(&SERVER, &SERVER).outcome, Outcome::Passed);
}

#[test]
fn a_web_server_that_cannot_start_fails_early_and_its_last_words_say_why() {
    let mut baseline = started();
    mark(&mut baseline, Moment::Ready, READY);
    let mut candidate = started();
    say(&mut candidate, &[(1, NOTICE), (1, EMERG)]);
    pod(&mut candidate, 2, crash);
    let verdict = early(&[&baseline], &candidate, 3 * NANOS).unwrap();
    assert_eq!(
        (verdict.outcome, verdict.findings[0].rule),
        (Outcome::Failed, Rule::Exited)
    );
    assert_eq!(verdict.findings[0].example.as_deref(), Some(EMERG));
}

#[test]
fn a_server_that_answers_with_errors_fails() {
    let good = r#"10.0.0.1 - - [24/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 615 "-" "probe""#;
    let bad = r#"10.0.0.2 - - [24/Nov/2026:10:00:07 +0000] "GET / HTTP/1.1" 500 9 "-" "probe""#;
    assert_eq!(verdict_on(&ticks(good), &ticks(bad)).outcome, Outcome::Failed);
}

#[test]
fn a_complaint_before_a_probe_succeeds_is_a_warning() {
    let mut lines = ticks(PERMIT);
    lines.push((1, "cannot write the pid file: Permission denied"));
    let mut candidate = run(&lines);
    assert_eq!(judge(&[&run(&ticks(PERMIT))], &candidate).outcome, Outcome::Warned);
    pod(&mut candidate, 2, |_| {});
    assert_eq!(judge(&[&run(&ticks(PERMIT))], &candidate).outcome, Outcome::Failed);
    pod(&mut candidate, 1, |state| state.containers[0].ready = false);
    assert_eq!(judge(&[&run(&ticks(PERMIT))], &candidate).outcome, Outcome::Warned);
}

#[test]
fn what_ends_with_0_and_restarts_is_compared_and_never_ended_early() {
    let restarts = |count: u32| {
        let mut recording = run(&ticks(PERMIT));
        pod(&mut recording, 5, |state| state.containers[0].restarts = count);
        recording
    };
    assert_eq!(
        judge(&[&restarts(2), &restarts(2)], &restarts(2)).outcome,
        Outcome::Passed
    );
    let verdict = judge(&[&restarts(2), &restarts(2)], &restarts(3));
    assert_eq!(
        (verdict.outcome, verdict.findings[0].rule),
        (Outcome::Failed, Rule::Restarted)
    );
    assert_eq!(early(&[&restarts(2)], &restarts(3), END), None);
}

#[test]
fn a_cluster_that_is_in_the_way_is_not_blamed_on_the_candidate() {
    let baseline = run(&ticks(PERMIT));
    let mut unplaced = started();
    pod(&mut unplaced, 1, |state| {
        state.node.clear();
        state.ready = false;
        state.containers.clear();
    });
    unplaced.fold(Sample::Event(ClusterEvent {
        uid: "e".into(),
        time_nanos: NANOS,
        type_: "Warning".into(),
        reason: "FailedScheduling".into(),
        message: "0/1 nodes are available: 1 Insufficient cpu.".into(),
        object_kind: "Pod".into(),
        object_name: "p".into(),
        count: 1,
    }));
    let mut no_image = started();
    pod(&mut no_image, 1, |state| {
        state.ready = false;
        state.containers[0].running = false;
        state.containers[0].waiting_reason = "ImagePullBackOff".into();
    });
    for (mut candidate, rule) in [(unplaced, Rule::Unschedulable), (no_image, Rule::ImageNotPulled)] {
        assert_eq!(early(&[&baseline], &candidate, 999 * NANOS), None);
        mark(&mut candidate, Moment::NeverReady, 999 * NANOS);
        let verdict = judge(&[&baseline, &baseline], &candidate);
        assert_eq!(
            (verdict.outcome, verdict.findings[0].rule),
            (Outcome::Inconclusive, rule)
        );
    }
}

#[test]
fn an_image_that_a_baseline_cannot_pull_is_the_baselines_fault() {
    let mut baseline = started();
    pod(&mut baseline, 1, |state| {
        state.containers[0].waiting_reason = "ErrImagePull".into();
    });
    assert!(crashed(&baseline));
    assert_eq!(agree(&[&baseline]).unwrap_err()[0].rule, Rule::ImageNotPulled);
}

#[test]
fn a_container_that_no_baseline_has_is_judged_by_what_it_says() {
    assert_eq!(judge(&[&run(&[])], &run(&ticks(REFUSE))).outcome, Outcome::Failed);
    assert_eq!(judge(&[&run(&[])], &run(&ticks(PERMIT))).outcome, Outcome::Passed);
}

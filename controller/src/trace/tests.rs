use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;
use temper_api::CheckPhase;
use temper_core::trace::{Outcome, Value, phases};

use super::*;

/// A run that passed at its second attempt.
pub(crate) fn run() -> CheckRun {
    serde_json::from_value(json!({
        "apiVersion": "temper.dev/v1alpha1",
        "kind": "CheckRun",
        "metadata": {
            "name": "web-all",
            "namespace": "shop",
            "uid": "run-uid",
            "creationTimestamp": "2026-01-01T12:00:00Z",
            "annotations": {annotation::TRACEPARENT: of_runs(&check())}
        },
        "spec": {
            "check": {"name": "web", "uid": "0b5f6c1e-1111-2222-3333-444455556666"},
            "run": "all",
            "role": "Verification",
            "targetRef": {"kind": "Deployment", "name": "web"},
            "settings": ["runAsNonRoot"],
            "recordingSeconds": 20
        },
        "status": {
            "phase": "Passed",
            "attempt": 2,
            "cloneNamespace": "temper-web-0b5f6c1e-all",
            "startedAt": "2026-01-01T12:00:01.000000Z",
            "clonedAt": "2026-01-01T12:00:11.000000Z",
            "readyAt": "2026-01-01T12:00:04.000000Z",
            "recordedAt": "2026-01-01T12:00:40.000000Z",
            "endedAt": "2026-01-01T12:00:41.500000Z",
            "outcome": "Passed",
            "lostAttempts": [{
                "attempt": 1,
                "clonedAt": "2026-01-01T12:00:02.000000Z",
                "readyAt": "2026-01-01T12:00:04.000000Z",
                "endedAt": "2026-01-01T12:00:10.000000Z",
                "message": "the worker's Job is gone"
            }]
        }
    }))
    .unwrap()
}

fn check() -> WorkloadHardeningCheck {
    serde_json::from_value(json!({
        "apiVersion": "temper.dev/v1alpha1",
        "kind": "WorkloadHardeningCheck",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "0b5f6c1e-1111-2222-3333-444455556666",
            "generation": 1,
            "creationTimestamp": "2026-01-01T11:59:59Z"
        },
        "spec": {"targetRef": {"kind": "Deployment", "name": "web"}}
    }))
    .unwrap()
}

#[test]
fn a_run_belongs_to_the_trace_of_its_check() {
    let (check, mut run) = (check(), run());
    assert_eq!(of_run(&run), of_check(&check));
    let root = trace::check(&root(&check, &CheckStatus::default()));
    let spans = trace::run(&facts(&run, &run.status.clone().unwrap(), "temper-runs"), &[]);
    assert_eq!((spans[0].trace, spans[0].parent), (root.trace, Some(root.id)));
    let worker = parse_traceparent(&of_worker(&run, 2)).unwrap();
    assert!(
        spans
            .iter()
            .any(|span| span.name == "job" && (span.trace, span.id) == worker)
    );
    run.metadata.annotations = None;
    assert_eq!(of_run(&run), of_check(&check), "a run of an older controller");
}

#[test]
fn a_deletion_does_not_change_the_trace() {
    let check = check();
    let mut deleted = check.clone();
    deleted.status = Some(CheckStatus {
        trace_id: Some(of_check(&check).to_string()),
        phase: Some(CheckPhase::Recording),
        ..CheckStatus::default()
    });
    deleted.metadata.generation = Some(2);
    deleted.metadata.deletion_timestamp = Some(Time("2026-01-01T12:00:05Z".parse().unwrap()));
    assert_eq!(of_check(&deleted), of_check(&check));
    let facts = root(&deleted, &deleted.status.clone().unwrap());
    assert_eq!(
        (facts.reason.as_str(), facts.failed, facts.verified),
        ("Deleted", false, false)
    );
}

#[test]
fn a_status_holds_every_boundary() {
    let run = run();
    let facts = facts(&run, &run.status.clone().unwrap(), "temper-runs");
    let told = phases(&facts);
    let told: Vec<_> = told
        .iter()
        .map(|phased| {
            (
                phased.phase.name(),
                phased.attempt,
                (phased.end_nanos - facts.created) / 1_000_000,
            )
        })
        .collect();
    let expected = [
        ("wait", None, 1_000),
        ("clone", Some(1), 2_000),
        ("start", Some(1), 4_000),
        ("record", Some(1), 10_000),
        ("clone", Some(2), 11_000),
        ("start", Some(2), 11_000),
        ("record", Some(2), 40_000),
        ("judge", None, 41_500),
    ];
    assert_eq!(told, expected);
    assert_eq!(facts.outcome, Outcome::Passed);
    let jobs: Vec<_> = facts.attempts.iter().map(|attempt| attempt.job.as_str()).collect();
    assert_eq!(jobs, ["temper-web-0b5f6c1e-all-1", "temper-web-0b5f6c1e-all-2"]);
}

#[test]
fn a_check_that_ended_says_how() {
    let status: CheckStatus = serde_json::from_value(json!({
        "phase": "Complete",
        "summary": "6/7",
        "conditions": [
            {"type": "Complete", "status": "True", "reason": "Verified", "message": "6 of 7 settings are proven",
             "lastTransitionTime": "2026-01-01T12:01:00Z"},
            {"type": "Verified", "status": "True", "reason": "Verified", "message": "6 of 7 settings are proven",
             "lastTransitionTime": "2026-01-01T12:01:00Z"}
        ],
        "timings": {"completedAt": "2026-01-01T12:01:00.250000Z", "recordingSeconds": 20}
    }))
    .unwrap();
    let span = trace::check(&root(&check(), &status));
    assert_eq!(span.end_nanos - span.start_nanos, 61_250_000_000);
    for attribute in [
        ("temper.check.reason", Value::Text("Verified".to_owned())),
        ("temper.check.verified", Value::Flag(true)),
        ("temper.check.summary", Value::Text("6/7".to_owned())),
    ] {
        assert!(span.attributes.contains(&attribute), "{:?}", span.attributes);
    }
}

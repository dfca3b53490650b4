use kube::runtime::reflector;
use kube::runtime::watcher::Event;
use prometheus_client::encoding::text::encode;
use serde_json::json;
use temper_api::{FindingWeight, WorkloadHardeningCheck};

use super::*;
use crate::trace::facts;

fn text(all: &Registry) -> String {
    let mut text = String::new();
    encode(&mut text, all).unwrap();
    text
}

/// The lines of a metric that hold something, without its buckets.
fn lines(all: &Registry, name: &str) -> Vec<String> {
    let of = |line: &&str| line.starts_with(&format!("temper_{name}")) && !line.contains("_bucket{");
    text(all).lines().filter(of).map(str::to_owned).collect()
}

fn finding() -> FindingRecord {
    FindingRecord {
        oracle: "TC-03".to_owned(),
        rule: "NewMessage".to_owned(),
        weight: FindingWeight::Warn,
        container: None,
        template: None,
        example: None,
        baseline_counts: vec![],
        count: 1,
        message: "new".to_owned(),
    }
}

#[tokio::test]
async fn names_and_kinds_are_a_promise() {
    let (metrics, all) = Metrics::register();
    let run = crate::trace::tests::run();
    metrics.run_ended(&facts(&run, &run.status.clone().unwrap(), "temper-runs"), &[finding()]);
    metrics.check_ended("Verified", 1.0);
    metrics.request_failed(&Error::Timeout { seconds: 60 });
    metrics.timed("CheckRun", async {}).await;
    let (kind, category) = ("CheckRun", "status");
    drop(metrics.reconcile_failures.get_or_create(&Failure { kind, category }));
    let text = text(&all);
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    insta::assert_snapshot!(names.join("\n"), @r"
    temper_check_duration_seconds histogram
    temper_runs_ended counter
    temper_run_phase_duration_seconds histogram
    temper_workers_replaced counter
    temper_places_held gauge
    temper_runs_waiting gauge
    temper_clones gauge
    temper_orphans_removed counter
    temper_findings counter
    temper_messages_ingested counter
    temper_messages_malformed counter
    temper_ingest_delay_seconds histogram
    temper_reconcile_duration_seconds histogram
    temper_reconcile_failures counter
    temper_kubernetes_request_errors counter
    temper_leader gauge
    temper_spans_exported counter
    temper_spans_lost counter
    temper_checks gauge
    ");
}

#[test]
fn a_run_that_ended_is_counted_with_its_phases_and_findings() {
    let (metrics, all) = Metrics::register();
    let run = crate::trace::tests::run();
    metrics.run_ended(&facts(&run, &run.status.clone().unwrap(), "temper-runs"), &[finding()]);
    assert_eq!(
        lines(&all, "runs_ended"),
        [r#"temper_runs_ended_total{outcome="passed",role="verification"} 1"#]
    );
    assert_eq!(
        lines(&all, "findings"),
        [r#"temper_findings_total{rule="NewMessage",weight="Warn"} 1"#]
    );
    let phases = lines(&all, "run_phase_duration_seconds");
    for line in [
        r#"temper_run_phase_duration_seconds_sum{phase="wait"} 1.0"#,
        r#"temper_run_phase_duration_seconds_count{phase="clone"} 2"#,
        r#"temper_run_phase_duration_seconds_sum{phase="record"} 35.0"#,
        r#"temper_run_phase_duration_seconds_sum{phase="judge"} 1.5"#,
    ] {
        assert!(phases.iter().any(|found| found == line), "{line} is not in {phases:#?}");
    }
}

#[test]
fn checks_are_counted_by_what_they_say_and_labels_stay_few() {
    let (metrics, all) = Metrics::register();
    assert_eq!(lines(&all, "checks"), [""; 0]);
    let (store, mut writer) = reflector::store();
    metrics.checks.count(store);
    for (name, reason) in [("a", "Verified"), ("b", "Verified"), ("c", "somebody wrote this")] {
        let check: WorkloadHardeningCheck = serde_json::from_value(json!({
            "apiVersion": "temper.dev/v1alpha1",
            "kind": "WorkloadHardeningCheck",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"targetRef": {"kind": "Deployment", "name": "web"}},
            "status": {"phase": "Complete", "conditions": [{
                "type": "Complete", "status": "True", "reason": reason, "message": "",
                "lastTransitionTime": "2026-01-01T12:00:00Z"
            }]}
        }))
        .unwrap();
        writer.apply_watcher_event(&Event::Apply(check));
    }
    assert_eq!(
        lines(&all, "checks"),
        [
            r#"temper_checks{phase="Complete",reason="Other"} 1"#,
            r#"temper_checks{phase="Complete",reason="Verified"} 2"#,
        ]
    );
    metrics.check_ended("Verified", 61.0);
    metrics.check_ended("somebody wrote this", 1.0);
    assert_eq!(lines(&all, "check_duration_seconds").len(), 4);
}

#[test]
fn lost_workers_and_refused_requests_have_categories() {
    let (metrics, all) = Metrics::register();
    metrics.worker_replaced(&Job::Failed("BackoffLimitExceeded".to_owned()));
    metrics.worker_replaced(&Job::Absent);
    metrics.request_failed(&Error::Timeout { seconds: 60 });
    let conflict = kube::core::Status {
        code: 409,
        ..kube::core::Status::default()
    };
    metrics.request_failed(&Error::Status {
        source: kube::Error::Api(Box::new(conflict)),
    });
    let replaced = lines(&all, "workers_replaced");
    assert!(replaced.contains(&r#"temper_workers_replaced_total{reason="failed"} 1"#.to_owned()));
    assert!(replaced.contains(&r#"temper_workers_replaced_total{reason="ended_early"} 0"#.to_owned()));
    let errors = lines(&all, "kubernetes_request_errors");
    assert!(errors.contains(&r#"temper_kubernetes_request_errors_total{category="timeout"} 1"#.to_owned()));
    assert!(errors.contains(&r#"temper_kubernetes_request_errors_total{category="conflict"} 1"#.to_owned()));
}

#[tokio::test]
async fn a_reconcile_is_measured_whatever_comes_of_it() {
    let (metrics, all) = Metrics::register();
    let outcome: Result<(), ()> = metrics.timed("CheckRun", async { Err(()) }).await;
    assert_eq!(outcome, Err(()));
    let counted = lines(&all, "reconcile_duration_seconds");
    assert!(counted.contains(&r#"temper_reconcile_duration_seconds_count{kind="CheckRun"} 1"#.to_owned()));
}

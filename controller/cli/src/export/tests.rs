use kube::core::response::Status;
use serde_json::json;

use super::*;
use crate::{
    conversation::{Answer, cluster, failure, list},
    printer::explanation,
    sample::check,
};

/// A check of this name whose runs have ended, and were taken away.
fn ended(name: &str) -> WorkloadHardeningCheck {
    let mut check = check("verified");
    check.metadata.name = Some(name.to_owned());
    check.metadata.uid = Some("the-check".to_owned());
    check
}

#[tokio::test]
async fn a_run_is_found_by_its_name() {
    let run = json!({
        "apiVersion": "temper.dev/v1alpha1", "kind": "CheckRun",
        "metadata": {"name": "nginx-all", "namespace": "web", "uid": "the-run"},
        "spec": {
            "check": {"name": "nginx", "uid": "the-check"}, "run": "all", "role": "Candidate",
            "targetRef": {"kind": "Deployment", "name": "nginx"}, "settings": ["runAsNonRoot"], "recordingSeconds": 60,
        },
        "status": {"phase": "Judging", "attempt": 3, "cloneAttempt": 2},
    });
    let (cluster, _) = cluster(vec![("GET checkruns/nginx-all", Answer::Once(200, run))]).await;
    let wanted = find(&cluster, "nginx-all").await.unwrap();
    assert_eq!(
        (wanted.uid.as_deref(), wanted.first_attempt, wanted.ended),
        (Some("the-run"), 2, false)
    );
    assert_eq!(wanted.settings, ["runAsNonRoot"]);
}

#[test]
fn of_an_ended_check_its_status_tells() {
    let check = ended("a-check");
    let name = check.status.as_ref().unwrap().runs[0].name.clone();
    let Some(Remembered::One(wanted)) = remembered(&check, &format!("a-check-{name}")) else {
        panic!("no run `{name}`");
    };
    assert_eq!(
        (wanted.run, wanted.check.uid.as_str(), wanted.uid),
        (name, "the-check", None)
    );
    assert!(remembered(&check, "a-check-nonsense").is_none() && remembered(&check, "a-check").is_none());
}

#[test]
fn of_several_attempts_an_ended_check_does_not_tell_which() {
    let mut check = ended("c");
    let summary = &mut check.status.as_mut().unwrap().runs[0];
    summary.attempts = Some(2);
    let name = format!("c-{}", summary.name);
    assert!(matches!(
        remembered(&check, &name),
        Some(Remembered::Mixed { attempts: 2 })
    ));
}

#[tokio::test]
async fn no_such_run() {
    let (cluster, _) = cluster(vec![
        ("GET checkruns/x", Answer::Once(404, failure(404, "NotFound", "x"))),
        ("LIST checks", Answer::Once(200, list(&[]))),
    ])
    .await;
    let error = find(&cluster, "x").await.unwrap_err();
    insta::assert_snapshot!(explanation(&error.into()));
}

#[test]
fn a_missing_right_is_told() {
    let denied = Status::failure("secrets \"temper-nats-reader\" is forbidden", "Forbidden").with_code(403);
    let error = temper_stream::Error::Kubernetes {
        verb: "get",
        what: "secret `temper-nats-reader`".to_owned(),
        namespace: "temper-system".to_owned(),
        source: Box::new(kube::Error::Api(denied.boxed())),
    };
    insta::assert_snapshot!(explanation(&refused(error, "temper-system").into()));
    let error = temper_stream::Error::NoServer {
        namespace: "temper-system".to_owned(),
    };
    insta::assert_snapshot!(explanation(&refused(error, "temper-system").into()));
}

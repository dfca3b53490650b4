use serde_json::json;
use temper_api::{LostAttempt, Recommendation};

use super::*;

fn conditions(list: &[(&str, bool, &str)]) -> CheckStatus {
    let condition = |(kind, value, reason): &(&str, bool, &str)| {
        let status = if *value { "True" } else { "False" };
        json!({"type": kind, "status": status, "reason": reason, "message": format!("because {reason}"),
            "lastTransitionTime": "2026-01-01T12:00:00Z"})
    };
    let list: Vec<_> = list.iter().map(condition).collect();
    serde_json::from_value(json!({"target": "Deployment/web", "conditions": list})).unwrap()
}

fn told(news: &[News]) -> Vec<(bool, &str)> {
    let warns = |news: &News| news.type_ == EventType::Warning;
    news.iter().map(|news| (warns(news), news.reason.as_str())).collect()
}

fn of_role(role: RunRole) -> CheckRun {
    let mut run = crate::trace::tests::run();
    run.spec.role = role;
    run
}

fn status(phase: RunPhase, outcome: Option<Outcome>) -> CheckRunStatus {
    CheckRunStatus {
        phase,
        outcome,
        attempt: 1,
        ..CheckRunStatus::default()
    }
}

#[test]
fn a_change_of_a_check_is_told_once() {
    let waiting = conditions(&[
        ("Accepted", false, "TargetNotReady"),
        ("Complete", false, "TargetNotReady"),
    ]);
    let accepted = conditions(&[("Accepted", true, "Accepted"), ("Complete", false, "Recording")]);
    let searching = CheckStatus {
        phase: Some(CheckPhase::Searching),
        ..accepted.clone()
    };
    let mut verified = conditions(&[
        ("Accepted", true, "Accepted"),
        ("Complete", true, "Verified"),
        ("Verified", true, "Verified"),
    ]);
    verified.recommendation = Some(Recommendation::default());
    let mut cleaned = conditions(&[
        ("Accepted", true, "Accepted"),
        ("CleanedUp", true, "CleanedUp"),
        ("Complete", true, "Verified"),
        ("Verified", true, "Verified"),
    ]);
    cleaned.recommendation.clone_from(&verified.recommendation);
    let course = [
        (CheckStatus::default(), &waiting, vec![(true, "TargetNotReady")]),
        (waiting.clone(), &accepted, vec![(false, "CheckAccepted")]),
        (accepted.clone(), &searching, vec![(false, "SearchStarted")]),
        (
            searching.clone(),
            &verified,
            vec![(false, "Verified"), (false, "RecommendationReady")],
        ),
        (verified.clone(), &cleaned, vec![(false, "CleanedUp")]),
    ];
    for (old, new, expected) in course {
        assert_eq!(told(&of_check("web", &old, new)), expected);
        assert_eq!(of_check("web", new, new), [], "nothing changed");
    }
}

#[test]
fn a_check_that_ends_without_an_answer_warns() {
    let rejected = conditions(&[
        ("Accepted", false, "TargetNotFound"),
        ("Complete", true, "TargetNotFound"),
        ("Verified", false, "TargetNotFound"),
    ]);
    let news = of_check("web", &CheckStatus::default(), &rejected);
    assert_eq!(told(&news), [(true, "TargetNotFound")]);
    assert_eq!(news[0].note, "because TargetNotFound");
}

#[test]
fn a_run_is_told_by_its_role_and_end() {
    use RunPhase::{Error, Failed, Inconclusive, Judging, Passed};
    use RunRole::{Baseline, Candidate, Verification};
    for (role, phase, outcome, warns, reason) in [
        (Baseline, Passed, Outcome::Passed, false, "BaselineStable"),
        (Baseline, Failed, Outcome::Failed, true, "BaselineFailed"),
        (Candidate, Passed, Outcome::Warned, false, "CandidatePassed"),
        (Candidate, Failed, Outcome::Failed, false, "CandidateFailed"),
        (Candidate, Inconclusive, Outcome::Inconclusive, false, "RunInconclusive"),
        (Verification, Passed, Outcome::Passed, false, "VerificationPassed"),
        (Verification, Failed, Outcome::Failed, false, "VerificationFailed"),
        (Verification, Error, Outcome::Error, true, "RunError"),
    ] {
        let (old, new) = (status(Judging, None), status(phase, Some(outcome)));
        assert_eq!(told(&of_run(&of_role(role), &old, &new)), [(warns, reason)]);
        assert_eq!(of_run(&of_role(role), &new, &new), [], "nothing changed");
    }
    let cancelled = of_run(
        &of_role(Candidate),
        &status(Judging, None),
        &status(RunPhase::Cancelled, None),
    );
    assert_eq!(cancelled, []);
}

#[test]
fn only_baselines_tell_that_they_start() {
    let (old, new) = (status(RunPhase::Pending, None), status(RunPhase::Cloning, None));
    assert_eq!(
        told(&of_run(&of_role(RunRole::Baseline), &old, &new)),
        [(false, "BaselineStarted")]
    );
    assert_eq!(of_run(&of_role(RunRole::Candidate), &old, &new), []);
}

#[test]
fn two_replacements_of_one_run_are_two_events() {
    let lost = |attempt| LostAttempt {
        attempt,
        cloned_at: None,
        ready_at: None,
        ended_at: k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime(jiff::Timestamp::UNIX_EPOCH),
        message: "the worker's Job is gone".to_owned(),
    };
    let attempt = |attempt: u32| CheckRunStatus {
        attempt,
        lost_attempts: (1..attempt).map(lost).collect(),
        ..status(RunPhase::Starting, None)
    };
    let run = of_role(RunRole::Candidate);
    let first = of_run(&run, &attempt(1), &attempt(2));
    let second = of_run(&run, &attempt(2), &attempt(3));
    assert_eq!(told(&first), [(true, "WorkerReplaced")]);
    assert_eq!(
        first[0].note,
        "run `all`: the worker of attempt 1 was lost: the worker's Job is gone"
    );
    assert_ne!(
        first[0].action, second[0].action,
        "the recorder would take them for one"
    );
}

//! Events: news for people, told once for each change of a status, after the status was written.
//!
//! The API server refuses a status that was decided on old facts, so a change is written, and told, by one reconcile
//! only. A controller that is killed in between does not tell it: an Event is news, not state. None of them holds up
//! or fails a reconcile.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType};
use kube::{Resource as _, ResourceExt as _};
use temper_api::{
    CheckPhase, CheckRun, CheckRunStatus, CheckStatus, Outcome, RunPhase, RunRole, WorkloadHardeningCheck, condition,
    reason,
};

use crate::context::Context;
use crate::error::chain;

/// The API server takes notes of at most 1024 bytes.
const LONGEST_NOTE: usize = 1024;

/// One piece of news. The recorder takes two with the same type, reason, action and objects for one, whatever their
/// notes say: what tells them apart must be among those.
#[derive(Debug, Clone, PartialEq, Eq)]
struct News {
    type_: EventType,
    reason: String,
    action: String,
    note: String,
}

/// Tells what is new about a check whose status has become this.
pub(crate) async fn check(check: &WorkloadHardeningCheck, new: &CheckStatus, context: &Context) {
    let old = check.status.clone().unwrap_or_default();
    for news in of_check(&check.name_any(), &old, new) {
        publish(news, &check.object_ref(&()), None, context).await;
    }
}

/// Tells what is new about a run whose status has become this. The Events are about its check, which stays.
pub(crate) async fn run(run: &CheckRun, new: &CheckRunStatus, context: &Context) {
    let old = run.status.clone().unwrap_or_default();
    let check = ObjectReference {
        api_version: Some(WorkloadHardeningCheck::api_version(&()).into_owned()),
        kind: Some(WorkloadHardeningCheck::kind(&()).into_owned()),
        name: Some(run.spec.check.name.clone()),
        namespace: run.namespace(),
        uid: Some(run.spec.check.uid.clone()),
        ..ObjectReference::default()
    };
    for news in of_run(run, &old, new) {
        publish(news, &check, Some(run.object_ref(&())), context).await;
    }
}

async fn publish(news: News, about: &ObjectReference, secondary: Option<ObjectReference>, context: &Context) {
    let mut note = news.note;
    note.truncate(note.floor_char_boundary(LONGEST_NOTE));
    let event = Event {
        type_: news.type_,
        reason: news.reason,
        note: Some(note),
        action: news.action,
        secondary,
    };
    if let Err(error) = context.recorder.publish(&event, about).await {
        tracing::warn!(reason = event.reason, error = chain(&error), "event was not published");
    }
}

fn of_check(name: &str, old: &CheckStatus, new: &CheckStatus) -> Vec<News> {
    let mut news = Vec::new();
    let mut tell = |type_, reason: &str, note: String| {
        news.push(News {
            type_,
            reason: reason.to_owned(),
            action: "Check".to_owned(),
            note,
        });
    };
    let target = new.target.as_deref().unwrap_or("its target");
    let became_true = |kind: &str| new.holds(kind).filter(|_| old.holds(kind).is_none());
    if became_true(condition::ACCEPTED).is_some() {
        let note = format!("clones of {target} start: baselines and the candidate with every setting");
        tell(EventType::Normal, reason::CHECK_ACCEPTED, note);
    }
    let complete = became_true(condition::COMPLETE);
    if complete.is_none()
        && let Some(waits) = new
            .condition(condition::ACCEPTED)
            .filter(|accepted| accepted.status == "False")
        && old
            .condition(condition::ACCEPTED)
            .is_none_or(|before| before.reason != waits.reason)
    {
        tell(EventType::Warning, &waits.reason, waits.message.clone());
    }
    if new.phase == Some(CheckPhase::Searching) && old.phase != new.phase {
        let note = format!("{target} does not work with every setting at once: each is tried alone");
        tell(EventType::Normal, reason::SEARCH_STARTED, note);
    }
    if let Some(complete) = complete {
        let type_ = if new.holds(condition::VERIFIED).is_some() {
            EventType::Normal
        } else {
            EventType::Warning
        };
        tell(type_, &complete.reason, complete.message.clone());
    }
    if new.recommendation.is_some() && old.recommendation.is_none() {
        let report = new.report.as_deref().unwrap_or("of the workload");
        let note = format!("HardeningReport `{report}` holds the patch: kubectl temper patch {name}");
        tell(EventType::Normal, reason::RECOMMENDATION_READY, note);
    }
    if let Some(cleaned) = became_true(condition::CLEANED_UP) {
        tell(EventType::Normal, reason::CLEANED_UP, cleaned.message.clone());
    }
    news
}

fn of_run(run: &CheckRun, old: &CheckRunStatus, new: &CheckRunStatus) -> Vec<News> {
    let mut news = Vec::new();
    let name = &run.spec.run;
    let mut tell = |type_, reason: &str, note: String| {
        news.push(News {
            type_,
            reason: reason.to_owned(),
            action: format!("Attempt{}", new.attempt),
            note,
        });
    };
    if old.phase == RunPhase::Pending && new.phase == RunPhase::Cloning && run.spec.role == RunRole::Baseline {
        let clone = new.clone_namespace.as_deref().unwrap_or_default();
        let note = format!("run `{name}` records the unchanged workload in namespace `{clone}`");
        tell(EventType::Normal, reason::BASELINE_STARTED, note);
    }
    if let Some(lost) = new.lost_attempts.get(old.lost_attempts.len()) {
        let note = format!(
            "run `{name}`: the worker of attempt {} was lost: {}",
            lost.attempt, lost.message
        );
        tell(EventType::Warning, reason::WORKER_REPLACED, note);
    }
    if new.admitted == Some(false) && old.admitted != new.admitted {
        let why = new.admission_message.as_deref().unwrap_or("the workload is gone");
        let note = format!("run `{name}`: the API server refuses the Pod at the level that it claims: {why}");
        tell(EventType::Warning, reason::ADMISSION_REFUSED, note);
    }
    if new.phase.is_terminal()
        && !old.phase.is_terminal()
        && let Some((type_, reason)) = ended(run.spec.role, new)
    {
        let why = new.message.as_deref().unwrap_or("nothing differs from the baselines");
        tell(type_, reason, format!("run `{name}`: {why}"));
    }
    news
}

/// How the end of a run is told; one that was cancelled is no news. A workload that does not work with a setting is
/// what the check is to find out, and no reason for a warning; one that does not work as it is, is.
fn ended(role: RunRole, status: &CheckRunStatus) -> Option<(EventType, &'static str)> {
    let works = match status.outcome? {
        _ if status.phase == RunPhase::Cancelled => return None,
        Outcome::Error => return Some((EventType::Warning, reason::RUN_ERROR)),
        Outcome::Passed | Outcome::Warned => Some(true),
        Outcome::Failed => Some(false),
        Outcome::Inconclusive => None,
    };
    Some(match (role, works) {
        (RunRole::Baseline, Some(true)) => (EventType::Normal, reason::BASELINE_STABLE),
        (RunRole::Baseline, _) => (EventType::Warning, reason::BASELINE_FAILED),
        (RunRole::Candidate, Some(true)) => (EventType::Normal, reason::CANDIDATE_PASSED),
        (RunRole::Candidate, Some(false)) => (EventType::Normal, reason::CANDIDATE_FAILED),
        (RunRole::Verification, Some(true)) => (EventType::Normal, reason::VERIFICATION_PASSED),
        (RunRole::Verification, Some(false)) => (EventType::Normal, reason::VERIFICATION_FAILED),
        (RunRole::Candidate | RunRole::Verification, None) => (EventType::Normal, reason::RUN_INCONCLUSIVE),
    })
}

#[cfg(test)]
mod tests;

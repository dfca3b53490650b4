//! Carries out one step of a run.

use std::time::Duration;

use kube::ResourceExt as _;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use temper_api::{CheckRun, CheckRunStatus, ProofFact, RunPhase, RunRole, reason};
use temper_core::oracle::Outcome;
use temper_core::recommend::{Short, prove};
use temper_core::run::Step;

use super::make::{self, Made, Replaced};
use super::observe::Seen;
use super::{admit, job, status};
use crate::context::Context;
use crate::error::{Result, chain};
use crate::{clock, repairs};

/// Between two tries of what the API server failed to do.
const AGAIN: Duration = Duration::from_secs(3);

/// Whatever ends a wait wakes us; this is for what a watch misses.
const SLOW_LOOK: Duration = Duration::from_secs(30);

pub(super) async fn enact(run: &CheckRun, context: &Context, seen: &Seen, step: Step) -> Result<Action> {
    let mut status = seen.status.clone();
    let mut action = Action::await_change();
    let taught = learn(run, seen, &step, &mut status);
    match step {
        Step::Wait(until) => {
            let nanos = until.and_then(|until| u64::try_from(until - seen.now).ok());
            let wait = nanos.map_or(SLOW_LOOK, Duration::from_nanos);
            if taught {
                status::write(run, context, status).await?;
                wake_siblings(run, context);
            }
            return Ok(Action::requeue(wait.clamp(Duration::from_millis(50), SLOW_LOOK)));
        }
        Step::Begin => {
            status.phase = RunPhase::Cloning;
            status.attempt += 1;
            status.clone_attempt = status.attempt;
            status.clones += 1;
            status.clone_namespace = Some(job::clone_name(run));
            status.started_at = status.started_at.or_else(|| clock::time(seen.now));
        }
        Step::Clone if is_overdue(&status, seen.now, context) => {
            let message = format!(
                "the clone could not be made within {} s",
                context.args.start_deadline.as_secs()
            );
            let last = status.message.take();
            let last = last.map(|last| format!(", last: {last}")).unwrap_or_default();
            status::refused(run, &mut status, reason::CLONE_FAILED, &format!("{message}{last}"));
        }
        Step::Clone => match make::clone(run, context, &mut status).await {
            // Told, so that it is known when time is up; and tried again.
            Err(error) => {
                status.message = Some(chain(&error));
                action = Action::requeue(AGAIN);
            }
            Ok(Made::Done) => {
                status.phase = RunPhase::Starting;
                status.cloned_at = Some(clock::stamp());
            }
            Ok(Made::NotYet(wait)) => return Ok(Action::requeue(wait)),
            Ok(Made::Refused { reason, message }) => status::refused(run, &mut status, reason, &message),
        },
        Step::Ready(at) => {
            status.phase = RunPhase::Recording;
            status.ready_at = clock::time(at);
        }
        Step::Admit => {
            if !admit(run, context, &mut status).await? {
                if seen.recording.ended().is_none() {
                    return Ok(Action::requeue(Duration::from_millis(500)));
                }
                status.admitted = Some(false);
                status.admission_message = Some("its Pods were gone before they could be tried".to_owned());
            }
        }
        Step::Promise => {
            status.promising = true;
            status.doubtful = false;
            status.slight = false;
        }
        Step::Doubt { slight } => {
            status.doubtful = true;
            status.slight = slight;
        }
        Step::Judge => {
            status.phase = RunPhase::Judging;
            status.recorded_at = seen.recording.ended_at().and_then(clock::time);
            remember(run, context, seen, &mut status).await?;
            action = Action::requeue(Duration::ZERO);
        }
        Step::End(verdict) => status::ended(&mut status, &verdict),
        Step::Retry(why) => {
            tracing::warn!(
                check = run.spec.check.name,
                run = run.spec.run,
                attempt = status.attempt,
                why,
                "worker is replaced"
            );
            let lost = status::lost(&status, &why);
            match make::replace_worker(run, context, &mut status).await? {
                Replaced::Done => {
                    context.metrics.worker_replaced(&seen.job);
                    status.message = Some(format!("attempt {} failed: {why}", lost.attempt));
                    status.lost_attempts.push(lost);
                    status.phase = RunPhase::Starting;
                    status.cloned_at = Some(clock::stamp());
                }
                Replaced::NoClone => begin_again(run, context, &mut status, "its clone is gone"),
                Replaced::Refused(answer) => {
                    let message = format!("{why}, and the API server does not take another worker: {answer}");
                    status::refused(run, &mut status, reason::INFRASTRUCTURE_FAILED, &message);
                }
            }
        }
        Step::Repeat(why) => begin_again(run, context, &mut status, &why),
        Step::GiveUp(why) => {
            let message = format!("infrastructure failed {} times, last: {why}", status.attempt);
            status::refused(run, &mut status, reason::INFRASTRUCTURE_FAILED, &message);
        }
        Step::Cancel => status.phase = RunPhase::Cancelled,
    }
    let ended = status.phase.is_terminal();
    if ended {
        status.ended_at = clock::time(seen.now);
        tracing::info!(
            phase = ?status.phase,
            outcome = ?status.outcome,
            message = status.message,
            "run ended"
        );
    }
    status::write(run, context, status).await?;
    if ended && run.spec.role == RunRole::Baseline {
        wake_siblings(run, context);
    }
    Ok(action)
}

/// Keeps what a run teaches: of a baseline as soon as it was seen, of a candidate once it has failed. Whether that is new.
fn learn(run: &CheckRun, seen: &Seen, step: &Step, status: &mut CheckRunStatus) -> bool {
    let has_failed = match step {
        Step::End(verdict) => verdict.outcome == Outcome::Failed,
        step => matches!(step, Step::Doubt { .. }),
    };
    let is_observed =
        run.spec.role == RunRole::Baseline && seen.recording.observations().any(|(_, seen)| seen.is_scanned);
    let taught = (has_failed || is_observed).then(|| repairs::taught(&seen.learned));
    if taught.is_none() || status.learned == taught {
        return false;
    }
    status.learned = taught;
    true
}

/// Whether a clone takes longer to make than any may take to become Ready.
fn is_overdue(status: &CheckRunStatus, now: i64, context: &Context) -> bool {
    let limit = i64::try_from(context.args.start_deadline.as_nanos()).unwrap_or(i64::MAX);
    let lost = status.lost_attempts.last().map(|lost| &lost.ended_at);
    let since = lost.or(status.started_at.as_ref()).map(|time| time.0.as_nanosecond());
    since.is_some_and(|since| i128::from(now) - since > i128::from(limit))
}

/// Another clone and another recording; what there is of the present ones is removed first.
fn begin_again(run: &CheckRun, context: &Context, status: &mut CheckRunStatus, why: &str) {
    tracing::warn!(
        check = run.spec.check.name,
        run = run.spec.run,
        attempt = status.attempt,
        why,
        "run begins again"
    );
    context.ingest.forget(&run.uid().unwrap_or_default());
    let lost = status::lost(status, why);
    status.lost_attempts.push(lost);
    *status = CheckRunStatus {
        attempt: status.attempt,
        clones: status.clones,
        started_at: status.started_at.take(),
        lost_attempts: std::mem::take(&mut status.lost_attempts),
        clone_namespace: status.clone_namespace.take(),
        message: Some(format!("attempt {} failed: {why}", status.attempt)),
        ..CheckRunStatus::default()
    };
}

/// Candidates wait for the verdict on their baselines.
fn wake_siblings(run: &CheckRun, context: &Context) {
    for sibling in context.runs_of(&run.namespace().unwrap_or_default(), &run.spec.check.uid) {
        context.ingest.wake(ObjectRef::from_obj(&sibling));
    }
}

async fn admit(run: &CheckRun, context: &Context, status: &mut CheckRunStatus) -> Result<bool> {
    let selector = status.target_selector.clone().unwrap_or_default();
    let Some(admission) = admit::admit(run, context, &selector, &job::deadline(run, &context.args)).await? else {
        return Ok(false);
    };
    status.level = Some(admission.level);
    status.admitted = Some(admission.refusal.is_none());
    status.admission_message = admission.refusal;
    Ok(true)
}

/// Keeps of the recording what outlives the clone: what the processes showed.
async fn remember(run: &CheckRun, context: &Context, seen: &Seen, status: &mut CheckRunStatus) -> Result<()> {
    let Some(pod) = make::target_pod(run, context).await? else {
        return Ok(());
    };
    let process = |container: &str| seen.recording.process(container);
    let end = |container: &str| {
        if seen.recording.completed(container) {
            Short::Completed
        } else {
            Short::Unknown
        }
    };
    let facts = prove(&pod, &make::items(run), process, end);
    status.proof = facts
        .into_iter()
        .map(|fact| ProofFact {
            container: fact.container,
            setting: fact.item.setting.to_string(),
            shown: fact.shown,
            fact: fact.fact,
        })
        .collect();
    Ok(())
}

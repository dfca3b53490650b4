//! Reconciles one CheckRun: look, decide, act.

mod admit;
mod enact;
pub(crate) mod job;
pub(crate) mod make;
pub(crate) mod observe;
mod remove;
pub(crate) mod status;

use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt as _;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use temper_api::{CheckRun, CheckRunStatus, ResourceMode, RunPhase};
use temper_core::oracle::Resources;
use temper_core::run::{Observed, next};
use tracing::Instrument as _;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::{finalizer, telemetry};

/// What is being removed is watched; this is for what the watch misses.
const REMOVAL: Duration = Duration::from_secs(10);

pub(crate) async fn reconcile(run: Arc<CheckRun>, context: Arc<Context>) -> Result<Action> {
    if !*context.leads.borrow() {
        // Who may have to take over reads along.
        observe::read_along(&run, &context)?;
    }
    let work = Box::pin(look_decide_act(&run, &context).instrument(telemetry::of_run(&run)));
    context.metrics.timed("CheckRun", context.lead(work)).await
}

async fn look_decide_act(run: &CheckRun, context: &Context) -> Result<Action> {
    if context.replaced.is_past(run) {
        return Ok(Action::await_change());
    }
    let uid = run.uid().unwrap_or_default();
    let status = run.status.clone().unwrap_or_default();
    let phase = status.phase;
    if run.metadata.deletion_timestamp.is_some() {
        if !finalizer::has(run) {
            release(run, context);
            return Ok(Action::await_change());
        }
        return if is_clean(&status) || remove::everything(run, context).await? {
            remove::recording(run, context).await?;
            release(run, context);
            status::deleted(run, context).await;
            finalizer::release(run, &context.client).await?;
            Ok(Action::await_change())
        } else {
            Ok(Action::requeue(REMOVAL))
        };
    }
    if !finalizer::has(run) {
        finalizer::hold(run, &context.client).await?;
        return Ok(Action::await_change());
    }
    // Once a run has ended its clone is no longer needed, and its place is somebody else's. One that begins again has
    // another clone of the same name.
    let begins_again = phase == RunPhase::Pending && status.attempt > 0;
    if phase.is_terminal() || phase == RunPhase::Judging || begins_again {
        let gone = is_clean(&status) || remove::everything(run, context).await?;
        if gone && context.places.holds(&uid) {
            release(run, context);
        }
        if gone && !begins_again && status.cleaned_at.is_none() {
            // This changes the run, which brings us back.
            return status::cleaned(run, context).await.map(|()| Action::await_change());
        }
        if phase.is_terminal() || (begins_again && !gone) {
            return Ok(if gone {
                Action::await_change()
            } else {
                Action::requeue(REMOVAL)
            });
        }
    } else if phase != RunPhase::Pending {
        context.places.hold(&uid, ObjectRef::from_obj(run));
    }
    let seen = observe::observe(run, context).await?;
    let step = next(&Observed {
        phase: seen.phase,
        role: seen.role,
        cancelled: seen.cancelled,
        has_place: phase == RunPhase::Pending && context.places.take(&uid, ObjectRef::from_obj(run)),
        attempt: seen.status.attempt,
        extent: seen.extent,
        repairable: seen.repairable,
        unseen: seen.is_unseen(run),
        admission_due: seen.admission_due,
        promising: seen.status.promising,
        doubtful: seen.status.doubtful,
        job: seen.job.clone(),
        recording: &seen.recording,
        current: seen.current,
        settled: seen.settled,
        baselines: seen.baselines(),
        resources: match run.spec.oracles.resources {
            ResourceMode::Flag => Resources::Flag,
            ResourceMode::Fail => Resources::Fail,
            ResourceMode::Off => Resources::Off,
        },
        now: seen.now,
    });
    count(context);
    Box::pin(enact::enact(run, context, &seen, step)).await
}

/// Whether nothing was left of the run and nothing was made since: one that begins again knows of no cleaning any more.
fn is_clean(status: &CheckRunStatus) -> bool {
    status.cleaned_at.is_some()
}

fn release(run: &CheckRun, context: &Context) {
    for next in context.places.leave(&run.uid().unwrap_or_default()) {
        context.ingest.wake(next);
    }
    count(context);
}

fn count(context: &Context) {
    let (held, waiting) = context.places.count();
    context.metrics.places_held.set(i64::try_from(held).unwrap_or(i64::MAX));
    context
        .metrics
        .runs_waiting
        .set(i64::try_from(waiting).unwrap_or(i64::MAX));
}

/// What to do when a reconcile failed.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the controller runtime's")]
pub(crate) fn error_policy(run: Arc<CheckRun>, error: &Error, context: Arc<Context>) -> Action {
    telemetry::of_run(&run).in_scope(|| crate::context::failed("CheckRun", &run.name_any(), error, &context))
}

//! Reconciles one CheckRun: look, decide, act.

mod admit;
mod enact;
pub(crate) mod job;
pub(crate) mod observe;
mod remove;
mod status;

use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt as _;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use temper_api::{CheckRun, RunPhase};
use temper_core::run::{Observed, next};
use tracing::Instrument as _;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::{finalizer, telemetry};

/// The API server is not waited for longer than this: the client repeats refused calls by itself.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) async fn reconcile(run: Arc<CheckRun>, context: Arc<Context>) -> Result<Action> {
    let work = Box::pin(look_decide_act(&run, &context).instrument(telemetry::of_run(&run)));
    let work = context.metrics.timed("CheckRun", tokio::time::timeout(PATIENCE, work));
    work.await.map_err(|_| Error::Timeout {
        seconds: PATIENCE.as_secs(),
    })?
}

async fn look_decide_act(run: &CheckRun, context: &Context) -> Result<Action> {
    let uid = run.uid().unwrap_or_default();
    let phase = run.status.as_ref().map(|status| status.phase).unwrap_or_default();
    if run.metadata.deletion_timestamp.is_some() {
        if !finalizer::has(run) {
            return Ok(Action::await_change());
        }
        return if remove::everything(run, context).await? {
            release(run, context);
            status::deleted(run, context).await;
            finalizer::release(run, &context.client).await?;
            Ok(Action::await_change())
        } else {
            // Namespaces take seconds to drain; their deletion is watched, this is for what the watch misses.
            Ok(Action::requeue(Duration::from_secs(2)))
        };
    }
    if !finalizer::has(run) {
        finalizer::hold(run, &context.client).await?;
        return Ok(Action::await_change());
    }
    if phase.is_terminal() || phase == RunPhase::Judging {
        // The clone is no longer needed, and its place is somebody else's.
        let gone = remove::everything(run, context).await?;
        if gone {
            release(run, context);
        }
        if gone && run.status.as_ref().is_some_and(|status| status.cleaned_at.is_none()) {
            // This changes the run, which brings us back.
            return status::cleaned(run, context).await.map(|()| Action::await_change());
        }
        if phase.is_terminal() {
            return Ok(if gone {
                Action::await_change()
            } else {
                Action::requeue(Duration::from_secs(2))
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
        attempt: seen.attempt,
        admission_due: seen.admission_due,
        promising: seen.promising,
        job: seen.job.clone(),
        recording: &seen.recording,
        baselines: seen.baselines(),
        now: seen.now,
    });
    count(context);
    enact::enact(run, context, &seen, step).await
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

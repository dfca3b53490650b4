//! From checks and runs, as their objects are, to the facts of their trace; and the moments at which spans are sent.
//!
//! Spans are sent before the status is written that makes them final: a controller that is killed in between sends
//! them again, with the same ids, and one that is killed before has not finished anything.

mod client;
mod exporter;
mod settings;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::ResourceExt as _;
use temper_api::{
    CheckRun, CheckRunStatus, CheckStatus, Outcome, RunPhase, TargetRef, WorkloadHardeningCheck, annotation, condition,
    reason,
};
use temper_core::trace::{
    self, Attempt, Check, Lost, Run, Span, Target, TraceId, parse_traceparent, trace_id, traceparent,
};

pub(crate) use self::exporter::Exporter;
use crate::clock;
use crate::context::Context;
use crate::run::job::job_name;
use crate::run::observe::role;

/// The trace of a check.
pub(crate) fn of_check(check: &WorkloadHardeningCheck) -> TraceId {
    let status = check.status.as_ref();
    // Once accepted, a check keeps it: to suspend and to delete it are new generations, too.
    let accepted = status.and_then(|status| status.trace_id.as_ref()?.parse().ok());
    let retried = status.and_then(|status| status.retried.as_deref());
    accepted.unwrap_or_else(|| {
        trace_id(
            &check.uid().unwrap_or_default(),
            check.metadata.generation.unwrap_or(1),
            retried,
        )
    })
}

/// The context that a check gives to its runs.
pub(crate) fn of_runs(check: &WorkloadHardeningCheck) -> String {
    let trace = of_check(check);
    traceparent(trace, Check::span_id(trace))
}

/// The trace of a run: the one that its check gave to it.
pub(crate) fn of_run(run: &CheckRun) -> TraceId {
    let given = run.annotations().get(annotation::TRACEPARENT);
    let given = given.and_then(|text| parse_traceparent(text).ok());
    given.map_or_else(|| trace_id(&run.spec.check.uid, 1, None), |(trace, _)| trace)
}

/// The context that a run gives to the worker of an attempt.
pub(crate) fn of_worker(run: &CheckRun, attempt: u32) -> String {
    traceparent(of_run(run), trace::job(&run.uid().unwrap_or_default(), attempt))
}

/// Sends the spans of a run that ends with this status. Returns what they tell.
pub(crate) async fn run_ended(run: &CheckRun, status: &CheckRunStatus, context: &Context) -> Run {
    let facts = facts(run, status, &context.args.runs_namespace);
    if context.exporter.is_on() {
        let marks = context.ingest.marks(&run.uid().unwrap_or_default());
        context.exporter.export(trace::run(&facts, &marks)).await;
    }
    facts
}

/// Sends the span of a run's cleaning up, which ended with this status. Returns it.
pub(crate) async fn run_cleaned(run: &CheckRun, status: &CheckRunStatus, context: &Context) -> Span {
    let at = status.cleaned_at.as_ref().map_or_else(clock::now, nanos);
    let span = trace::cleaned(&facts(run, status, &context.args.runs_namespace), at);
    context.exporter.export(vec![span.clone()]).await;
    span
}

/// Sends the span of a check that ends with this status.
pub(crate) async fn check_ended(check: &WorkloadHardeningCheck, status: &CheckStatus, context: &Context) {
    context.exporter.export(vec![trace::check(&root(check, status))]).await;
}

/// What the trace tells of a run whose status has become this.
pub(crate) fn facts(run: &CheckRun, status: &CheckRunStatus, job_namespace: &str) -> Run {
    let clone = crate::run::job::clone_name(run);
    let mut attempts: Vec<Attempt> = status
        .lost_attempts
        .iter()
        .map(|lost| Attempt {
            number: lost.attempt,
            job: job_name(&clone, lost.attempt),
            cloned: lost.cloned_at.as_ref().map(nanos),
            ready: lost.ready_at.as_ref().map(nanos),
            lost: Some(Lost {
                at: nanos(&lost.ended_at),
                why: lost.message.clone(),
            }),
        })
        .collect();
    if status.started_at.is_some() {
        attempts.push(Attempt {
            number: status.attempt,
            job: job_name(&clone, status.attempt),
            cloned: status.cloned_at.as_ref().map(nanos),
            ready: status.ready_at.as_ref().map(nanos),
            lost: None,
        });
    }
    Run {
        trace: of_run(run),
        uid: run.uid().unwrap_or_default(),
        name: run.spec.run.clone(),
        check: run.spec.check.name.clone(),
        namespace: run.namespace().unwrap_or_default(),
        target: target(&run.spec.target_ref),
        role: role(run.spec.role),
        settings: run.spec.settings.clone(),
        clone: status.clone_namespace.clone(),
        job_namespace: job_namespace.to_owned(),
        created: run
            .creation_timestamp()
            .map_or_else(clock::now, |time| clock::nanos(time.0)),
        started: status.started_at.as_ref().map(nanos),
        attempts,
        recorded: status.recorded_at.as_ref().map(nanos),
        ended: status.ended_at.as_ref().map_or_else(clock::now, nanos),
        outcome: outcome(status),
        message: status.message.clone(),
    }
}

fn outcome(status: &CheckRunStatus) -> trace::Outcome {
    match status.outcome {
        _ if status.phase == RunPhase::Cancelled => trace::Outcome::Cancelled,
        Some(Outcome::Passed) => trace::Outcome::Passed,
        Some(Outcome::Warned) => trace::Outcome::Warned,
        Some(Outcome::Failed) => trace::Outcome::Failed,
        Some(Outcome::Inconclusive) => trace::Outcome::Inconclusive,
        Some(Outcome::Error) => trace::Outcome::Error,
        None => trace::Outcome::Cancelled,
    }
}

/// What the trace tells of a check whose status has become this; one without an end is one that was deleted.
fn root(check: &WorkloadHardeningCheck, status: &CheckStatus) -> Check {
    let end = status.holds(condition::COMPLETE);
    let completed = status
        .timings
        .as_ref()
        .and_then(|timings| timings.completed_at.as_ref());
    Check {
        trace: of_check(check),
        uid: check.uid().unwrap_or_default(),
        name: check.name_any(),
        namespace: check.namespace().unwrap_or_default(),
        target: target(&check.spec.target_ref),
        created: check
            .creation_timestamp()
            .map_or_else(clock::now, |time| clock::nanos(time.0)),
        ended: completed.map_or_else(clock::now, nanos),
        reason: end.map_or("Deleted", |end| &end.reason).to_owned(),
        message: end.map_or("the check was deleted", |end| &end.message).to_owned(),
        verified: status.holds(condition::VERIFIED).is_some(),
        failed: end.is_some_and(|end| end.reason == reason::RUN_ERROR),
        summary: status.summary.clone(),
        runs: status.runs.len(),
    }
}

fn target(reference: &TargetRef) -> Target {
    Target {
        kind: reference.kind.clone(),
        name: reference.name.clone(),
    }
}

fn nanos(time: &MicroTime) -> i64 {
    clock::nanos(time.0)
}

#[cfg(test)]
pub(crate) mod tests;

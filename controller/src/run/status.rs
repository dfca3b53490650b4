//! Writes a run's status, if it changed.

use temper_api::{
    CheckRun, CheckRunStatus, FindingRecord, FindingWeight, LostAttempt, Outcome, RunPhase, RunRole, reason,
};
use temper_core::oracle::{self, Finding, Verdict, Weight};
use temper_core::trace::Phase;

use crate::context::Context;
use crate::error::Result;
use crate::{announce, clock, trace};

/// Writes the whole status, with its trace before it and what follows from it after it.
pub(super) async fn write(run: &CheckRun, context: &Context, mut status: CheckRunStatus) -> Result<()> {
    status.observed_generation = run.metadata.generation;
    if run.status.as_ref() == Some(&status) {
        return Ok(());
    }
    let before = run.status.as_ref().map(|status| status.phase).unwrap_or_default();
    let ends = if status.phase.is_terminal() && !before.is_terminal() {
        Some(trace::run_ended(run, &status, context).await)
    } else {
        None
    };
    context.write_status(run, &status).await?;
    if let Some(facts) = ends {
        context.metrics.run_ended(&facts, &status.findings);
    }
    announce::run(run, &status, context).await;
    Ok(())
}

/// Notes that nothing that the run made is left.
pub(super) async fn cleaned(run: &CheckRun, context: &Context) -> Result<()> {
    let status = CheckRunStatus {
        cleaned_at: Some(clock::stamp()),
        ..run.status.clone().unwrap_or_default()
    };
    let span = trace::run_cleaned(run, &status, context).await;
    write(run, context, status).await?;
    context
        .metrics
        .phase_ended(Phase::CleanUp, span.end_nanos - span.start_nanos);
    Ok(())
}

/// The API server does not take what the run needs. Of a candidate that is evidence: its baselines are the same but
/// for its settings. Of a baseline it is the cluster's word on clones.
pub(super) fn refused(run: &CheckRun, status: &mut CheckRunStatus, why: &str, message: &str) {
    status.reason = Some(why.to_owned());
    status.message = Some(message.to_owned());
    let is_evidence = run.spec.role != RunRole::Baseline && why == reason::CLONE_REFUSED;
    (status.phase, status.outcome) = if is_evidence {
        (RunPhase::Failed, Some(Outcome::Failed))
    } else {
        (RunPhase::Error, Some(Outcome::Error))
    };
}

/// A run that can tell nothing any more, as it lacks what baselines were seen to need, ends without a verdict.
pub(crate) async fn supersede(run: &CheckRun, context: &Context) -> Result<()> {
    let status = CheckRunStatus {
        phase: RunPhase::Inconclusive,
        outcome: Some(Outcome::Inconclusive),
        reason: Some(reason::SUPERSEDED.to_owned()),
        message: Some("a baseline was seen to need more than this run has, so that it can prove nothing".to_owned()),
        ended_at: Some(clock::stamp()),
        ..run.status.clone().unwrap_or_default()
    };
    tracing::info!(run = run.spec.run, message = status.message, "run ended");
    write(run, context, status).await
}

/// A run that is deleted before its end was cancelled, and its status will not be read any more.
pub(super) async fn deleted(run: &CheckRun, context: &Context) {
    let mut status = run.status.clone().unwrap_or_default();
    if !status.phase.is_terminal() {
        status.phase = RunPhase::Cancelled;
        status.ended_at = Some(clock::stamp());
        let facts = trace::run_ended(run, &status, context).await;
        context.metrics.run_ended(&facts, &status.findings);
    }
    if status.cleaned_at.is_none() {
        status.cleaned_at = Some(clock::stamp());
        let span = trace::run_cleaned(run, &status, context).await;
        context
            .metrics
            .phase_ended(Phase::CleanUp, span.end_nanos - span.start_nanos);
    }
}

/// The attempt that is given up now, for the record of those that were lost.
pub(super) fn lost(status: &CheckRunStatus, why: &str) -> LostAttempt {
    LostAttempt {
        attempt: status.attempt,
        cloned_at: status.cloned_at.clone(),
        ready_at: status.ready_at.clone(),
        ended_at: clock::stamp(),
        message: why.to_owned(),
    }
}

/// What a verdict means for the run.
pub(super) fn ended(status: &mut CheckRunStatus, verdict: &Verdict) {
    let (phase, outcome) = match verdict.outcome {
        oracle::Outcome::Passed => (RunPhase::Passed, Outcome::Passed),
        oracle::Outcome::Warned => (RunPhase::Passed, Outcome::Warned),
        oracle::Outcome::Failed => (RunPhase::Failed, Outcome::Failed),
        oracle::Outcome::Inconclusive => (RunPhase::Inconclusive, Outcome::Inconclusive),
    };
    status.phase = phase;
    status.outcome = Some(outcome);
    status.slight = verdict.is_slight();
    status.findings = verdict.findings.iter().map(record).collect();
    status.message = verdict.findings.first().map(Finding::sentence);
}

fn record(finding: &Finding) -> FindingRecord {
    FindingRecord {
        oracle: finding.oracle.to_string(),
        rule: finding.rule.to_string(),
        weight: match finding.weight {
            Weight::Fail => FindingWeight::Fail,
            Weight::Warn => FindingWeight::Warn,
            Weight::Note => FindingWeight::Note,
        },
        container: finding.container.clone(),
        template: finding.template.clone(),
        example: finding.example.clone(),
        baseline_counts: finding.baseline_counts.clone(),
        count: finding.count,
        message: finding.sentence(),
    }
}

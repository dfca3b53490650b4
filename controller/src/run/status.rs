//! Writes a run's status, if it changed.

use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;
use temper_api::{CheckRun, CheckRunStatus, FindingRecord, FindingWeight, MANAGER, Outcome, RunPhase, RunRole, reason};
use temper_core::oracle::{self, Finding, Verdict, Weight};

use crate::context::Context;
use crate::error::{Error, Result};

/// Writes the whole status. The run's version guards it: a step that was decided on old facts is not written.
pub(super) async fn write(run: &CheckRun, context: &Context, mut status: CheckRunStatus) -> Result<()> {
    status.observed_generation = run.metadata.generation;
    if run.status.as_ref() == Some(&status) {
        return Ok(());
    }
    let api: Api<CheckRun> = Api::namespaced(context.client.clone(), &run.namespace().unwrap_or_default());
    let patch = json!({
        "apiVersion": "temper.dev/v1alpha1",
        "kind": "CheckRun",
        "metadata": {"resourceVersion": run.resource_version()},
        "status": status
    });
    api.patch_status(
        &run.name_any(),
        &PatchParams::apply(MANAGER).force(),
        &Patch::Apply(patch),
    )
    .await
    .map_err(|source| Error::Status { source })?;
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

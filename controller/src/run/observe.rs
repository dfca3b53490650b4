//! Reads everything that a run's next step depends on.

use k8s_openapi::api::batch::v1::Job;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, ResourceExt as _};
use temper_api::{CheckRun, CheckRunStatus, RunPhase, RunRole, WorkloadHardeningCheck, condition};
use temper_core::recording::Recording;
use temper_core::run::{self, Baseline, Phase};
use temper_core::search::Role;

use super::job;
use crate::context::Context;
use crate::error::{Error, Result};

/// A run as it stands now.
pub(super) struct Seen {
    pub(super) status: CheckRunStatus,
    pub(super) phase: Phase,
    pub(super) role: Role,
    pub(super) cancelled: bool,
    pub(super) attempt: u32,
    pub(super) admission_due: bool,
    pub(super) promising: bool,
    pub(super) job: run::Job,
    pub(super) recording: Recording,
    pub(super) now: i64,
    siblings: Vec<(RunPhase, Recording)>,
}

impl Seen {
    pub(super) fn baselines(&self) -> Vec<Baseline<'_>> {
        self.siblings
            .iter()
            .map(|(phase, recording)| Baseline {
                passed: *phase == RunPhase::Passed,
                lost: phase.is_terminal() && *phase != RunPhase::Passed,
                recording,
            })
            .collect()
    }
}

pub(super) async fn observe(run: &CheckRun, context: &Context) -> Result<Seen> {
    let status = run.status.clone().unwrap_or_default();
    let phase = match status.phase {
        RunPhase::Pending => Phase::Pending,
        RunPhase::Cloning => Phase::Cloning,
        RunPhase::Starting => Phase::Starting,
        RunPhase::Recording => Phase::Recording,
        RunPhase::Judging => Phase::Judging,
        RunPhase::Passed | RunPhase::Failed | RunPhase::Inconclusive | RunPhase::Error | RunPhase::Cancelled => {
            Phase::Ended
        }
    };
    let is_recorded = matches!(phase, Phase::Starting | Phase::Recording | Phase::Judging);
    if is_recorded {
        follow(run, context)?;
    }
    let role = role(run.spec.role);
    let siblings = if is_recorded && role != Role::Baseline {
        baselines(run, context).await?
    } else {
        Vec::new()
    };
    let job = if matches!(phase, Phase::Starting | Phase::Recording) {
        job(run, status.attempt, context).await?
    } else {
        run::Job::Absent
    };
    Ok(Seen {
        phase,
        role,
        cancelled: is_cancelled(run, context).await?,
        attempt: status.attempt,
        admission_due: role == Role::Verification && status.admitted.is_none(),
        promising: status.promising,
        job,
        recording: context.ingest.recording(&run.spec.check.uid, &run.spec.run),
        now: nanos(jiff::Timestamp::now()),
        siblings,
        status,
    })
}

pub(crate) fn role(role: RunRole) -> Role {
    match role {
        RunRole::Baseline => Role::Baseline,
        RunRole::Candidate => Role::Candidate,
        RunRole::Verification => Role::Verification,
    }
}

fn nanos(time: jiff::Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

/// Folds what is published for a run, from now on or already.
pub(crate) fn follow(run: &CheckRun, context: &Context) -> Result<()> {
    context.ingest.follow(
        &run.spec.check.uid,
        &run.spec.run,
        &job::clone_name(run),
        ObjectRef::from_obj(run),
    )
}

/// The baselines of the same check, followed as this run is: a restarted controller may come here first.
async fn baselines(run: &CheckRun, context: &Context) -> Result<Vec<(RunPhase, Recording)>> {
    let runs = context
        .runs_of(&run.namespace().unwrap_or_default(), &run.spec.check.uid)
        .await?;
    let mut found = Vec::new();
    for sibling in runs.iter().filter(|sibling| sibling.spec.role == RunRole::Baseline) {
        follow(sibling, context)?;
        let phase = sibling.status.as_ref().map(|status| status.phase).unwrap_or_default();
        found.push((
            phase,
            context.ingest.recording(&sibling.spec.check.uid, &sibling.spec.run),
        ));
    }
    Ok(found)
}

async fn job(run: &CheckRun, attempt: u32, context: &Context) -> Result<run::Job> {
    let api: Api<Job> = Api::namespaced(context.client.clone(), &context.args.runs_namespace);
    let name = job::job_name(&job::clone_name(run), attempt);
    let job = api.get_opt(&name).await.map_err(|source| Error::Read {
        what: "the worker's job",
        source,
    })?;
    let Some(status) = job.map(|job| job.status.unwrap_or_default()) else {
        return Ok(run::Job::Absent);
    };
    let condition = |kind: &str| {
        status
            .conditions
            .iter()
            .flatten()
            .find(|condition| condition.type_ == kind && condition.status == "True")
    };
    if let Some(failed) = condition("Failed") {
        let why = failed.message.clone().or_else(|| failed.reason.clone());
        return Ok(run::Job::Failed(why.unwrap_or_else(|| "the worker failed".to_owned())));
    }
    Ok(if condition("Complete").is_some() {
        run::Job::Succeeded
    } else {
        run::Job::Active
    })
}

/// Whether the check no longer wants the run.
async fn is_cancelled(run: &CheckRun, context: &Context) -> Result<bool> {
    let api: Api<WorkloadHardeningCheck> =
        Api::namespaced(context.client.clone(), &run.namespace().unwrap_or_default());
    let check = api.get_opt(&run.spec.check.name).await.map_err(|source| Error::Read {
        what: "the check of the run",
        source,
    })?;
    Ok(check.is_none_or(|check| {
        let complete = check.status.iter().flat_map(|status| &status.conditions);
        check.metadata.deletion_timestamp.is_some()
            || check.uid().as_deref() != Some(&run.spec.check.uid)
            || complete
                .into_iter()
                .any(|c| c.type_ == condition::COMPLETE && c.status == "True")
    }))
}

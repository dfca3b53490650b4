//! Reads everything that a run's next step depends on.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, ResourceExt as _};
use temper_api::{CheckRun, CheckRunStatus, RunPhase, RunRole, WorkloadHardeningCheck};
use temper_core::oracle;
use temper_core::recording::Recording;
use temper_core::repair;
use temper_core::run::{self, Baseline, Phase};
use temper_core::search::{Extent, Role};

use super::{job, make};
use crate::check::is_open;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ingest::{Follow, Known};
use crate::{clock, repairs, telemetry};

/// A run as it stands now.
pub(super) struct Seen {
    pub(super) status: CheckRunStatus,
    pub(super) phase: Phase,
    pub(super) role: Role,
    pub(super) cancelled: bool,
    pub(super) extent: Extent,
    /// What its recording taught so far.
    pub(super) learned: repair::Learned,
    pub(super) repairable: bool,
    pub(super) admission_due: bool,
    pub(super) job: run::Job,
    pub(super) recording: Arc<Recording>,
    pub(super) current: bool,
    pub(super) settled: bool,
    pub(super) now: i64,
    siblings: Vec<Sibling>,
}

/// A baseline of the same check.
struct Sibling {
    phase: RunPhase,
    recording: Arc<Recording>,
}

impl Seen {
    /// Whether the run was to prove something, and nothing was seen that could.
    pub(super) fn is_unseen(&self, run: &CheckRun) -> bool {
        let proof = &self.status.proof;
        let is_silent = proof.iter().all(|fact| !fact.shown);
        !run.spec.screening && !run.spec.settings.is_empty() && is_silent
    }

    pub(super) fn baselines(&self) -> Vec<Baseline<'_>> {
        self.siblings
            .iter()
            .map(|sibling| Baseline {
                passed: sibling.phase == RunPhase::Passed,
                lost: sibling.phase.is_terminal() && sibling.phase != RunPhase::Passed,
                recording: &sibling.recording,
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
    let role = role(run.spec.role);
    let mut known = Known::default();
    let mut siblings = Vec::new();
    if is_recorded(status.phase) {
        known = self::known(run, context)?;
        if role != Role::Baseline {
            let all_current;
            (siblings, all_current) = baselines(run, context)?;
            known.current &= all_current;
        }
    }
    let job = if matches!(phase, Phase::Starting | Phase::Recording) {
        job(run, status.attempt, context).await?
    } else {
        run::Job::Absent
    };
    let learned = learn(role, &known.recording, &siblings);
    Ok(Seen {
        phase,
        role,
        cancelled: is_cancelled(run, context).await?,
        extent: extent(run),
        repairable: role != Role::Baseline && is_repairable(run, &learned, context),
        learned,
        admission_due: status.admitted.is_none() && role == Role::Verification,
        job,
        recording: known.recording,
        current: known.current,
        settled: known.settled,
        now: clock::now(),
        siblings,
        status,
    })
}

/// How long a run is recorded.
pub(crate) fn extent(run: &CheckRun) -> Extent {
    if run.spec.screening {
        Extent::Screening
    } else {
        Extent::Full
    }
}

/// What the recording of a run teaches: of a baseline what it does, of a candidate what it was refused.
fn learn(role: Role, recording: &Recording, siblings: &[Sibling]) -> repair::Learned {
    if role == Role::Baseline {
        return repair::learn(recording.observations());
    }
    let baselines: Vec<&Recording> = siblings.iter().map(|sibling| &*sibling.recording).collect();
    // Before a baseline is Ready everything would be new.
    if baselines.iter().all(|baseline| baseline.ready_at().is_none()) {
        return repair::Learned::default();
    }
    repair::Learned {
        required: repair::Repairs::default(),
        helpful: repair::learn_from_refusals(oracle::new_lines(&baselines, recording)),
    }
}

/// Whether more is known than a run has.
fn is_repairable(run: &CheckRun, learned: &repair::Learned, context: &Context) -> bool {
    let siblings = context.runs_of(&run.namespace().unwrap_or_default(), &run.spec.check.uid);
    let mine = repairs::of(&run.spec.repairs);
    let mut all = mine.clone();
    for known in [&repairs::taught_by(&siblings), learned] {
        all.learn(&known.helpful);
    }
    all.of(&make::items(run)) != mine
}

/// Follows the recording of a run, if it is being recorded.
pub(super) fn read_along(run: &CheckRun, context: &Context) -> Result<()> {
    let phase = run.status.as_ref().map(|status| status.phase).unwrap_or_default();
    if is_recorded(phase) {
        follow(run, context)?;
    }
    Ok(())
}

fn is_recorded(phase: RunPhase) -> bool {
    matches!(phase, RunPhase::Starting | RunPhase::Recording | RunPhase::Judging)
}

pub(crate) fn role(role: RunRole) -> Role {
    match role {
        RunRole::Baseline => Role::Baseline,
        RunRole::Candidate => Role::Candidate,
        RunRole::Verification => Role::Verification,
    }
}

/// What is known of a run's recording, followed from now on.
pub(crate) fn known(run: &CheckRun, context: &Context) -> Result<Known> {
    follow(run, context)?;
    Ok(context.ingest.known(&run.uid().unwrap_or_default()))
}

fn follow(run: &CheckRun, context: &Context) -> Result<()> {
    // What follows it logs as this run, whichever run asked for it.
    telemetry::of_run(run).in_scope(|| {
        context.ingest.follow(Follow {
            uid: &run.uid().unwrap_or_default(),
            check_uid: &run.spec.check.uid,
            run: &run.spec.run,
            clone: &job::clone_name(run),
            first_attempt: run.status.as_ref().map_or(1, |status| status.clone_attempt),
            object: ObjectRef::from_obj(run),
        })
    })
}

/// The baselines of the same check, followed as this run is: a restarted controller may come here first. And whether
/// everything of them has been read.
fn baselines(run: &CheckRun, context: &Context) -> Result<(Vec<Sibling>, bool)> {
    let runs = context.runs_of(&run.namespace().unwrap_or_default(), &run.spec.check.uid);
    let mut found = Vec::new();
    let mut current = true;
    for run in runs {
        let phase = run.status.as_ref().map(|status| status.phase).unwrap_or_default();
        if run.spec.role == RunRole::Baseline && run.metadata.deletion_timestamp.is_none() {
            let mut recording = Arc::default();
            if is_recorded(phase) || phase.is_terminal() {
                let known = known(&run, context)?;
                current &= known.current;
                recording = known.recording;
            }
            found.push(Sibling { phase, recording });
        }
    }
    Ok((found, current))
}

/// The worker's Job. The watch may not have seen one that was just made: only the API server knows that there is none.
async fn job(run: &CheckRun, attempt: u32, context: &Context) -> Result<run::Job> {
    let name = job::job_name(&job::clone_name(run), attempt);
    let runs = &context.args.runs_namespace;
    let seen = context.seen.jobs.get(&ObjectRef::new(&name).within(runs));
    let job = if let Some(job) = seen {
        Some(Job::clone(&job))
    } else {
        let api: Api<Job> = Api::namespaced(context.client.clone(), runs);
        api.get_opt(&name).await.map_err(|source| Error::Read {
            what: "the worker's job",
            source,
        })?
    };
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

/// Whether the check no longer wants the run. Only the API server knows that there is no check.
pub(super) async fn is_cancelled(run: &CheckRun, context: &Context) -> Result<bool> {
    let namespace = run.namespace().unwrap_or_default();
    let key = ObjectRef::new(&run.spec.check.name).within(&namespace);
    if let Some(check) = context.seen.checks.get(&key)
        && check.uid().as_deref() == Some(&run.spec.check.uid)
    {
        return Ok(has_ended(&check));
    }
    let api: Api<WorkloadHardeningCheck> = Api::namespaced(context.client.clone(), &namespace);
    let check = api.get_opt(&run.spec.check.name).await.map_err(|source| Error::Read {
        what: "the check of the run",
        source,
    })?;
    Ok(check.is_none_or(|check| check.uid().as_deref() != Some(&run.spec.check.uid) || has_ended(&check)))
}

fn has_ended(check: &WorkloadHardeningCheck) -> bool {
    check.metadata.deletion_timestamp.is_some() || !is_open(check)
}

//! Reconciles one WorkloadHardeningCheck: look, decide, act.

mod conclude;
mod exercise;
mod observe;
mod remove;
mod report;
mod resources;
mod status;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kube::api::PostParams;
use kube::runtime::controller::Action;
use kube::{Api, Resource as _, ResourceExt as _};
use temper_api::{
    CheckPhase, CheckRef, CheckRun, CheckRunSpec, RunMode, RunPhase, RunRole, SuggestedResources, VerificationMode,
    WorkloadHardeningCheck, annotation, condition, label, reason,
};
use temper_core::search::{self, Agreement, Extent, Mode, Next, Order, Role, Start, Verification};
use tracing::Instrument as _;

use self::target::{SourceWorkload, Target};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::{finalizer, probes, repairs, run, telemetry, trace};

pub(crate) async fn reconcile(check: Arc<WorkloadHardeningCheck>, context: Arc<Context>) -> Result<Action> {
    let work = Box::pin(look_decide_act(&check, &context).instrument(telemetry::of_check(&check)));
    context
        .metrics
        .timed("WorkloadHardeningCheck", context.lead(work))
        .await
}

async fn look_decide_act(check: &WorkloadHardeningCheck, context: &Context) -> Result<Action> {
    if context.replaced.is_past(check) {
        return Ok(Action::await_change());
    }
    if check.metadata.deletion_timestamp.is_some() {
        if !finalizer::has(check) {
            return Ok(Action::await_change());
        }
        return if remove::everything(check, context).await? {
            status::deleted(check, context).await;
            finalizer::release(check, &context.client).await?;
            Ok(Action::await_change())
        } else {
            Ok(Action::requeue(Duration::from_secs(5)))
        };
    }
    if !finalizer::has(check) {
        finalizer::hold(check, &context.client).await?;
        return Ok(Action::await_change());
    }
    if status::is_complete(check) {
        return match check.open_retry() {
            Some(token) => begin_again(check, context, token).await,
            None => clean_up(check, context).await,
        };
    }
    if check.annotations().contains_key(annotation::CANCEL) {
        let message = format!("annotation {} ended the check", annotation::CANCEL);
        return conclude::reject(check, context, reason::CANCELLED, &message).await;
    }
    if check.spec.suspend {
        return suspend(check, context).await;
    }
    let seconds = match spec(check) {
        Ok(seconds) => seconds,
        Err(message) => return conclude::reject(check, context, reason::INVALID_SPEC, &message).await,
    };
    if status::is_waiting_unknown(check) {
        status::waits(check, context).await?;
        return Ok(Action::await_change());
    }
    let source = match target::look(check, context).await? {
        Target::Fit(source) => source,
        Target::Wait { reason, message } => {
            status::waiting(check, context, reason, &message).await?;
            return Ok(Action::requeue(Duration::from_secs(2)));
        }
        Target::Unfit { reason, message } => return conclude::reject(check, context, reason, &message).await,
    };
    if !status::is_accepted(check) {
        status::accept(check, context, &source).await?;
        return Ok(Action::await_change());
    }
    go_on(check, context, &source, seconds).await
}

/// Takes the search one step on.
async fn go_on(
    check: &WorkloadHardeningCheck,
    context: &Context,
    source: &SourceWorkload,
    seconds: u64,
) -> Result<Action> {
    let seen = observe::observe(check, context);
    for cancelled in &seen.cancelled {
        remove::run(cancelled, context).await?;
    }
    let baselines = seen.baselines(context)?;
    for lost in baselines.lost {
        tracing::warn!(
            run = lost.spec.run,
            "baseline is recorded again: the stream has lost what was recorded"
        );
        remove::run(lost, context).await?;
    }
    let learned = repairs::known(&check.spec, &source.pod, &seen.searched());
    let observed = repairs::is_observed(&seen.runs);
    let order = Order {
        applicable: &source.applicable,
        learned: &learned,
        observed,
        mode: match check.spec.run_mode {
            RunMode::Adaptive => Mode::Adaptive,
            RunMode::Parallel => Mode::Parallel,
            RunMode::Sequential => Mode::Sequential,
        },
        verification: match check.spec.verification {
            VerificationMode::Included => Verification::Included,
            VerificationMode::Independent => Verification::Independent,
        },
        budget: search::BUDGET,
    };
    let history = seen.history();
    for run in search::superseded(&order, &history) {
        // What was written may not have been seen yet.
        if let Some(run) = seen.run(run).filter(|run| !context.replaced.is_past(*run)) {
            run::status::supersede(run, context).await?;
        }
    }
    match search::next(&order, &history, &baselines.agreement) {
        Next::Wait => {
            status::progress(check, context, &seen, source, seconds).await?;
            // Recordings that a restarted controller reads again wake their runs, not the check.
            let unread = baselines.agreement == Agreement::Unknown && baselines.passed >= search::BASELINES;
            Ok(if unread {
                Action::requeue(Duration::from_secs(1))
            } else if !observed {
                // A look wakes the check; only that there was none is told by time.
                Action::requeue(repairs::OBSERVATION.unsigned_abs())
            } else {
                Action::await_change()
            })
        }
        Next::Start(starts) => {
            for start in starts {
                if let Some(taken) = create(check, context, start, BTreeMap::new(), seconds).await? {
                    return conclude::reject(check, context, reason::NAME_TAKEN, &taken).await;
                }
            }
            // The new runs are owned: their appearance brings us back.
            Ok(Action::await_change())
        }
        Next::Done(conclusion) => match resources::test(check, context, &seen, source, conclusion)? {
            resources::Test::Start(start, resources) => {
                match create(check, context, start, resources, seconds).await? {
                    Some(taken) => conclude::reject(check, context, reason::NAME_TAKEN, &taken).await,
                    None => Ok(Action::await_change()),
                }
            }
            resources::Test::Wait(action) => {
                status::progress(check, context, &seen, source, seconds).await?;
                Ok(action)
            }
            resources::Test::Over(conclusion) => {
                conclude::conclude(check, context, &seen, source, seconds, conclusion).await
            }
        },
    }
}

/// Seconds to record, or what of the spec no run could use.
fn spec(check: &WorkloadHardeningCheck) -> Result<u64, String> {
    let base = run::make::base(&check.spec.security_context);
    if let Some(weakness) = base.weakness() {
        return Err(format!(
            "{weakness} would weaken the workload: leave it out; what the workload says itself is kept anyway"
        ));
    }
    if let Some(refusal) = probes::refusal(&check.spec.probes) {
        return Err(refusal);
    }
    temper_core::spec::recording_seconds(&check.spec.recording_duration).map_err(|error| error.to_string())
}

/// Forgets what came of a check that has ended, and lets it begin anew.
async fn begin_again(check: &WorkloadHardeningCheck, context: &Context, token: &str) -> Result<Action> {
    if !remove::everything(check, context).await? {
        return Ok(Action::requeue(Duration::from_secs(5)));
    }
    status::begin_again(check, context, token).await?;
    Ok(Action::await_change())
}

/// Ends the runs that have not ended. What has ended stays, and counts when the check goes on.
async fn suspend(check: &WorkloadHardeningCheck, context: &Context) -> Result<Action> {
    let seen = observe::observe(check, context);
    for run in &seen.runs {
        if !is_ended(run) {
            remove::run(run, context).await?;
        }
        // It may hold still for long, and what is needed is read again.
        context.ingest.forget(&run.uid().unwrap_or_default());
    }
    status::suspended(check, context, &seen).await?;
    Ok(Action::await_change())
}

/// Once a check has ended, its runs fold into the report and go.
async fn clean_up(check: &WorkloadHardeningCheck, context: &Context) -> Result<Action> {
    let gone = remove::runs(check, context).await?;
    let obstacle = if gone {
        None
    } else {
        remove::obstacle(check, context).await?
    };
    status::cleaned(check, context, gone, obstacle.as_deref()).await?;
    Ok(if gone {
        Action::await_change()
    } else {
        Action::requeue(Duration::from_secs(5))
    })
}

/// Makes a run. Who else has its name, if somebody does.
async fn create(
    check: &WorkloadHardeningCheck,
    context: &Context,
    start: Start,
    resources: BTreeMap<String, SuggestedResources>,
    recording_seconds: u64,
) -> Result<Option<String>> {
    let namespace = check.namespace().unwrap_or_default();
    let uid = check.uid().unwrap_or_default();
    let spec = CheckRunSpec {
        check: CheckRef {
            name: check.name_any(),
            uid: uid.clone(),
        },
        run: start.name.clone(),
        role: match start.role {
            Role::Baseline => RunRole::Baseline,
            Role::Candidate => RunRole::Candidate,
            Role::Verification => RunRole::Verification,
        },
        target_ref: check.spec.target_ref.clone(),
        settings: start.items.iter().map(ToString::to_string).collect(),
        repairs: repairs::told(&start.repairs),
        screening: start.extent == Extent::Screening,
        resources,
        security_context: check.spec.security_context.clone(),
        recording_seconds,
        isolation: check.spec.isolation.clone(),
        oracles: check.spec.oracles.clone(),
        probes: check.spec.probes.clone(),
    };
    let mut run = CheckRun::new(&format!("{}-{}", check.name_any(), start.name), spec);
    run.metadata.namespace = Some(namespace.clone());
    run.metadata.owner_references = check.controller_owner_ref(&()).map(|owner| vec![owner]);
    run.metadata.labels = Some([(label::CHECK_UID.to_owned(), uid), (label::RUN.to_owned(), start.name)].into());
    run.metadata.annotations = Some([(annotation::TRACEPARENT.to_owned(), trace::of_runs(check))].into());
    run.metadata.finalizers = Some(vec![temper_api::finalizer::CLEANUP.to_owned()]);
    let api: Api<CheckRun> = Api::namespaced(context.client.clone(), &namespace);
    match api.create(&PostParams::default(), &run).await {
        Ok(_) => Ok(None),
        Err(kube::Error::Api(status)) if status.is_already_exists() => {
            let name = run.name_any();
            let there = api.get_opt(&name).await.map_err(|source| Error::Read {
                what: "a run that is there already",
                source,
            })?;
            let owner = there
                .map(|there| there.spec.check)
                .filter(|owner| owner.uid != run.spec.check.uid);
            // Without another owner it is our own, and we have not seen it yet.
            Ok(owner.map(|owner| {
                format!(
                    "CheckRun `{name}` belongs to check `{}`: delete that one, or give this check another name",
                    owner.name
                )
            }))
        }
        Err(source) => Err(Error::Apply {
            what: format!("run `{}`", run.name_any()),
            source,
        }),
    }
}

/// What to do when a reconcile failed.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the controller runtime's")]
pub(crate) fn error_policy(check: Arc<WorkloadHardeningCheck>, error: &Error, context: Arc<Context>) -> Action {
    telemetry::of_check(&check)
        .in_scope(|| crate::context::failed("WorkloadHardeningCheck", &check.name_any(), error, &context))
}

/// Where a check with these runs stands.
fn phase(runs: &[Arc<CheckRun>]) -> (CheckPhase, &'static str) {
    let open = |role: RunRole| runs.iter().any(|run| run.spec.role == role && !is_ended(run));
    let searched = runs.iter().any(|run| run.spec.role == RunRole::Candidate);
    if searched && open(RunRole::Verification) {
        (CheckPhase::Verifying, reason::VERIFYING)
    } else if searched {
        (CheckPhase::Searching, reason::SEARCHING)
    } else {
        (CheckPhase::Recording, reason::RECORDING)
    }
}

fn is_ended(run: &CheckRun) -> bool {
    run.status.as_ref().is_some_and(|status| status.phase.is_terminal())
}

/// How the search sees a run.
fn state(run: &CheckRun) -> search::State {
    let Some(status) = &run.status else {
        return search::State::Open;
    };
    match status.phase {
        RunPhase::Passed if run.spec.screening => search::State::Screened,
        RunPhase::Passed => search::State::Passed,
        RunPhase::Failed => search::State::Failed,
        RunPhase::Inconclusive => search::State::Inconclusive,
        RunPhase::Error | RunPhase::Cancelled => search::State::Error,
        RunPhase::Pending | RunPhase::Cloning | RunPhase::Starting => search::State::Open,
        RunPhase::Recording | RunPhase::Judging if status.doubtful => search::State::Doubtful,
        RunPhase::Recording | RunPhase::Judging if status.promising => search::State::Promising,
        RunPhase::Recording | RunPhase::Judging => search::State::Open,
    }
}

/// Whether a check has not ended.
pub(crate) fn is_open(check: &WorkloadHardeningCheck) -> bool {
    let status = check.status.as_ref();
    status.is_none_or(|status| status.holds(condition::COMPLETE).is_none())
}

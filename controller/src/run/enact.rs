//! Carries out one step of a run.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, PropagationPolicy};
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, ResourceExt as _};
use temper_api::{CheckRun, CheckRunStatus, Dependencies, Egress, Outcome, ProofFact, RunPhase, RunRole};
use temper_core::clone::{self, Order, Plan, Refusal};
use temper_core::recommend::prove;
use temper_core::run::Step;
use temper_core::setting::Setting;

use super::observe::Seen;
use super::status::time;
use super::{admit, job, status};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::identity;
use crate::{source, trace};

pub(super) async fn enact(run: &CheckRun, context: &Context, seen: &Seen, step: Step) -> Result<Action> {
    let mut status = seen.status.clone();
    let now = time(seen.now);
    let mut action = Action::await_change();
    match step {
        // Whatever ends the wait wakes us; this is for what a watch misses.
        Step::Wait(None) => return Ok(Action::requeue(Duration::from_secs(10))),
        Step::Wait(Some(until)) => {
            let nanos = u64::try_from(until - seen.now).unwrap_or_default();
            return Ok(Action::requeue(
                Duration::from_nanos(nanos).max(Duration::from_millis(50)),
            ));
        }
        Step::Begin => {
            status.phase = RunPhase::Cloning;
            status.attempt = 1;
            status.clone_namespace = Some(job::clone_name(run));
            status.trace_id = Some(trace::of_run(run).to_string());
            status.started_at = now;
        }
        Step::Clone => match make(run, context, &status).await? {
            Ok(_) => {
                status.phase = RunPhase::Starting;
                status.cloned_at = time(nanos_now());
            }
            Err(refusal) => {
                status.phase = RunPhase::Error;
                status.outcome = Some(Outcome::Error);
                status.message = Some(refusal.to_string());
                status.ended_at = now;
            }
        },
        Step::Ready(at) => {
            status.phase = RunPhase::Recording;
            status.ready_at = time(at);
        }
        Step::Admit => {
            if !admit(run, context, &mut status).await? {
                return Ok(Action::requeue(Duration::from_millis(500)));
            }
        }
        Step::Promise => status.promising = true,
        Step::Judge => {
            status.phase = RunPhase::Judging;
            status.recorded_at = seen.recording.ended_at().and_then(time);
            remember(run, context, seen, &mut status).await?;
            action = Action::requeue(Duration::ZERO);
        }
        Step::End(verdict) => {
            status::ended(&mut status, &verdict);
            status.ended_at = now;
            tracing::info!(
                check = run.spec.check.name, run = run.spec.run, outcome = ?verdict.outcome,
                message = status.message, "run ended"
            );
        }
        Step::Retry(why) => {
            tracing::warn!(
                check = run.spec.check.name,
                run = run.spec.run,
                attempt = status.attempt,
                why,
                "worker is replaced"
            );
            replace_worker(run, context, &status).await?;
            context.metrics.worker_replaced(&seen.job);
            let lost = status::lost(&mut status, nanos_now(), &why);
            status.lost_attempts.extend(lost);
            status.attempt += 1;
            status.message = Some(format!("attempt {} failed: {why}", status.attempt - 1));
            status.phase = RunPhase::Cloning;
        }
        Step::GiveUp(why) => {
            status.phase = RunPhase::Error;
            status.outcome = Some(Outcome::Error);
            status.message = Some(format!("infrastructure failed {} times, last: {why}", status.attempt));
            status.ended_at = now;
        }
        Step::Cancel => {
            status.phase = RunPhase::Cancelled;
            status.ended_at = now;
        }
    }
    let ended = status.phase.is_terminal();
    status::write(run, context, status).await?;
    if ended && run.spec.role == RunRole::Baseline {
        wake_siblings(run, context).await?;
    }
    Ok(action)
}

/// Candidates wait for the verdict on their baselines.
async fn wake_siblings(run: &CheckRun, context: &Context) -> Result<()> {
    let siblings = context
        .runs_of(&run.namespace().unwrap_or_default(), &run.spec.check.uid)
        .await?;
    for sibling in &siblings {
        context.ingest.wake(ObjectRef::from_obj(sibling));
    }
    Ok(())
}

fn nanos_now() -> i64 {
    i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}

fn deadline(run: &CheckRun, context: &Context) -> String {
    let seconds = i64::try_from(job::deadline_seconds(run, &context.args)).unwrap_or(i64::MAX);
    let end = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(seconds));
    end.unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// Plans the clone from the source as it is now.
async fn plan(run: &CheckRun, context: &Context) -> Result<Result<Plan, Refusal>> {
    let namespace = run.namespace().unwrap_or_default();
    let source = source::read(&context.client, &namespace)
        .await
        .map_err(|source| Error::Read {
            what: "the source namespace",
            source,
        })?;
    Ok(clone::plan(
        &source,
        &Order {
            kind: &run.spec.target_ref.kind,
            name: &run.spec.target_ref.name,
            clone: &job::clone_name(run),
            labels: &job::labels(run),
            settings: &settings(run),
            identity: identity::of(&run.spec.identity),
            neighbours: run.spec.isolation.dependencies == Dependencies::Namespace,
            allow_shared: run.spec.isolation.allow_shared,
        },
    ))
}

fn settings(run: &CheckRun) -> BTreeSet<Setting> {
    run.spec.settings.iter().filter_map(|id| id.parse().ok()).collect()
}

/// Makes the namespace, the worker and the copies. The worker first: it is to see the Pods start.
async fn make(run: &CheckRun, context: &Context, status: &CheckRunStatus) -> Result<Result<Plan, Refusal>> {
    let clone = job::clone_name(run);
    let plan = match plan(run, context).await? {
        Ok(plan) => plan,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let namespaces: Api<Namespace> = Api::all(context.client.clone());
    let source = namespaces
        .get(&run.namespace().unwrap_or_default())
        .await
        .map_err(|source| Error::Read {
            what: "the source namespace",
            source,
        })?;
    let labels = job::labels(run);
    let egress = match run.spec.isolation.egress {
        Egress::Deny => clone::Egress::Deny,
        Egress::ClusterOnly => clone::Egress::ClusterOnly,
        Egress::Allow => clone::Egress::Allow,
    };
    let workloads = plan
        .objects
        .iter()
        .filter(|object| object.pointer("/spec/template").is_some())
        .count();
    let pods = u32::try_from(workloads)
        .unwrap_or(u32::MAX)
        .saturating_mul(u32::try_from(clone::MAX_REPLICAS).unwrap_or(1));
    let work = job::Work {
        run,
        clone: &clone,
        attempt: status.attempt,
        selector: &plan.selector,
        pods: plan.pods.unwrap_or(1),
    };
    let [account, binding, job] = job::worker(&work, &context.args);
    let first = [
        job::namespace(run, &source, &clone, &deadline(run, context)),
        clone::fence(&clone, &labels, egress),
        clone::quota(&clone, &labels, pods),
        account,
        binding,
        job,
    ];
    for object in first.iter().chain(&plan.objects) {
        let what = || {
            let text = |path| {
                object
                    .pointer(path)
                    .and_then(serde_json::Value::as_str)
                    .unwrap_or_default()
            };
            format!("{}/{}", text("/kind"), text("/metadata/name"))
        };
        source::apply(&context.client, object)
            .await
            .map_err(|source| Error::Apply { what: what(), source })?;
    }
    Ok(Ok(plan))
}

async fn admit(run: &CheckRun, context: &Context, status: &mut CheckRunStatus) -> Result<bool> {
    let Ok(plan) = plan(run, context).await? else {
        // The source is gone: the check ends for that reason.
        status.admitted = Some(false);
        return Ok(true);
    };
    let Some(admission) = admit::admit(run, context, &plan.selector, &deadline(run, context)).await? else {
        return Ok(false);
    };
    status.level = Some(admission.level);
    status.admitted = Some(admission.refusal.is_none());
    status.admission_message = admission.refusal;
    Ok(true)
}

/// Keeps of the recording what outlives the clone: what the processes showed.
async fn remember(run: &CheckRun, context: &Context, seen: &Seen, status: &mut CheckRunStatus) -> Result<()> {
    let Ok(plan) = plan(run, context).await? else {
        return Ok(());
    };
    let process = |container: &str| seen.recording.process(container);
    let facts = prove(&plan.pod, &settings(run), process);
    status.proof = facts
        .into_iter()
        .map(|fact| ProofFact {
            container: fact.container,
            setting: fact.setting.to_string(),
            shown: fact.shown,
            fact: fact.fact,
        })
        .collect();
    status.observed_identity = plan
        .pod
        .containers
        .first()
        .and_then(|container| seen.recording.process(&container.name))
        .filter(|process| process.error.is_empty())
        .map(identity::observed);
    Ok(())
}

async fn replace_worker(run: &CheckRun, context: &Context, status: &CheckRunStatus) -> Result<()> {
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &context.args.runs_namespace);
    let name = job::job_name(&job::clone_name(run), status.attempt);
    let parameters = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Background),
        ..DeleteParams::default()
    };
    match jobs.delete(&name, &parameters).await {
        Err(kube::Error::Api(gone)) if gone.is_not_found() => Ok(()),
        result => result.map(drop).map_err(|source| Error::Remove { what: name, source }),
    }
}

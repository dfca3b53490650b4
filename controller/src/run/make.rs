//! Makes what a run needs: its clone, its worker, and a worker in place of one that was lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::api::{DeleteParams, PartialObjectMeta, Patch, PatchParams};
use kube::core::Status;
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};
use temper_api::{BaseSecurityContext, CheckRun, CheckRunStatus, Dependencies, Egress, annotation, label, reason};
use temper_core::clone::{self, Driver, Order, Part, Refusal};
use temper_core::kind::Kind;
use temper_core::repair::Repairs;
use temper_core::setting::{Base, Item};

use super::job;
use super::remove::ignore_absent;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::{probes, repairs, source};

/// An account that was made with its namespace appears a moment later; so do rights.
const MOMENT: Duration = Duration::from_secs(1);

/// What came of making a clone.
pub(super) enum Made {
    Done,
    /// Something is in the way that goes by itself.
    NotYet(Duration),
    /// It cannot be made: trying again would not help.
    Refused {
        reason: &'static str,
        message: String,
    },
}

/// Everything that a plan is ordered with, owned.
struct Wish {
    kind: Kind,
    clone: String,
    labels: Vec<(String, String)>,
    base: Base,
    items: BTreeSet<Item>,
    repairs: Repairs,
    drivers: Vec<Driver>,
}

impl Wish {
    /// None where the kind of the target is not known, or not any more.
    fn of(run: &CheckRun, context: &Context) -> Option<Self> {
        Some(Self {
            kind: context.args.kinds.of(&run.spec.target_ref)?,
            clone: job::clone_name(run),
            labels: job::labels(run),
            base: base_of(run),
            items: items(run),
            repairs: repairs::of(&run.spec.repairs),
            drivers: probes::drivers(run),
        })
    }

    fn order<'a>(&'a self, run: &'a CheckRun) -> Order<'a> {
        Order {
            kind: &self.kind,
            name: &run.spec.target_ref.name,
            clone: &self.clone,
            labels: &self.labels,
            base: &self.base,
            items: &self.items,
            repairs: &self.repairs,
            neighbours: run.spec.isolation.dependencies == Dependencies::Namespace,
            allow_shared: run.spec.isolation.allow_shared,
            drivers: &self.drivers,
        }
    }
}

/// What a run has under test.
pub(crate) fn items(run: &CheckRun) -> BTreeSet<Item> {
    run.spec.settings.iter().filter_map(|id| id.parse().ok()).collect()
}

/// What every run of a check has, as core knows it.
pub(crate) fn base(context: &BaseSecurityContext) -> Base {
    Base {
        pod: context.pod.clone(),
        container: context.container.clone(),
        resources: BTreeMap::new(),
    }
}

/// What a run has wherever its workload leaves it open.
pub(crate) fn base_of(run: &CheckRun) -> Base {
    let quantities = |values: &BTreeMap<String, String>| {
        let values = values
            .iter()
            .map(|(name, value)| (name.clone(), Quantity(value.clone())));
        Some(values.collect()).filter(|values: &BTreeMap<_, _>| !values.is_empty())
    };
    let resources = run.spec.resources.iter().map(|(container, suggested)| {
        let resources = ResourceRequirements {
            requests: quantities(&suggested.requests),
            limits: quantities(&suggested.limits),
            ..ResourceRequirements::default()
        };
        (container.clone(), resources)
    });
    Base {
        resources: resources.collect(),
        ..base(&run.spec.security_context)
    }
}

/// Makes the namespace, the worker and the copies. The worker first: it is to see the Pods start.
pub(super) async fn clone(run: &CheckRun, context: &Context, status: &mut CheckRunStatus) -> Result<Made> {
    let target = &run.spec.target_ref;
    let Some(wish) = Wish::of(run, context) else {
        return Ok(Made::Refused {
            reason: reason::UNKNOWN_KIND,
            message: context.args.kinds.unknown(target),
        });
    };
    let order = wish.order(run);
    let from = run.namespace().unwrap_or_default();
    let read = |what| move |source| Error::Read { what, source };
    let namespaces: Api<Namespace> = Api::all(context.client.clone());
    let reading = Box::pin(async { tokio::try_join!(namespaces.get(&from), source::read(context, &from, target)) });
    let source = context.sources.get(&run.spec.check.uid, reading).await;
    let source = source.map_err(read("the source namespace"))?;
    let (namespace, source) = &*source;
    let plan = match clone::plan(source, &order) {
        Ok(plan) => plan,
        Err(refusal) => {
            return Ok(Made::Refused {
                reason: match refusal {
                    Refusal::TargetNotFound { .. } => reason::TARGET_DELETED,
                    Refusal::SharedVolume { .. } => reason::SHARED_VOLUME,
                    Refusal::NoLabels { .. } | Refusal::Malformed { .. } => reason::INVALID_SPEC,
                },
                message: refusal.to_string(),
            });
        }
    };
    if let Some(made) = in_the_way(&namespaces, run, &wish.clone).await? {
        return Ok(made);
    }
    status.target_selector = Some(plan.selector.clone());
    status.target_pods = plan.pods;
    status.notes.clone_from(&plan.notes);
    let mut objects = vec![
        job::namespace(run, namespace, &wish.clone, &job::deadline(run, &context.args)),
        clone::fence(&wish.clone, &wish.labels, egress(run), &context.args.runs_namespace),
        clone::quota(&wish.clone, &wish.labels, plan.all_pods),
    ];
    objects.extend(worker(run, context, status));
    for object in objects {
        // Ours, and the same for every run: a refusal is no evidence against a candidate.
        if let Some(made) = apply(context, &object, reason::CLONE_FAILED).await? {
            return Ok(made);
        }
    }
    for part in plan.parts {
        let object = match part {
            Part::Object(object) => Some(object),
            Part::Copy { kind, name } => source::object(context, &from, ("v1", kind), &name)
                .await
                .map_err(read("what the workload refers to"))?
                .and_then(|object| clone::copy(object, &order)),
        };
        if let Some(object) = object
            && let Some(made) = apply(context, &object, reason::CLONE_REFUSED).await?
        {
            return Ok(made);
        }
    }
    Ok(Made::Done)
}

/// A namespace of the clone's name that is still being removed, or that is not this run's.
async fn in_the_way(namespaces: &Api<Namespace>, run: &CheckRun, name: &str) -> Result<Option<Made>> {
    Ok(match clone_namespace(namespaces, name).await? {
        Some(there) if there.metadata.deletion_timestamp.is_some() => Some(Made::NotYet(MOMENT)),
        Some(there) if there.labels().get(label::RUN_UID) != run.uid().as_ref() => Some(Made::Refused {
            reason: reason::CLONE_FAILED,
            message: format!("namespace `{name}` is there already and belongs to somebody else: remove it"),
        }),
        _ => None,
    })
}

async fn clone_namespace(namespaces: &Api<Namespace>, name: &str) -> Result<Option<PartialObjectMeta<Namespace>>> {
    namespaces.get_metadata_opt(name).await.map_err(|source| Error::Read {
        what: "the namespace of the clone",
        source,
    })
}

/// Applies an object; something else than none if that ends the making.
async fn apply(context: &Context, object: &Value, refusal: &'static str) -> Result<Option<Made>> {
    let text = |path| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let what = format!("{}/{}", text("/kind"), text("/metadata/name"));
    match source::apply(context, object).await {
        Ok(()) => Ok(None),
        Err(kube::Error::Api(answer)) if answer.message.contains("is being terminated") => {
            Ok(Some(Made::NotYet(MOMENT)))
        }
        // Neither a conflict nor a fault of the server: it does not want this object.
        Err(kube::Error::Api(answer)) if is_refusal(&answer) => Ok(Some(Made::Refused {
            reason: refusal,
            message: format!(
                "the API server refuses {what} in the clone: {}: let it in, or leave it out of the clone",
                answer.message
            ),
        })),
        Err(source) => Err(Error::Apply { what, source }),
    }
}

fn is_refusal(answer: &Status) -> bool {
    matches!(answer.code, 400 | 403 | 413 | 422)
}

fn egress(run: &CheckRun) -> clone::Egress {
    match run.spec.isolation.egress {
        Egress::Deny => clone::Egress::Deny,
        Egress::ClusterOnly => clone::Egress::ClusterOnly,
        Egress::Allow => clone::Egress::Allow,
    }
}

fn worker(run: &CheckRun, context: &Context, status: &CheckRunStatus) -> Vec<Value> {
    let clone = job::clone_name(run);
    job::worker(
        &job::Work {
            run,
            clone: &clone,
            attempt: status.attempt,
            selector: status.target_selector.as_deref().unwrap_or_default(),
            pods: status.target_pods.unwrap_or(1),
            ready_at: status.ready_at.as_ref().map(|time| time.0),
        },
        &context.args,
    )
}

/// What came of putting another worker in the place of a lost one.
pub(super) enum Replaced {
    Done,
    /// There is no clone any more.
    NoClone,
    /// The API server does not take another worker.
    Refused(String),
}

/// Puts another worker in the place of a lost one, on the same clone.
pub(super) async fn replace_worker(run: &CheckRun, context: &Context, status: &mut CheckRunStatus) -> Result<Replaced> {
    let clone = job::clone_name(run);
    let namespaces: Api<Namespace> = Api::all(context.client.clone());
    let there = clone_namespace(&namespaces, &clone).await?;
    if there.is_none_or(|there| there.metadata.deletion_timestamp.is_some()) {
        return Ok(Replaced::NoClone);
    }
    // The new worker has as much time as the lost one had.
    let renewed = json!({"metadata": {"annotations": {annotation::DEADLINE: job::deadline(run, &context.args)}}});
    namespaces
        .patch_metadata(&clone, &PatchParams::default(), &Patch::Merge(renewed))
        .await
        .map_err(|source| Error::Apply {
            what: "the deadline of the clone".to_owned(),
            source,
        })?;
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &context.args.runs_namespace);
    let name = job::job_name(&clone, status.attempt);
    let result = jobs.delete(&name, &DeleteParams::background()).await.map(drop);
    ignore_absent(result).map_err(|source| Error::Remove { what: name, source })?;
    status.attempt += 1;
    for object in worker(run, context, status) {
        match source::apply(context, &object).await {
            Ok(()) => {}
            Err(kube::Error::Api(answer)) if is_refusal(&answer) => {
                return Ok(Replaced::Refused(answer.message.clone()));
            }
            Err(source) => {
                return Err(Error::Apply {
                    what: "the worker that replaces a lost one".to_owned(),
                    source,
                });
            }
        }
    }
    Ok(Replaced::Done)
}

/// The target's Pod as this run has it; none if the target is gone, and then the check ends for that reason.
pub(super) async fn target_pod(run: &CheckRun, context: &Context) -> Result<Option<PodSpec>> {
    let Some(wish) = Wish::of(run, context) else {
        return Ok(None);
    };
    let namespace = run.namespace().unwrap_or_default();
    let looking = source::target(context, &namespace, &run.spec.target_ref);
    let target = context.targets.get(&run.spec.check.uid, looking).await;
    let target = target.map_err(|source| Error::Read {
        what: "the target",
        source,
    })?;
    let target = target.as_ref().as_ref();
    Ok(target.and_then(|target| clone::target_pod(target, &wish.order(run)).ok()))
}

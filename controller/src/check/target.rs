//! Whether the target of a check can be hardened.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Pod, PodSpec};
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};
use serde_json::Value;
use temper_api::{WorkloadHardeningCheck, reason};
use temper_core::clone::{WORKLOAD_KINDS, template_hash};
use temper_core::setting::{Applicability, Item};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::source;

/// The workload as the source has it.
pub(super) struct SourceWorkload {
    pub(super) object: Value,
    pub(super) pod: PodSpec,
    pub(super) template_hash: String,
    /// What it lacks and Kubernetes takes.
    pub(super) applicable: BTreeSet<Item>,
    /// What cannot be tried on it, and why.
    pub(super) excluded: Vec<(Item, &'static str)>,
    pub(super) already_set: Vec<Item>,
}

/// What became of looking at the target.
pub(super) enum Target {
    Fit(Box<SourceWorkload>),
    Wait { reason: &'static str, message: String },
    Unfit { reason: &'static str, message: String },
}

/// Looks at the target. Once it was accepted, a check no longer minds whether the source is Ready; but it must stay.
pub(super) async fn look(check: &WorkloadHardeningCheck, context: &Context) -> Result<Target> {
    let accepted = check.status.as_ref().and_then(|status| status.template_hash.as_ref());
    let started = accepted.is_some();
    let reference = &check.spec.target_ref;
    let namespace = check.namespace().unwrap_or_default();
    if reference.api_version != "apps/v1" || !WORKLOAD_KINDS.contains(&reference.kind.as_str()) {
        let message = format!(
            "spec.targetRef: {} of {} cannot be checked: use one of {} of apps/v1",
            reference.kind,
            reference.api_version,
            WORKLOAD_KINDS.join(", ")
        );
        return Ok(Target::Unfit {
            reason: reason::UNKNOWN_KIND,
            message,
        });
    }
    let looking = source::object(&context.client, &namespace, &reference.kind, &reference.name);
    let looked = if started {
        let uid = check.uid().unwrap_or_default();
        let looked = context.targets.get(&uid, looking).await;
        looked.map(|object| Option::clone(&object))
    } else {
        looking.await
    };
    let object = looked.map_err(|source| Error::Read {
        what: "the target",
        source,
    })?;
    let Some(object) = object.filter(|object| object.pointer("/metadata/deletionTimestamp").is_none()) else {
        let (reason, message) = if started {
            (
                reason::TARGET_DELETED,
                format!("{reference} was deleted while it was checked: create the check again once it is back"),
            )
        } else {
            let why = "does not exist in this namespace: create it, or delete this check and name another target";
            (reason::TARGET_NOT_FOUND, format!("spec.targetRef: {reference} {why}"))
        };
        return Ok(Target::Unfit { reason, message });
    };
    let template_hash = template_hash(&object);
    if accepted.is_some_and(|accepted| *accepted != template_hash) {
        let message = format!(
            "the Pod template of {reference} was changed while it was checked, and what was recorded is about the old one: retry or create the check again"
        );
        return Ok(Target::Unfit {
            reason: reason::TARGET_CHANGED,
            message,
        });
    }
    if !started {
        if let Some(other) = busy(check, context) {
            let message = format!(
                "check `{other}` of {reference} has not ended: wait for it and create this check again, or delete the other"
            );
            return Ok(Target::Unfit {
                reason: reason::TARGET_BUSY,
                message,
            });
        }
        if let Some(why) = not_ready(&object, &namespace, context).await? {
            return Ok(too_late(check, context, &format!("{reference} is not Ready: {why}")));
        }
    }
    let spec = object.pointer("/spec/template/spec").cloned().unwrap_or(Value::Null);
    let Ok(pod) = serde_json::from_value::<PodSpec>(spec) else {
        let message = format!("{reference} has a Pod template that cannot be read: it uses fields newer than Temper");
        return Ok(Target::Unfit {
            reason: reason::INVALID_SPEC,
            message,
        });
    };
    let mut workload = SourceWorkload {
        template_hash,
        object,
        pod,
        applicable: BTreeSet::new(),
        excluded: Vec::new(),
        already_set: Vec::new(),
    };
    let base = crate::run::make::base(&check.spec.security_context);
    let mut pod = workload.pod.clone();
    base.apply(&mut pod);
    let asked = |item: &Item| {
        check.spec.settings.is_empty() || check.spec.settings.iter().any(|id| *id == item.setting.to_string())
    };
    for item in Item::all(&pod).filter(asked) {
        match item.applicability(&pod) {
            Applicability::Applicable => drop(workload.applicable.insert(item)),
            Applicability::AlreadySet => workload.already_set.push(item),
            Applicability::Excluded(why) => workload.excluded.push((item, why)),
            Applicability::Absent => {}
        }
    }
    Ok(Target::Fit(Box::new(workload)))
}

/// A target may become Ready yet, but not for ever.
fn too_late(check: &WorkloadHardeningCheck, context: &Context, why: &str) -> Target {
    let since = check.status.as_ref().and_then(|status| status.waiting_since.as_ref());
    let age = since.map(|time| jiff::Timestamp::now().duration_since(time.0));
    let timeout = context.args.target_ready_timeout;
    if age.is_some_and(|age| age.unsigned_abs() >= timeout) {
        let message = format!(
            "{why}; after {} s the check ended: mend the workload and create the check again",
            timeout.as_secs()
        );
        Target::Unfit {
            reason: reason::TARGET_NOT_READY,
            message,
        }
    } else {
        let message = format!("{why}; the check starts when it is, within {} s", timeout.as_secs());
        Target::Wait {
            reason: reason::TARGET_NOT_READY,
            message,
        }
    }
}

/// Another check of the same workload that has not ended and began before.
fn busy(check: &WorkloadHardeningCheck, context: &Context) -> Option<String> {
    let age = |check: &WorkloadHardeningCheck| (check.creation_timestamp().map(|time| time.0), check.name_any());
    let checks = context.seen.checks.state();
    let older = checks.iter().find(|other| {
        other.namespace() == check.namespace()
            && other.uid() != check.uid()
            && other.spec.target_ref == check.spec.target_ref
            && super::is_open(other)
            && (super::status::is_accepted(other) || age(other) < age(check))
    });
    older.map(|other| other.name_any())
}

/// Why the target is not Ready, if it is not.
async fn not_ready(object: &Value, namespace: &str, context: &Context) -> Result<Option<String>> {
    let number = |path: &str| object.pointer(path).and_then(Value::as_i64);
    let (wanted, ready) = if object.pointer("/kind").and_then(Value::as_str) == Some("DaemonSet") {
        (
            number("/status/desiredNumberScheduled").unwrap_or(1),
            number("/status/numberReady").unwrap_or(0),
        )
    } else {
        (
            number("/spec/replicas").unwrap_or(1),
            number("/status/readyReplicas").unwrap_or(0),
        )
    };
    if wanted == 0 {
        return Ok(Some("it has 0 replicas".to_owned()));
    }
    let rolled_out = number("/status/observedGeneration") >= number("/metadata/generation");
    if ready >= wanted && rolled_out {
        return Ok(None);
    }
    let selector = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let selector: Vec<String> = selector
        .into_iter()
        .flatten()
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()))
        .collect();
    let pods: Api<Pod> = Api::namespaced(context.client.clone(), namespace);
    let pods = pods
        .list(&ListParams::default().labels(&selector.join(",")))
        .await
        .map_err(|source| Error::Read {
            what: "the pods of the target",
            source,
        })?;
    let waiting = pods
        .items
        .iter()
        .filter_map(|pod| pod.status.as_ref())
        .find_map(|status| {
            let containers = status
                .init_container_statuses
                .iter()
                .flatten()
                .chain(status.container_statuses.iter().flatten());
            let mut waiting = containers.filter_map(|c| Some((&c.name, c.state.as_ref()?.waiting.as_ref()?)));
            waiting.find_map(|(name, waiting)| {
                let reason = waiting
                    .reason
                    .as_deref()
                    .filter(|r| *r != "ContainerCreating" && *r != "PodInitializing")?;
                let message = waiting.message.as_deref().unwrap_or_default();
                Some(format!("container `{name}` waits with {reason} {message}"))
            })
        });
    let counted = format!("{ready} of {wanted} Pods are Ready");
    Ok(Some(waiting.map_or_else(
        || counted.clone(),
        |waiting| format!("{counted}, {}", waiting.trim()),
    )))
}

#[cfg(test)]
mod tests {
    use temper_core::setting::Setting;

    #[test]
    fn the_api_offers_every_setting() {
        let all: Vec<String> = Setting::all().map(|setting| setting.to_string()).collect();
        assert_eq!(temper_api::SETTINGS.as_slice(), all);
    }
}

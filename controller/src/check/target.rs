//! Whether the target of a check can be hardened.

mod owner;
mod ready;

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::PodSpec;
use kube::ResourceExt as _;
use serde_json::Value;
use temper_api::{WorkloadHardeningCheck, reason};
use temper_core::clone::{source_pod, template_hash};
use temper_core::kind::Kind;
use temper_core::setting::{Applicability, Item};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::source;

/// The workload as the source has it.
pub(super) struct SourceWorkload {
    pub(super) kind: Kind,
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
    let Some(kind) = context.args.kinds.of(reference) else {
        return Ok(Target::Unfit {
            reason: reason::UNKNOWN_KIND,
            message: context.args.kinds.unknown(reference),
        });
    };
    let looking = source::target(context, &namespace, reference);
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
    let template_hash = template_hash(&kind, &object);
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
        if let Some(maker) = owner::maker(&kind, &object, &namespace, context).await? {
            let message = format!(
                "{reference} is made by {maker} of {}, and would be made anew as it was: name that in spec.targetRef",
                maker.api_version
            );
            return Ok(Target::Unfit {
                reason: reason::TARGET_OWNED,
                message,
            });
        }
        if let Some(why) = ready::not_ready(&kind, &object, &namespace, context).await? {
            return Ok(too_late(check, context, &format!("{reference} is not Ready: {why}")));
        }
    }
    let pod = match source_pod(&kind, &object) {
        Ok(pod) => pod,
        Err(refusal) => {
            let message = format!(
                "the Pod template of {reference} at {} is not one that Temper can read: {refusal}",
                kind.pod()
            );
            return Ok(Target::Unfit {
                reason: reason::INVALID_SPEC,
                message,
            });
        }
    };
    let mut workload = SourceWorkload {
        kind,
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

#[cfg(test)]
mod tests {
    use temper_core::setting::Setting;

    #[test]
    fn the_api_offers_every_setting() {
        let all: Vec<String> = Setting::all().map(|setting| setting.to_string()).collect();
        assert_eq!(temper_api::SETTINGS.as_slice(), all);
    }
}

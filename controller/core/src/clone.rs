//! What a clone of a workload holds, and how each copy differs from its source.
//!
//! The source's objects go in as the API server gave them, the clone's objects come out in the order in which they
//! must be created. Nothing outside the allow list of this module ever gets into a clone.

mod fence;
mod metadata;
mod objects;
mod pod;
mod references;

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::Value;

pub use fence::{Egress, fence, quota};
pub use metadata::strip as strip_metadata;

use crate::recommend;
use crate::repair::Repairs;
use crate::setting::{Base, Item};

/// The kinds of workload that can be cloned, all of `apps/v1`.
pub const WORKLOAD_KINDS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

/// Pods that a clone runs at most of its target: more of the same shows nothing new and costs the cluster.
pub const MAX_REPLICAS: i64 = 3;

/// Everything in the source namespace that a clone may be made of, as the API server gave it; but for ConfigMaps and
/// Secrets, which may be large and are copied one by one.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Namespace.
    pub namespace: String,
    /// Deployments, StatefulSets and DaemonSets, the target among them.
    pub workloads: Vec<Value>,
    /// Services.
    pub services: Vec<Value>,
    /// ServiceAccounts.
    pub service_accounts: Vec<Value>,
    /// PersistentVolumeClaims.
    pub claims: Vec<Value>,
    /// Roles.
    pub roles: Vec<Value>,
    /// RoleBindings.
    pub role_bindings: Vec<Value>,
    /// NetworkPolicies.
    pub network_policies: Vec<Value>,
    /// LimitRanges.
    pub limit_ranges: Vec<Value>,
}

/// What to make of it.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// Kind of the target.
    pub kind: &'a str,
    /// Name of the target.
    pub name: &'a str,
    /// Namespace of the clone.
    pub clone: &'a str,
    /// Labels that every object of the clone gets.
    pub labels: &'a [(String, String)],
    /// What every run of the check has.
    pub base: &'a Base,
    /// What is under test.
    pub items: &'a BTreeSet<Item>,
    /// What makes it possible.
    pub repairs: &'a Repairs,
    /// Whether the other workloads of the namespace are cloned, too.
    pub neighbours: bool,
    /// Whether hostPath and inline remote volumes are mounted into the clone as they are.
    pub allow_shared: bool,
}

/// A clone, ready to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What to make, in this order; the target is the last.
    pub parts: Vec<Part>,
    /// The target's Pod as it will run.
    pub pod: PodSpec,
    /// Label selector of the target's Pods, as text.
    pub selector: String,
    /// How many Pods the target is to have; none for a DaemonSet, which has one a node.
    pub pods: Option<u32>,
    /// What the clone leaves out or changes for safety, in sentences for people.
    pub notes: Vec<String>,
}

/// Something that a clone holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// An object, as it is to be applied.
    Object(Value),
    /// A ConfigMap or Secret of the source, if it is there, as [`copy`] makes it.
    Copy {
        /// Its kind.
        kind: &'static str,
        /// Its name.
        name: String,
    },
}

/// Why no clone can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The target is not in the source namespace.
    #[error("{kind} `{name}` does not exist: create it, or correct spec.targetRef")]
    TargetNotFound {
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
    /// A volume cannot be replaced by an empty one.
    #[error(
        "volume `{volume}` of {workload} is {what}, which a clone would share with its source: set spec.isolation.allowShared to true if that is safe"
    )]
    SharedVolume {
        /// Kind/name of the workload.
        workload: String,
        /// Name of the volume.
        volume: String,
        /// What it is.
        what: String,
    },
    /// An object is not what Kubernetes says it is.
    #[error("{what} cannot be read: {why}")]
    Malformed {
        /// Which object.
        what: String,
        /// Why.
        why: String,
    },
}

/// Makes the clone's objects.
pub fn plan(source: &Source, order: &Order<'_>) -> Result<Plan, Refusal> {
    let target = find(source, order)?;
    let mut notes = Vec::new();
    let mut workloads = Vec::new();
    if order.neighbours {
        for workload in &source.workloads {
            if !std::ptr::eq(workload, target) && metadata::has_no_controller(workload) {
                workloads.push(copy_workload(workload, order, &mut notes)?.0);
            }
        }
    }
    for neighbour in &mut workloads {
        objects::cap_replicas(neighbour, 0, &mut notes);
    }
    let (mut clone, pod) = harden(target, order, &mut notes)?;
    let pods = objects::cap_replicas(&mut clone, 1, &mut notes);
    let selector = objects::selector(&clone);
    workloads.push(clone);

    let specs: Vec<PodSpec> = workloads.iter().filter_map(|w| pod_of(w).ok()).collect();
    let needed = references::collect(&specs, source);
    let labels: Vec<&Value> = workloads
        .iter()
        .filter_map(|w| w.pointer("/spec/template/metadata/labels"))
        .collect();
    let mut objects = Vec::new();
    objects.extend(source.limit_ranges.iter().map(objects::plain));
    objects.extend(objects::named(&source.service_accounts, &needed.service_accounts).map(objects::service_account));
    let configuration = needed.config_maps.into_iter().map(|name| ("ConfigMap", name));
    let configuration = configuration.chain(needed.secrets.into_iter().map(|name| ("Secret", name)));
    objects.extend(objects::named(&source.claims, &needed.claims).map(objects::claim));
    objects.extend(objects::roles(source, &needed.service_accounts, order.clone));
    objects.extend(source.network_policies.iter().map(objects::network_policy));
    objects.extend(
        source
            .services
            .iter()
            .filter(|s| objects::selects(s, &labels))
            .map(objects::service),
    );
    objects.extend(workloads);
    let parts = configuration.map(|(kind, name)| Part::Copy { kind, name });
    let objects = objects.into_iter().map(|object| Part::Object(own(object, order)));
    Ok(Plan {
        parts: parts.chain(objects).collect(),
        pod,
        selector,
        pods,
        notes,
    })
}

/// The copy of a ConfigMap or Secret; none of one that is of no use in another namespace.
pub fn copy(object: Value, order: &Order<'_>) -> Option<Value> {
    (!objects::is_token(&object)).then(|| own(object, order))
}

/// The target's Pod as a run has it: isolated, with the base and the settings under test.
pub fn target_pod(target: &Value, order: &Order<'_>) -> Result<PodSpec, Refusal> {
    harden(target, order, &mut Vec::new()).map(|(_, pod)| pod)
}

/// SHA-256 of the Pod template of a workload, in hex: two workloads with one hash start the same Pods.
pub fn template_hash(workload: &Value) -> String {
    use std::fmt::Write as _;

    use sha2::Digest as _;
    let template = workload.pointer("/spec/template").cloned().unwrap_or(Value::Null);
    let digest = sha2::Sha256::digest(template.to_string().as_bytes());
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn own(mut object: Value, order: &Order<'_>) -> Value {
    metadata::strip(&mut object);
    metadata::place(&mut object, order.clone, order.labels);
    object
}

fn harden(target: &Value, order: &Order<'_>, notes: &mut Vec<String>) -> Result<(Value, PodSpec), Refusal> {
    let (mut clone, pod) = copy_workload(target, order, notes)?;
    let pod = recommend::harden(&pod, order.base, order.items, order.repairs);
    set_pod(&mut clone, &pod)?;
    Ok((clone, pod))
}

fn find<'a>(source: &'a Source, order: &Order<'_>) -> Result<&'a Value, Refusal> {
    let found = source
        .workloads
        .iter()
        .find(|workload| is(workload, order.kind, order.name));
    found.ok_or_else(|| Refusal::TargetNotFound {
        kind: order.kind.to_owned(),
        name: order.name.to_owned(),
    })
}

fn is(workload: &Value, kind: &str, name: &str) -> bool {
    objects::text(workload, "/kind") == kind && objects::text(workload, "/metadata/name") == name
}

fn copy_workload(workload: &Value, order: &Order<'_>, notes: &mut Vec<String>) -> Result<(Value, PodSpec), Refusal> {
    let mut clone = objects::plain(workload);
    let mut pod = pod_of(workload)?;
    let name = objects::describe(workload);
    pod::isolate(&mut pod, &name, order.allow_shared, notes)?;
    set_pod(&mut clone, &pod)?;
    objects::empty_claim_templates(&mut clone);
    Ok((clone, pod))
}

fn pod_of(workload: &Value) -> Result<PodSpec, Refusal> {
    let spec = workload.pointer("/spec/template/spec").cloned().unwrap_or(Value::Null);
    serde_json::from_value(spec).map_err(|error| Refusal::Malformed {
        what: objects::describe(workload),
        why: error.to_string(),
    })
}

fn set_pod(workload: &mut Value, pod: &PodSpec) -> Result<(), Refusal> {
    let value = serde_json::to_value(pod).map_err(|error| Refusal::Malformed {
        what: objects::describe(workload),
        why: error.to_string(),
    })?;
    if let Some(slot) = workload.pointer_mut("/spec/template/spec") {
        *slot = value;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! What a clone of a workload holds, and how each copy differs from its source.
//!
//! The source's objects go in as the API server gave them, the clone's objects come out in the order in which they
//! must be created. Nothing outside the allow list of this module ever gets into a clone.

mod driver;
mod fence;
mod metadata;
mod objects;
mod pod;
mod references;
mod workload;

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::Value;

pub use driver::Driver;
pub use fence::{Egress, fence, quota};
pub use metadata::{has_no_controller, strip as strip_metadata};

use crate::kind::Kind;
use crate::recommend;
use crate::repair::Repairs;
use crate::setting::{Base, Item};

/// Pods that a clone runs at most of its target: more of the same shows nothing new and costs the cluster.
pub const MAX_REPLICAS: i64 = 3;

/// Everything in the source namespace that a clone may be made of, as the API server gave it; but for ConfigMaps and
/// Secrets, which may be large and are copied one by one.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Namespace.
    pub namespace: String,
    /// The target, and workloads that may be its neighbours.
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
    pub kind: &'a Kind,
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
    /// Jobs that drive it.
    pub drivers: &'a [Driver],
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
    /// How many Pods all workloads of the clone have together.
    pub all_pods: u32,
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
    /// Nothing tells the target's Pods from others.
    #[error("{workload} has no labels at {path}, by which its Pods could be found: give its Pod template some")]
    NoLabels {
        /// Kind/name of the workload.
        workload: String,
        /// Where they should be.
        path: String,
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

/// Pods that a workload counts as that has one on each node, whose number nobody knows here.
const ONE_A_NODE: u32 = 100;

/// Makes the clone's objects.
pub fn plan(source: &Source, order: &Order<'_>) -> Result<Plan, Refusal> {
    let target = find(source, order)?;
    let mut notes = Vec::new();
    let mut workloads = Vec::new();
    let mut all_pods = 0;
    if order.neighbours {
        for workload in source
            .workloads
            .iter()
            .filter(|workload| !std::ptr::eq(*workload, target))
        {
            let kind = Kind::of(workload).filter(|kind| workload::is_neighbour(kind, workload));
            if let Some(kind) = kind.filter(|_| has_no_controller(workload)) {
                let mut neighbour = copy_workload(&kind, workload, order, &mut notes)?;
                let pods = workload::cap(&neighbour.kind, &mut neighbour.object, 0, &mut notes);
                all_pods += pods.unwrap_or(ONE_A_NODE);
                workloads.push(neighbour);
            }
        }
    }
    let mut clone = harden(target, order, &mut notes)?;
    let pods = workload::cap(&clone.kind, &mut clone.object, 1, &mut notes);
    all_pods += pods.unwrap_or(ONE_A_NODE);
    let selector = workload::selector(&clone.kind, &clone.object)?;
    workload::mark(&clone.kind, &mut clone.object);
    let pod = clone.pod.clone();
    let target_labels = clone.object.pointer(&clone.kind.labels()).cloned().unwrap_or_default();
    workloads.push(clone);
    let mut drivers = Vec::new();
    for driver in order.drivers {
        let driver = driver.copy(&target_labels, &mut notes)?;
        all_pods += driver.pods;
        drivers.push(driver);
    }

    let specs = workloads.iter().map(|workload| &workload.pod);
    let specs: Vec<&PodSpec> = specs.chain(drivers.iter().map(|driver| &driver.pod)).collect();
    let needed = references::collect(&specs, source);
    let labels: Vec<&Value> = workloads
        .iter()
        .filter_map(|workload| workload.object.pointer(&workload.kind.labels()))
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
    objects.extend(drivers.into_iter().map(|driver| driver.job));
    objects.extend(workloads.into_iter().map(|workload| workload.object));
    let parts = configuration.map(|(kind, name)| Part::Copy { kind, name });
    let objects = objects.into_iter().map(|object| Part::Object(own(object, order)));
    Ok(Plan {
        parts: parts.chain(objects).collect(),
        pod,
        selector,
        pods,
        all_pods,
        notes,
    })
}

/// The copy of a ConfigMap or Secret; none of one that is of no use in another namespace.
pub fn copy(object: Value, order: &Order<'_>) -> Option<Value> {
    (!objects::is_token(&object)).then(|| own(object, order))
}

/// The target's Pod as a run has it: isolated, with the base and the settings under test.
pub fn target_pod(target: &Value, order: &Order<'_>) -> Result<PodSpec, Refusal> {
    harden(target, order, &mut Vec::new()).map(|clone| clone.pod)
}

/// The Pod of a workload as its owner wrote it.
pub fn source_pod(kind: &Kind, workload: &Value) -> Result<PodSpec, Refusal> {
    let spec = workload.pointer(&kind.pod()).cloned().unwrap_or(Value::Null);
    let pod: Result<PodSpec, serde_json::Error> = serde_json::from_value(spec);
    let mut pod = pod.map_err(|error| Refusal::Malformed {
        what: objects::describe(workload),
        why: error.to_string(),
    })?;
    workload::as_made(kind, &mut pod);
    Ok(pod)
}

/// SHA-256 of the Pod template of a workload, in hex: two workloads with one hash start the same Pods.
pub fn template_hash(kind: &Kind, workload: &Value) -> String {
    use std::fmt::Write as _;

    use sha2::Digest as _;
    let template = match kind {
        // All the rest of a Pod is told of it while it runs.
        Kind::Pod => source_pod(kind, workload).ok().map(|pod| serde_json::json!(pod)),
        Kind::Deployment
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::ReplicaSet
        | Kind::Job
        | Kind::CronJob
        | Kind::Custom(_) => workload.pointer(kind.template()).cloned(),
    };
    let digest = sha2::Sha256::digest(template.unwrap_or(Value::Null).to_string().as_bytes());
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

/// A workload of a clone: what it is, the object, and its Pod.
struct Copied {
    kind: Kind,
    object: Value,
    pod: PodSpec,
}

fn harden(target: &Value, order: &Order<'_>, notes: &mut Vec<String>) -> Result<Copied, Refusal> {
    let mut clone = copy_workload(order.kind, target, order, notes)?;
    clone.pod = recommend::harden(&clone.pod, order.base, order.items, order.repairs);
    set_pod(&mut clone)?;
    Ok(clone)
}

fn find<'a>(source: &'a Source, order: &Order<'_>) -> Result<&'a Value, Refusal> {
    let found = source
        .workloads
        .iter()
        .find(|workload| is(workload, order.kind, order.name));
    found.ok_or_else(|| Refusal::TargetNotFound {
        kind: order.kind.name().to_owned(),
        name: order.name.to_owned(),
    })
}

fn is(workload: &Value, kind: &Kind, name: &str) -> bool {
    objects::text(workload, "/apiVersion") == kind.api_version()
        && objects::text(workload, "/kind") == kind.name()
        && objects::text(workload, "/metadata/name") == name
}

fn copy_workload(kind: &Kind, workload: &Value, order: &Order<'_>, notes: &mut Vec<String>) -> Result<Copied, Refusal> {
    let name = objects::describe(workload);
    let (kind, object) = workload::copy(kind, workload);
    let mut pod = source_pod(&kind, &object)?;
    pod::isolate(&mut pod, &name, order.allow_shared, notes)?;
    let mut copied = Copied { kind, object, pod };
    set_pod(&mut copied)?;
    Ok(copied)
}

fn set_pod(workload: &mut Copied) -> Result<(), Refusal> {
    let value = serde_json::to_value(&workload.pod).map_err(|error| Refusal::Malformed {
        what: objects::describe(&workload.object),
        why: error.to_string(),
    })?;
    if let Some(slot) = workload.object.pointer_mut(&workload.kind.pod()) {
        *slot = value;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

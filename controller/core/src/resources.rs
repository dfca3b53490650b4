//! Requests and limits from what was recorded, for containers that say none.
//!
//! A request is what a scheduler keeps free: the rate at which CPU time was used, and the working set, that 95 of 100
//! measurements stay within. A limit of memory leaves a quarter above the peak. CPU gets no limit: a container is served
//! by its request where CPU is short, and a limit would hold it back on an idle node, too, which shows as latency and not
//! as an error.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use statrs::statistics::{Data, OrderStatistics as _};

use crate::recording::{Recording, curves};
use crate::setting::{containers_mut, long_lived};

/// Measurements that a number is made from at least. A kubelet gives about four a minute.
const MIN_POINTS: usize = 3;

/// Of 100 measurements, how many a request covers.
const COVERED: usize = 95;

/// What a limit of memory leaves above the peak.
const MARGIN: f64 = 1.25;

/// CPU requests are multiples of this, in thousandths of a core.
const CPU_STEP: f64 = 5.0;

/// Memory is counted in these, in bytes.
const MEBIBYTE: f64 = 1_048_576.0;

/// No limit of memory is lower, in MiB: below it hardly any process starts.
const LOWEST_LIMIT: u64 = 16;

/// What one container lacks, and should say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// `requests.cpu`, in thousandths of a core.
    pub cpu_request: Option<u64>,
    /// `requests.memory`, in MiB.
    pub memory_request: Option<u64>,
    /// `limits.memory`, in MiB.
    pub memory_limit: Option<u64>,
}

/// Whether anything was asked of the workload while it was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exercise {
    /// Nobody that Temper knows of drove it: what it uses under load may be much more.
    Unknown,
    /// Probes drove it in every recording.
    Probed,
}

/// What each container that lives as long as its Pod should say and does not, by name. What was not measured is left
/// out.
pub fn suggest(pod: &PodSpec, recordings: &[&Recording]) -> BTreeMap<String, Suggestion> {
    let used = Used::of(recordings);
    let of = |container: &Container| {
        let suggestion = used.suggestion(container);
        (suggestion != Suggestion::default()).then(|| (container.name.clone(), suggestion))
    };
    long_lived(pod).filter_map(of).collect()
}

/// Whether one of these probes drove every one of these recordings.
pub fn exercise(recordings: &[&Recording], drivers: &BTreeSet<&str>) -> Exercise {
    let is_driven = |recording: &&Recording| recording.probes().any(|probe| drivers.contains(probe.name.as_str()));
    if !recordings.is_empty() && recordings.iter().all(is_driven) {
        Exercise::Probed
    } else {
        Exercise::Unknown
    }
}

/// Puts requests and limits into a Pod, by container; what it says itself is kept.
pub fn apply(resources: &BTreeMap<String, ResourceRequirements>, pod: &mut PodSpec) {
    for container in containers_mut(pod) {
        if let Some(more) = resources.get(&container.name) {
            let own = container.resources.get_or_insert_default();
            fill(&mut own.requests, more.requests.as_ref());
            fill(&mut own.limits, more.limits.as_ref());
        }
    }
}

fn fill(own: &mut Option<BTreeMap<String, Quantity>>, more: Option<&BTreeMap<String, Quantity>>) {
    for (name, value) in more.into_iter().flatten() {
        own.get_or_insert_default()
            .entry(name.clone())
            .or_insert_with(|| value.clone());
    }
}

impl Suggestion {
    /// As Kubernetes spells requests and limits.
    pub fn quantities(&self) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
        let memory = |value: Option<u64>| value.map(|value| ("memory".to_owned(), format!("{value}Mi")));
        let cpu = self.cpu_request.map(|value| ("cpu".to_owned(), format!("{value}m")));
        let requests = cpu.into_iter().chain(memory(self.memory_request)).collect();
        (requests, memory(self.memory_limit).into_iter().collect())
    }
}

/// What was measured of each container, in all recordings: CPU since Ready and memory at any time.
#[derive(Debug, Default)]
struct Used {
    cpu: BTreeMap<String, Vec<f64>>,
    memory: BTreeMap<String, Vec<f64>>,
}

impl Used {
    fn of(recordings: &[&Recording]) -> Self {
        let mut used = Self::default();
        for recording in recordings {
            let ready = recording.ready_at().unwrap_or(i64::MAX);
            for (container, metric, points) in curves(recording) {
                let (values, since) = if metric == "container.cpu.usage" {
                    (&mut used.cpu, ready)
                } else {
                    (&mut used.memory, i64::MIN)
                };
                let within = points.into_iter().filter(|(time, _)| *time > since);
                values
                    .entry(container)
                    .or_default()
                    .extend(within.map(|(_, value)| value));
            }
        }
        used
    }

    fn suggestion(&self, container: &Container) -> Suggestion {
        let resources = container.resources.clone().unwrap_or_default();
        let (requests, limits) = (
            resources.requests.unwrap_or_default(),
            resources.limits.unwrap_or_default(),
        );
        let cpu = enough(&self.cpu, &container.name);
        let memory = enough(&self.memory, &container.name);
        // The API server takes a limit for the request where there is none.
        let lacks_request = |name: &str| !requests.contains_key(name) && !limits.contains_key(name);
        // Who asks for memory and limits none has decided so.
        let memory = memory.filter(|_| lacks_request("memory"));
        let peak = memory.map(|values| values.iter().copied().fold(0.0, f64::max));
        Suggestion {
            cpu_request: cpu
                .filter(|_| lacks_request("cpu"))
                .map(|values| whole((covering(values) * 1000.0 / CPU_STEP).ceil().max(1.0) * CPU_STEP)),
            memory_request: memory.map(|values| mebibytes(covering(values))),
            memory_limit: peak.map(|peak| mebibytes(peak * MARGIN).max(LOWEST_LIMIT)),
        }
    }
}

fn enough<'a>(values: &'a BTreeMap<String, Vec<f64>>, container: &str) -> Option<&'a [f64]> {
    values
        .get(container)
        .map(Vec::as_slice)
        .filter(|values| values.len() >= MIN_POINTS)
}

/// The value that 95 of 100 stay within.
fn covering(values: &[f64]) -> f64 {
    Data::new(values.to_vec()).percentile(COVERED)
}

fn mebibytes(bytes: f64) -> u64 {
    whole((bytes / MEBIBYTE).ceil().max(1.0))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is a small whole number, not below 0"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests;

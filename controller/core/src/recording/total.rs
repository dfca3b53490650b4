//! What a run used after it was Ready, as one number for each container and measure.

use std::collections::BTreeMap;

use super::window::{Points, Window};
use super::{Recording, Usage};

/// What a kubelet measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// CPU time of all Pods, in seconds of one core.
    Cpu,
    /// The largest working set of a Pod, in bytes.
    Memory,
    /// What all Pods received and sent, in bytes.
    Network,
    /// The most that a Pod held on its node's disk, in bytes.
    Disk,
}

/// What was used of a measure; none where too little was measured to tell.
pub type Total = Option<f64>;

/// What the workload used between Ready and the end of its recording, by container (empty for its Pods as a whole) and
/// measure. What was never measured is left out.
pub fn totals(recording: &Recording) -> BTreeMap<(&str, Measure), Total> {
    let Some(window) = Window::of(recording) else {
        return BTreeMap::new();
    };
    let mut totals = BTreeMap::new();
    for (container, pods) in by_pod(recording) {
        let measures = [
            (Measure::Cpu, points(&pods, |usage| usage.cpu_core_nanos)),
            (Measure::Memory, points(&pods, |usage| usage.memory_working_set_bytes)),
            (Measure::Network, points(&pods, traffic)),
            (Measure::Disk, points(&pods, |usage| usage.disk_used_bytes)),
        ];
        for (measure, points) in measures {
            if points.is_empty() {
                continue;
            }
            let total = match measure {
                Measure::Cpu => window.rise(&points).map(|nanos| nanos / 1e9),
                Measure::Network => window.rise(&points),
                Measure::Memory | Measure::Disk => window.highest(&points),
            };
            totals.insert((container, measure), total);
        }
    }
    totals
}

/// The share of the periods of its CPU quota in which a container had to wait after Ready, of those that have one.
pub fn throttled(recording: &Recording) -> BTreeMap<&str, f64> {
    let Some(window) = Window::of(recording) else {
        return BTreeMap::new();
    };
    let share = |pods: &[Vec<&Usage>]| {
        let periods = window.rise(&points(pods, |usage| usage.cpu_periods))?;
        let waited = window.rise(&points(pods, |usage| usage.cpu_throttled_periods))?;
        (periods > 0.0).then_some(waited / periods)
    };
    let containers = by_pod(recording).into_iter();
    containers
        .filter_map(|(container, pods)| Some((container, share(&pods)?)))
        .collect()
}

/// How long the workload was recorded after it was Ready, in seconds.
pub fn recorded_seconds(recording: &Recording) -> Option<f64> {
    Window::of(recording).map(Window::seconds)
}

/// What was measured of each container, one list for each of its Pods, in the order of time. What an init container
/// used was used before Ready.
fn by_pod(recording: &Recording) -> BTreeMap<&str, Vec<Vec<&Usage>>> {
    let mut pods: BTreeMap<(&str, &str), Vec<&Usage>> = BTreeMap::new();
    for ((container, pod, _), usage) in recording.usage.iter().filter(|(_, usage)| !usage.source.init) {
        pods.entry((container, pod)).or_default().push(usage);
    }
    let mut containers: BTreeMap<&str, Vec<Vec<&Usage>>> = BTreeMap::new();
    for ((container, _), samples) in pods {
        containers.entry(container).or_default().push(samples);
    }
    containers
}

#[expect(clippy::cast_precision_loss, reason = "a ratio needs no more than 52 bits")]
fn points(pods: &[Vec<&Usage>], value: impl Fn(&Usage) -> Option<u64>) -> Vec<Points> {
    let of = |samples: &Vec<&Usage>| -> Points {
        let points = samples.iter();
        points.filter_map(|s| Some((s.time_nanos, value(s)? as f64))).collect()
    };
    pods.iter().map(of).filter(|points| !points.is_empty()).collect()
}

fn traffic(usage: &Usage) -> Option<u64> {
    let (received, sent) = (usage.network_received_bytes, usage.network_sent_bytes);
    (received.is_some() || sent.is_some())
        .then(|| received.unwrap_or_default().saturating_add(sent.unwrap_or_default()))
}

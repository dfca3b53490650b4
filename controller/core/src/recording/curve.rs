//! What a run used, as curves to plot and to compare.

use std::collections::BTreeMap;

use super::{Recording, Usage};

/// A container, the OpenTelemetry name of what was measured, and its points in time.
pub type Curve = (String, &'static str, Vec<(i64, f64)>);

/// CPU in cores (`container.cpu.usage`) and memory in bytes (`container.memory.working_set`) of each container,
/// summed over the Pods that were measured together.
#[expect(clippy::cast_precision_loss, reason = "a plot and a mean need no more than 52 bits")]
pub fn curves(recording: &Recording) -> Vec<Curve> {
    let mut by_pod: BTreeMap<(&str, &str), Vec<&Usage>> = BTreeMap::new();
    for ((container, pod, _), usage) in &recording.usage {
        by_pod.entry((container, pod)).or_default().push(usage);
    }
    let mut curves: BTreeMap<(&str, &'static str), Vec<(i64, f64)>> = BTreeMap::new();
    for ((container, _), samples) in by_pod {
        let cpu = curves.entry((container, "container.cpu.usage")).or_default();
        for pair in samples.windows(2) {
            let [a, b] = pair else { continue };
            // A smaller counter is a restarted container.
            if let (Some(before), Some(after)) = (a.cpu_core_nanos, b.cpu_core_nanos)
                && let Some(spent) = after.checked_sub(before)
                && b.time_nanos > a.time_nanos
            {
                cpu.push((b.time_nanos, spent as f64 / (b.time_nanos - a.time_nanos) as f64));
            }
        }
        let memory = curves.entry((container, "container.memory.working_set")).or_default();
        memory.extend(
            samples
                .iter()
                .filter_map(|s| Some((s.time_nanos, s.memory_working_set_bytes? as f64))),
        );
    }
    let mut list: Vec<Curve> = curves
        .into_iter()
        .map(|((container, metric), points)| (container.to_owned(), metric, points))
        .collect();
    list.retain(|(_, _, points)| !points.is_empty());
    for (_, _, points) in &mut list {
        points.sort_by_key(|(time, _)| *time);
    }
    list
}

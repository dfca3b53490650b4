//! Recordings: what all samples of a run amount to.
//!
//! [`Recording::fold`] is a join. Samples may come in any order and any number of times, and the recording is the
//! same: a restarted controller reads them again, a replaced worker publishes some of them twice.

mod sample;

use std::collections::BTreeMap;

pub use sample::{
    ClusterEvent, ContainerState, LogLine, LogLines, Mark, Moment, Mount, PodState, Process, Sample, Source,
    Termination, Usage,
};

use crate::logs::{Names, Severity, mask};

/// Containers that Temper itself adds to look at a process.
const OWN_CONTAINERS: &str = "temper-inspect";

/// Templates that one container's log is told apart by at most. A log with more has no stable messages: the rest is
/// counted as one, so that memory stays bounded. Which ones are kept then depends on the order of the samples, which
/// is the only exception to the law above, and [`Recording::overflowed`] tells of it.
const MAX_TEMPLATES: usize = 20_000;

/// How a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The whole duration was recorded.
    Complete,
    /// The clone was not Ready in time.
    NeverReady,
    /// The worker was stopped.
    Interrupted,
}

/// What a template's lines amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Lines.
    pub count: u64,
    /// Time of the first.
    pub first_nanos: i64,
    /// Time of the last.
    pub last_nanos: i64,
    /// The first line, as it was logged.
    pub example: String,
    /// How bad it sounds.
    pub severity: Severity,
}

/// The log of all instances of one container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// By masked text.
    pub templates: BTreeMap<String, Seen>,
    /// Lines of all templates.
    pub lines: u64,
    /// Lines that found no room among the templates.
    pub overflow: u64,
}

/// Everything that is known of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recording {
    names: Names,
    logs: BTreeMap<String, Log>,
    /// Line positions that were folded, as ranges by their start.
    positions: BTreeMap<Source, BTreeMap<u64, u64>>,
    pods: BTreeMap<(String, i64), PodState>,
    events: BTreeMap<(String, u32), ClusterEvent>,
    usage: BTreeMap<(String, String, i64), Usage>,
    processes: BTreeMap<String, Process>,
    marks: BTreeMap<(Moment, i64), Mark>,
}

impl Recording {
    /// An empty recording of the clone in this namespace, whose name is masked in its logs.
    pub fn new(namespace: &str) -> Self {
        Self {
            names: Names::of_clone(namespace),
            ..Self::default()
        }
    }

    /// Adds a sample.
    pub fn fold(&mut self, sample: Sample) {
        match sample {
            Sample::Logs(lines) => self.lines(&lines),
            Sample::Pod(mut pod) => {
                pod.containers
                    .retain(|container| !container.name.starts_with(OWN_CONTAINERS));
                self.pods.insert((pod.pod_uid.clone(), pod.time_nanos), pod);
            }
            Sample::Event(event) => drop(self.events.insert((event.uid.clone(), event.count), event)),
            Sample::Usage(usage) => {
                let key = (
                    usage.source.container.clone(),
                    usage.source.pod_uid.clone(),
                    usage.time_nanos,
                );
                self.usage.insert(key, usage);
            }
            Sample::Process(process) => self.process_seen(process),
            Sample::Mark(mark) => drop(self.marks.insert((mark.moment, mark.time_nanos), mark)),
        }
    }

    fn lines(&mut self, chunk: &LogLines) {
        if chunk.source.container.starts_with(OWN_CONTAINERS) {
            return;
        }
        let ranges = self.positions.entry(chunk.source.clone()).or_default();
        let log = self.logs.entry(chunk.source.container.clone()).or_default();
        for (position, line) in (chunk.first..).zip(&chunk.lines) {
            if insert(ranges, position) {
                add(log, line, &self.names);
            }
        }
    }

    /// One that was read beats one that was not; of two, the later.
    fn process_seen(&mut self, process: Process) {
        let rank = |process: &Process| (process.error.is_empty(), process.time_nanos);
        let slot = self.processes.get(&process.source.container);
        if slot.is_none_or(|old| rank(old) < rank(&process)) {
            self.processes.insert(process.source.container.clone(), process);
        }
    }

    /// When the worker began to watch.
    pub fn started_at(&self) -> Option<i64> {
        self.earliest(Moment::Started)
    }

    /// When every wanted Pod was Ready for the first time.
    pub fn ready_at(&self) -> Option<i64> {
        self.earliest(Moment::Ready)
    }

    fn earliest(&self, moment: Moment) -> Option<i64> {
        self.marks
            .keys()
            .find(|(kind, _)| *kind == moment)
            .map(|(_, time)| *time)
    }

    /// How it ended, if it did. A complete recording is one whatever an earlier worker said.
    pub fn ended(&self) -> Option<Ending> {
        [
            (Moment::Complete, Ending::Complete),
            (Moment::NeverReady, Ending::NeverReady),
            (Moment::Interrupted, Ending::Interrupted),
        ]
        .into_iter()
        .find(|(moment, _)| self.earliest(*moment).is_some())
        .map(|(_, ending)| ending)
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<i64> {
        let ends = self
            .marks
            .keys()
            .filter(|(moment, _)| !matches!(moment, Moment::Started | Moment::Ready));
        ends.map(|(_, time)| *time).max()
    }

    /// Whether no worker lost anything.
    pub fn is_whole(&self) -> bool {
        self.marks.values().all(|mark| mark.lost == 0)
    }

    /// The logs by container.
    pub fn logs(&self) -> &BTreeMap<String, Log> {
        &self.logs
    }

    /// States of the target's Pods, by Pod and time.
    pub fn target_pods(&self) -> impl Iterator<Item = &PodState> {
        self.pods.values().filter(|pod| pod.target)
    }

    /// Kubernetes Events.
    pub fn events(&self) -> impl Iterator<Item = &ClusterEvent> {
        self.events.values()
    }

    /// What the process of a container showed.
    pub fn process(&self, container: &str) -> Option<&Process> {
        self.processes.get(container)
    }

    /// Whether some container's log had more kinds of messages than are told apart.
    pub fn overflowed(&self) -> bool {
        self.logs.values().any(|log| log.overflow > 0)
    }
}

/// Adds a position to ranges; false if it was there.
fn insert(ranges: &mut BTreeMap<u64, u64>, position: u64) -> bool {
    let before = ranges.range(..=position).next_back().map(|(start, end)| (*start, *end));
    if before.is_some_and(|(_, end)| position < end) {
        return false;
    }
    let end = ranges.remove(&(position + 1)).unwrap_or(position + 1);
    match before.filter(|(_, before_end)| *before_end == position) {
        Some((start, _)) => ranges.insert(start, end),
        None => ranges.insert(position, end),
    };
    true
}

fn add(log: &mut Log, line: &LogLine, names: &Names) {
    let masked = mask(&line.text, names);
    if masked.template.is_empty() {
        return;
    }
    log.lines += 1;
    let time = line.time_nanos;
    if let Some(seen) = log.templates.get_mut(&masked.template) {
        seen.count += 1;
        // The smaller text decides between lines of one time, so that their order does not.
        if (time, &masked.text) < (seen.first_nanos, &seen.example) {
            seen.first_nanos = time;
            seen.example = masked.text;
        }
        seen.last_nanos = seen.last_nanos.max(time);
    } else if log.templates.len() < MAX_TEMPLATES {
        let seen = Seen {
            count: 1,
            first_nanos: time,
            last_nanos: time,
            example: masked.text,
            severity: masked.severity,
        };
        log.templates.insert(masked.template, seen);
    } else {
        log.overflow += 1;
    }
}

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

#[cfg(test)]
mod tests;

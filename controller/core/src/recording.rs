//! Recordings: what all samples of a run amount to.
//!
//! [`Recording::fold`] is a join. Samples may come in any order and any number of times, and the recording is the
//! same: a restarted controller reads them again, a replaced worker publishes some of them twice.

mod curve;
mod log;
mod metric;
mod missing;
mod observation;
mod sample;
mod total;
mod window;

use std::collections::{BTreeMap, BTreeSet};

pub use curve::{Curve, curves};
pub use log::{Log, Seen};
pub use metric::{Metric, Number, Scrape, knows_own_metrics, own_metrics};
pub use missing::Missing;
pub use observation::{Account, Holder, Listener, Observation, Place, Program, Task, Written};
pub use sample::{
    Cause, ClusterEvent, ContainerState, LogGap, LogLine, LogLines, Mark, Moment, Mount, PodState, Port, Probe,
    ProbeMode, Process, Sample, Source, Termination, Usage,
};
pub use total::{Measure, Total, recorded_seconds, throttled, totals};

use self::log::Positions;
use self::metric::Endpoints;
use self::missing::Sequences;
use crate::logs::Names;

/// Containers that Temper itself adds to look at a process.
const OWN_CONTAINERS: &str = "temper-inspect";

/// Ends of containers are known to the second, in nanoseconds.
const WITHIN_NANOS: i64 = 1_000_000_000;

/// How a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The whole duration was recorded.
    Complete,
    /// The clone was not Ready in time.
    NeverReady,
    /// The worker was stopped.
    Interrupted,
    /// Only a log was kept; how long was recorded is not known.
    LogEnd,
}

/// Everything that is known of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recording {
    names: Names,
    logs: BTreeMap<String, Log>,
    /// By instance, and by the time of the line from which positions count.
    positions: BTreeMap<(Source, i64), Positions>,
    gaps: BTreeSet<LogGap>,
    /// In the order of Pod and time.
    pods: BTreeSet<PodState>,
    events: BTreeSet<ClusterEvent>,
    usage: BTreeMap<(String, String, i64), Usage>,
    /// By container.
    metrics: BTreeMap<String, Endpoints>,
    processes: BTreeMap<String, Process>,
    /// By container.
    observations: BTreeMap<String, Observation>,
    probes: BTreeSet<Probe>,
    marks: BTreeSet<Mark>,
    /// By attempt.
    received: BTreeMap<u32, Sequences>,
}

impl Recording {
    /// An empty recording of the clone in this namespace, whose name is masked in its logs.
    pub fn new(namespace: &str) -> Self {
        Self {
            names: Names::of_clone(namespace),
            ..Self::default()
        }
    }

    /// Takes note that the stream delivered a message of this attempt, stored under this sequence of the stream.
    pub fn received(&mut self, attempt: u32, sequence: u64) {
        self.received.entry(attempt).or_default().insert(sequence);
    }

    /// Adds a sample.
    pub fn fold(&mut self, sample: Sample) {
        match sample {
            Sample::Logs(lines) => self.lines(&lines),
            Sample::Gap(gap) if is_own(&gap.source.container) => {}
            Sample::Gap(gap) => drop(self.gaps.insert(gap)),
            Sample::Pod(mut pod) => {
                pod.containers.retain(|container| !is_own(&container.name));
                self.pods.insert(pod);
            }
            Sample::Event(event) => drop(self.events.insert(event)),
            Sample::Usage(usage) => self.used(usage),
            Sample::Process(process) => self.process_seen(process),
            Sample::Observation(observation) => {
                let container = observation.source.container.clone();
                self.observations.entry(container).or_default().join(observation);
            }
            Sample::Metrics(scrape) => {
                let container = scrape.source.container.clone();
                self.metrics.entry(container).or_default().add(scrape);
            }
            Sample::Probe(probe) => drop(self.probes.insert(probe)),
            Sample::Mark(mark) => drop(self.marks.insert(mark)),
        }
    }

    fn used(&mut self, usage: Usage) {
        let source = &usage.source;
        if !is_own(&source.container) {
            let key = (source.container.clone(), source.pod_uid.clone(), usage.time_nanos);
            self.usage.entry(key).or_default().join(usage);
        }
    }

    fn lines(&mut self, chunk: &LogLines) {
        if is_own(&chunk.source.container) {
            return;
        }
        let key = (chunk.source.clone(), chunk.origin_nanos);
        self.positions.entry(key).or_default().read(
            chunk,
            self.logs.entry(chunk.source.container.clone()).or_default(),
            &self.names,
        );
    }

    /// One that was read beats one that was not; of two, the later.
    fn process_seen(&mut self, process: Process) {
        let rank = |process: &Process| (process.error.is_empty(), process.time_nanos);
        let slot = self.processes.get(&process.source.container);
        if slot.is_none_or(|old| (rank(old), old) < (rank(&process), &process)) {
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

    /// How long the workload took to become Ready, in nanoseconds.
    pub fn start_nanos(&self) -> Option<i64> {
        Some(self.ready_at()?.saturating_sub(self.started_at()?))
    }

    /// How long the target ran, from Ready to the end of its last Pod, in nanoseconds; none unless all of its Pods have
    /// run to their end.
    pub fn run_nanos(&self) -> Option<i64> {
        Some(self.target_ended_at()?.saturating_sub(self.ready_at()?).max(0))
    }

    fn target_ended_at(&self) -> Option<i64> {
        // In the order of Pod and time: the last state of each.
        let last: BTreeMap<&str, &PodState> = self.target_pods().map(|pod| (pod.pod_uid.as_str(), pod)).collect();
        let present = last.values().filter(|pod| !pod.deleted);
        let ends: Option<Vec<i64>> = present.map(|pod| pod.ended_at()).collect();
        ends?.into_iter().max()
    }

    fn earliest(&self, moment: Moment) -> Option<i64> {
        self.marks
            .iter()
            .find(|mark| mark.moment == moment)
            .map(|mark| mark.time_nanos)
    }

    /// How it ended, if it did. A complete recording is one whatever an earlier worker said.
    pub fn ended(&self) -> Option<Ending> {
        [
            (Moment::Complete, Ending::Complete),
            (Moment::NeverReady, Ending::NeverReady),
            (Moment::Interrupted, Ending::Interrupted),
            (Moment::LogEnd, Ending::LogEnd),
        ]
        .into_iter()
        .find(|(moment, _)| self.earliest(*moment).is_some())
        .map(|(_, ending)| ending)
    }

    /// When it ended: with its target, where that has run to its end, whatever was still read afterwards.
    pub fn ended_at(&self) -> Option<i64> {
        let ends = self
            .marks
            .iter()
            .filter(|mark| !matches!(mark.moment, Moment::Started | Moment::Ready));
        let end = ends.map(|mark| mark.time_nanos).max()?;
        let of_target = self.target_ended_at().map(|at| at.saturating_add(WITHIN_NANOS));
        Some(of_target.map_or(end, |at| at.min(end)))
    }

    /// The turning points, by kind and time.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.marks.iter()
    }

    /// The logs by container.
    pub fn logs(&self) -> &BTreeMap<String, Log> {
        &self.logs
    }

    /// States of the target's Pods, by Pod and time.
    pub fn target_pods(&self) -> impl Iterator<Item = &PodState> {
        self.pods.iter().filter(|pod| pod.target)
    }

    /// UIDs of the target's Pods that were Ready at some time.
    pub fn replicas(&self) -> BTreeSet<&str> {
        let ready = self.target_pods().filter(|pod| pod.ready);
        ready.map(|pod| pod.pod_uid.as_str()).collect()
    }

    /// Kubernetes Events.
    pub fn events(&self) -> impl Iterator<Item = &ClusterEvent> {
        self.events.iter()
    }

    /// Tries of functional probes, by name.
    pub fn probes(&self) -> impl Iterator<Item = &Probe> {
        self.probes.iter()
    }

    /// What the process of a container showed.
    pub fn process(&self, container: &str) -> Option<&Process> {
        self.processes.get(container)
    }

    /// What a container was seen to be and to do, in all of its Pods and at all times: known of baselines only.
    pub fn observation(&self, container: &str) -> Option<&Observation> {
        self.observations.get(container)
    }

    /// What every container was seen to be and to do.
    pub fn observations(&self) -> impl Iterator<Item = (&str, &Observation)> {
        let observations = self.observations.iter();
        observations.map(|(name, observation)| (name.as_str(), observation))
    }

    /// Whether a container of the target ran to completion, and never ended otherwise.
    pub fn completed(&self, container: &str) -> bool {
        let states = self.target_pods().flat_map(|pod| &pod.containers);
        let mut ends = states
            .filter(|state| state.name == container)
            .filter_map(|state| state.terminated.as_ref())
            .peekable();
        ends.peek().is_some() && ends.all(|end| end.exit_code == 0)
    }

    /// Whether some container's log had more kinds of messages than are told apart.
    pub fn overflowed(&self) -> bool {
        self.logs.values().any(|log| log.overflow() > 0)
    }
}

fn is_own(container: &str) -> bool {
    container.starts_with(OWN_CONTAINERS)
}

#[cfg(test)]
mod tests;

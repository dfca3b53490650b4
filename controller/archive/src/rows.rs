//! Samples as lines of JSON. Core's types are not serializable, since a file is a promise: what is here may not change
//! without a new version of the layout.

mod collection;
mod observation;

use serde::{Deserialize, Serialize};
use serde_json::{Deserializer, Serializer};
use temper_core::recording::{
    Cause, ClusterEvent, ContainerState, LogGap, Mark, Metric, Moment, Mount, Number, PodState, Port, Probe, ProbeMode,
    Process, Sample, Scrape, Source, Termination, Usage,
};

use self::collection::{list, optional};
use self::observation::ObservationRow;
use crate::time::rfc3339;

/// Everything that is kept as a line of JSON, by the file that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Marks,
    Gaps,
    Pods,
    Events,
    Usage,
    Metrics,
    Processes,
    Observations,
    Probes,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Marks,
        Self::Gaps,
        Self::Pods,
        Self::Events,
        Self::Usage,
        Self::Metrics,
        Self::Processes,
        Self::Observations,
        Self::Probes,
    ];

    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Marks => "marks.jsonl",
            Self::Gaps => "gaps.jsonl",
            Self::Pods => "pods.jsonl",
            Self::Events => "events.jsonl",
            Self::Usage => "usage.jsonl",
            Self::Metrics => "metrics.jsonl",
            Self::Processes => "processes.jsonl",
            Self::Observations => "observations.jsonl",
            Self::Probes => "probes.jsonl",
        }
    }

    /// The sample that a line of the file holds.
    pub(crate) fn sample(self, line: &[u8]) -> serde_json::Result<Sample> {
        let mut json = Deserializer::from_slice(line);
        let sample = match self {
            Self::Marks => Sample::Mark(MarkRow::deserialize(&mut json)?),
            Self::Gaps => Sample::Gap(GapRow::deserialize(&mut json)?),
            Self::Pods => Sample::Pod(PodRow::deserialize(&mut json)?),
            Self::Events => Sample::Event(EventRow::deserialize(&mut json)?),
            Self::Usage => Sample::Usage(UsageRow::deserialize(&mut json)?),
            Self::Metrics => Sample::Metrics(ScrapeRow::deserialize(&mut json)?),
            Self::Processes => Sample::Process(ProcessRow::deserialize(&mut json)?),
            Self::Observations => Sample::Observation(ObservationRow::deserialize(&mut json)?),
            Self::Probes => Sample::Probe(ProbeRow::deserialize(&mut json)?),
        };
        json.end()?;
        Ok(sample)
    }
}

/// A sample as a line of JSON, and the kind of file that it goes to; none for lines of a log.
pub(crate) fn row(sample: &Sample) -> serde_json::Result<Option<(Kind, Vec<u8>)>> {
    let mut line = Vec::new();
    let json = &mut Serializer::new(&mut line);
    let kind = match sample {
        Sample::Logs(_) => return Ok(None),
        Sample::Mark(mark) => MarkRow::serialize(mark, json).map(|()| Kind::Marks),
        Sample::Gap(gap) => GapRow::serialize(gap, json).map(|()| Kind::Gaps),
        Sample::Pod(pod) => PodRow::serialize(pod, json).map(|()| Kind::Pods),
        Sample::Event(event) => EventRow::serialize(event, json).map(|()| Kind::Events),
        Sample::Usage(usage) => UsageRow::serialize(usage, json).map(|()| Kind::Usage),
        Sample::Metrics(scrape) => ScrapeRow::serialize(scrape, json).map(|()| Kind::Metrics),
        Sample::Process(process) => ProcessRow::serialize(process, json).map(|()| Kind::Processes),
        Sample::Observation(seen) => ObservationRow::serialize(seen, json).map(|()| Kind::Observations),
        Sample::Probe(probe) => ProbeRow::serialize(probe, json).map(|()| Kind::Probes),
    }?;
    line.push(b'\n');
    Ok(Some((kind, line)))
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Source", rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SourceRow {
    pod: String,
    pod_uid: String,
    container: String,
    restart: u32,
    init: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Mark", rename_all = "camelCase", deny_unknown_fields)]
struct MarkRow {
    #[serde(rename = "time", with = "rfc3339")]
    time_nanos: i64,
    #[serde(with = "MomentRow")]
    moment: Moment,
    message: String,
    published: u64,
    lost: u64,
    attempt: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Moment")]
enum MomentRow {
    Started,
    Ready,
    Complete,
    Interrupted,
    NeverReady,
    LogEnd,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LogGap", rename_all = "camelCase", deny_unknown_fields)]
struct GapRow {
    #[serde(with = "SourceRow")]
    source: Source,
    position: u64,
    #[serde(with = "CauseRow")]
    cause: Cause,
    message: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Cause")]
enum CauseRow {
    Rotated,
    Unread,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PodState", rename_all = "camelCase", deny_unknown_fields)]
struct PodRow {
    #[serde(rename = "time", with = "rfc3339")]
    time_nanos: i64,
    pod: String,
    pod_uid: String,
    target: bool,
    phase: String,
    ready: bool,
    deleted: bool,
    node: String,
    reason: String,
    message: String,
    #[serde(with = "containers")]
    containers: Vec<ContainerState>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ContainerState", rename_all = "camelCase", deny_unknown_fields)]
struct ContainerRow {
    name: String,
    init: bool,
    ready: bool,
    started: bool,
    running: bool,
    restarts: u32,
    waiting_reason: String,
    waiting_message: String,
    #[serde(with = "termination")]
    terminated: Option<Termination>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Termination", rename_all = "camelCase", deny_unknown_fields)]
struct TerminationRow {
    exit_code: i32,
    signal: i32,
    reason: String,
    message: String,
    #[serde(rename = "finished", with = "rfc3339")]
    finished_nanos: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ClusterEvent", rename_all = "camelCase", deny_unknown_fields)]
struct EventRow {
    #[serde(rename = "time", with = "rfc3339")]
    time_nanos: i64,
    uid: String,
    #[serde(rename = "type")]
    type_: String,
    reason: String,
    message: String,
    object_kind: String,
    object_name: String,
    count: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Usage", rename_all = "camelCase", deny_unknown_fields)]
struct UsageRow {
    #[serde(rename = "time", with = "rfc3339")]
    time_nanos: i64,
    #[serde(with = "SourceRow")]
    source: Source,
    cpu_core_nanos: Option<u64>,
    memory_working_set_bytes: Option<u64>,
    memory_rss_bytes: Option<u64>,
    network_received_bytes: Option<u64>,
    network_sent_bytes: Option<u64>,
    disk_used_bytes: Option<u64>,
    cpu_periods: Option<u64>,
    cpu_throttled_periods: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Scrape", rename_all = "camelCase", deny_unknown_fields)]
struct ScrapeRow {
    #[serde(rename = "time", with = "rfc3339")]
    time_nanos: i64,
    #[serde(with = "SourceRow")]
    source: Source,
    port: u32,
    is_cut: bool,
    #[serde(with = "metrics")]
    metrics: Vec<Metric>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Metric", rename_all = "camelCase", deny_unknown_fields)]
struct MetricRow {
    name: String,
    is_counter: bool,
    #[serde(with = "number")]
    value: Number,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Probe", rename_all = "camelCase", deny_unknown_fields)]
struct ProbeRow {
    #[serde(rename = "time", with = "rfc3339")]
    time_nanos: i64,
    name: String,
    #[serde(with = "ProbeModeRow")]
    mode: ProbeMode,
    passed: bool,
    message: String,
    #[serde(default, with = "port")]
    port: Option<Port>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Port", rename_all = "camelCase", deny_unknown_fields)]
struct PortRow {
    number: u16,
    code: Option<u16>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ProbeMode")]
enum ProbeModeRow {
    Start,
    Continuous,
    End,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Process", rename_all = "camelCase", deny_unknown_fields)]
struct ProcessRow {
    #[serde(rename = "time", with = "rfc3339")]
    time_nanos: i64,
    #[serde(with = "SourceRow")]
    source: Source,
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
    no_new_privs: bool,
    seccomp: u32,
    #[serde(with = "capabilities")]
    cap_effective: u64,
    #[serde(with = "capabilities")]
    cap_permitted: u64,
    #[serde(with = "capabilities")]
    cap_bounding: u64,
    #[serde(with = "capabilities")]
    cap_inheritable: u64,
    #[serde(with = "capabilities")]
    cap_ambient: u64,
    root_read_only: bool,
    #[serde(with = "mounts")]
    mounts: Vec<Mount>,
    error: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Mount", rename_all = "camelCase", deny_unknown_fields)]
struct MountRow {
    path: String,
    fs_type: String,
    read_only: bool,
}

/// Sets of capabilities, as `/proc/PID/status` shows them.
mod capabilities {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
    pub(super) fn serialize<S: Serializer>(set: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{set:016x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map_err(|_| D::Error::custom(format!("`{text}` is not hexadecimal")))
    }
}

list!(containers, ContainerState as ContainerRow in "ContainerRow");
list!(metrics, Metric as MetricRow in "MetricRow");
list!(mounts, Mount as MountRow in "MountRow");
optional!(port, Port as PortRow in "PortRow");
optional!(termination, Termination as TerminationRow in "TerminationRow");

/// JSON has neither infinities nor NaN, and core folds none of them: they become null.
mod number {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use temper_core::recording::Number;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
    pub(super) fn serialize<S: Serializer>(number: &Number, serializer: S) -> Result<S::Ok, S::Error> {
        number.0.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        let value = Option::<f64>::deserialize(deserializer)?;
        Ok(Number(value.unwrap_or(f64::NAN)))
    }
}

//! What a worker publishes, as core sees it. Times are nanoseconds since the Unix epoch.

use super::metric::Scrape;
use super::observation::Observation;

/// One message of a recording.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sample {
    /// Lines of a log.
    Logs(LogLines),
    /// Lines of a log that a worker can read no more.
    Gap(LogGap),
    /// A Pod changed.
    Pod(PodState),
    /// A Kubernetes Event.
    Event(ClusterEvent),
    /// What a kubelet measured.
    Usage(Usage),
    /// What a running process shows of itself.
    Process(Process),
    /// What a container of a baseline is and does.
    Observation(Observation),
    /// What the workload counts itself.
    Metrics(Scrape),
    /// What a functional probe of the user found.
    Probe(Probe),
    /// A turning point of the recording itself.
    Mark(Mark),
}

/// Which container of which Pod something belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Name of the Pod.
    pub pod: String,
    /// UID of the Pod.
    pub pod_uid: String,
    /// Name of the container.
    pub container: String,
    /// Restarts before this instance.
    pub restart: u32,
    /// It is an init container.
    pub init: bool,
}

/// Consecutive lines of one container instance's log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogLines {
    /// Whose log.
    pub source: Source,
    /// Position of the first line in the instance's log, from 0.
    pub first: u64,
    /// The lines.
    pub lines: Vec<LogLine>,
    /// Time of the line at position 0, from which positions count.
    pub origin_nanos: i64,
}

/// Lines of one container instance's log that a worker can read no more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogGap {
    /// Whose log.
    pub source: Source,
    /// Position from which on they are missing.
    pub position: u64,
    /// Why they are missing.
    pub cause: Cause,
    /// The same as a sentence for people.
    pub message: String,
}

/// Why lines are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The log was rotated before they were read.
    Rotated,
    /// The log went away, or was not given, before it was read to its end.
    Unread,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogLine {
    /// When the runtime wrote it.
    pub time_nanos: i64,
    /// Without its end; any bytes.
    pub text: Vec<u8>,
    /// Length before it was cut, in bytes; 0 if it was not.
    pub cut_from: u64,
}

/// A Pod as the API server showed it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodState {
    /// Name.
    pub pod: String,
    /// UID.
    pub pod_uid: String,
    /// When the worker saw it.
    pub time_nanos: i64,
    /// Pending, Running, Succeeded, Failed or Unknown.
    pub phase: String,
    /// Its Ready condition; for a Pod that is not started again also that each container is ready or has ended with 0.
    pub ready: bool,
    /// It was deleted.
    pub deleted: bool,
    /// Node that it is bound to.
    pub node: String,
    /// Reason of the Pod itself, such as Evicted.
    pub reason: String,
    /// Message of the Pod itself.
    pub message: String,
    /// Its containers.
    pub containers: Vec<ContainerState>,
    /// It belongs to the workload under test, not to a neighbour.
    pub target: bool,
}

impl PodState {
    /// Whether every container but its sidecars has ended with 0, and is not started again as far as is known.
    pub fn has_done_its_work(&self) -> bool {
        let mut own = self.containers.iter().filter(|container| !container.init).peekable();
        own.peek().is_some() && own.all(ContainerState::has_ended_well)
    }

    /// When its last container ended, by the clock of its node, to the second; none unless the Pod has run to its end.
    ///
    /// Only one that is not started again is Ready then. Kubernetes says Succeeded later, when its sidecars have ended, too.
    pub fn ended_at(&self) -> Option<i64> {
        let ends = self.containers.iter().filter(|container| !container.init);
        let ends = ends.filter_map(|container| container.terminated.as_ref());
        let last = ends.map(|end| end.finished_nanos).max();
        last.filter(|_| self.ready && self.has_done_its_work())
    }
}

/// A container as the API server showed it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerState {
    /// Name.
    pub name: String,
    /// It is an init container.
    pub init: bool,
    /// It is ready.
    pub ready: bool,
    /// It has started.
    pub started: bool,
    /// How often it was restarted.
    pub restarts: u32,
    /// Why it waits; empty if it does not.
    pub waiting_reason: String,
    /// More about why it waits.
    pub waiting_message: String,
    /// Its current or last end.
    pub terminated: Option<Termination>,
    /// It runs.
    pub running: bool,
}

impl ContainerState {
    fn has_ended_well(&self) -> bool {
        let is_over = !self.running && self.waiting_reason.is_empty();
        is_over && self.terminated.as_ref().is_some_and(|end| end.exit_code == 0)
    }
}

/// The end of a container instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Termination {
    /// Exit code.
    pub exit_code: i32,
    /// Signal, 0 if none.
    pub signal: i32,
    /// Such as OOMKilled, Error or Completed.
    pub reason: String,
    /// The container's own last words.
    pub message: String,
    /// When.
    pub finished_nanos: i64,
}

/// A Kubernetes Event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterEvent {
    /// UID of the Event.
    pub uid: String,
    /// When it last happened.
    pub time_nanos: i64,
    /// Normal or Warning.
    pub type_: String,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
    /// Kind of the object that it is about.
    pub object_kind: String,
    /// Name of the object that it is about.
    pub object_name: String,
    /// How often it happened.
    pub count: u32,
}

/// What a kubelet measured at one time, of one container or of a Pod as a whole. Totals are since the container began.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usage {
    /// Which container; its name is empty for a Pod as a whole.
    pub source: Source,
    /// The kubelet's own time of the sample.
    pub time_nanos: i64,
    /// CPU time so far, in nanoseconds of one core.
    pub cpu_core_nanos: Option<u64>,
    /// Working set, in bytes.
    pub memory_working_set_bytes: Option<u64>,
    /// Resident set, in bytes.
    pub memory_rss_bytes: Option<u64>,
    /// Bytes that the Pod received so far.
    pub network_received_bytes: Option<u64>,
    /// Bytes that the Pod sent so far.
    pub network_sent_bytes: Option<u64>,
    /// Bytes of the Pod on the node's disk: writable layers, logs and emptyDirs.
    pub disk_used_bytes: Option<u64>,
    /// Periods of the CPU quota so far.
    pub cpu_periods: Option<u64>,
    /// Periods in which the container had to wait so far.
    pub cpu_throttled_periods: Option<u64>,
}

impl Usage {
    /// Adds what another measurement of the same time has; of two values the larger, so that their order makes no
    /// difference.
    pub(super) fn join(&mut self, other: Self) {
        let Self {
            source,
            time_nanos,
            cpu_core_nanos,
            memory_working_set_bytes,
            memory_rss_bytes,
            network_received_bytes,
            network_sent_bytes,
            disk_used_bytes,
            cpu_periods,
            cpu_throttled_periods,
        } = other;
        if source > self.source {
            self.source = source;
        }
        self.time_nanos = self.time_nanos.max(time_nanos);
        for (mine, theirs) in [
            (&mut self.cpu_core_nanos, cpu_core_nanos),
            (&mut self.memory_working_set_bytes, memory_working_set_bytes),
            (&mut self.memory_rss_bytes, memory_rss_bytes),
            (&mut self.network_received_bytes, network_received_bytes),
            (&mut self.network_sent_bytes, network_sent_bytes),
            (&mut self.disk_used_bytes, disk_used_bytes),
            (&mut self.cpu_periods, cpu_periods),
            (&mut self.cpu_throttled_periods, cpu_throttled_periods),
        ] {
            *mine = (*mine).max(theirs);
        }
    }
}

/// What process 1 of a container shows of itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// Which container.
    pub source: Source,
    /// When it was read.
    pub time_nanos: i64,
    /// Effective user id.
    pub uid: u32,
    /// Effective group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// It cannot gain privileges.
    pub no_new_privs: bool,
    /// 0 disabled, 1 strict, 2 filter.
    pub seccomp: u32,
    /// Effective capabilities, a bit each.
    pub cap_effective: u64,
    /// Permitted capabilities.
    pub cap_permitted: u64,
    /// Bounding set.
    pub cap_bounding: u64,
    /// Inheritable capabilities.
    pub cap_inheritable: u64,
    /// Ambient capabilities.
    pub cap_ambient: u64,
    /// Its root file system is mounted read-only.
    pub root_read_only: bool,
    /// Its mount table.
    pub mounts: Vec<Mount>,
    /// Why nothing could be read; empty on success.
    pub error: String,
}

/// A mount of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mount {
    /// Where.
    pub path: String,
    /// Type of the file system.
    pub fs_type: String,
    /// It is read-only.
    pub read_only: bool,
}

/// One try of a functional probe: a check of the user's own that the workload does what it is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probe {
    /// Name of the probe, the same in every run.
    pub name: String,
    /// When in a recording it is tried.
    pub mode: ProbeMode,
    /// When it was tried.
    pub time_nanos: i64,
    /// The workload did what was asked of it.
    pub passed: bool,
    /// What it said, as a sentence for people.
    pub message: String,
    /// What it asked, where it is none of the user's.
    pub port: Option<Port>,
}

/// A port that Temper asks by itself, and what it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// Status of HTTP, or the reply code of a greeting, if the answer had one.
    pub code: Option<u16>,
}

/// When in a recording a probe is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeMode {
    /// Once the workload is Ready.
    Start,
    /// Over and over.
    Continuous,
    /// Before the recording ends: what it finds is the last word.
    End,
}

/// A turning point.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Which.
    pub moment: Moment,
    /// When.
    pub time_nanos: i64,
    /// A sentence for people.
    pub message: String,
    /// Messages that the stream stores for this attempt before the mark.
    pub published: u64,
    /// Messages that were given up.
    pub lost: u64,
    /// Attempt of the worker that set it, from 1.
    pub attempt: u32,
}

/// The turning points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// The worker watches.
    Started,
    /// Every wanted Pod is Ready.
    Ready,
    /// The recording duration is over.
    Complete,
    /// The worker was asked to stop.
    Interrupted,
    /// The clone was not Ready in time.
    NeverReady,
    /// There is only a log, and this is where it ends: how long was recorded is not known.
    LogEnd,
}

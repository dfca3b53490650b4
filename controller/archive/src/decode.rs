//! From the wire to the samples that core folds.

mod observation;

use temper_core::recording::{
    Cause, ClusterEvent, ContainerState, LogGap, LogLine, LogLines, Mark, Metric, Moment, Mount, Number, PodState,
    Port, Probe, ProbeMode, Process, Sample, Scrape, Source, Termination, Usage,
};
use temper_proto::v1::{self, Chunk, chunk::Body};

/// A chunk of an attempt as core sees it; none if it lacks what every worker writes.
pub fn sample(chunk: Chunk, attempt: u32) -> Option<Sample> {
    Some(match chunk.body? {
        Body::Logs(logs) => Sample::Logs(LogLines {
            source: source(logs.source?),
            first: logs.first,
            lines: logs.lines.into_iter().map(line).collect(),
            origin_nanos: logs.origin_nanos,
        }),
        Body::Gap(gap) => Sample::Gap(LogGap {
            cause: cause(gap.cause())?,
            source: source(gap.source?),
            position: gap.position,
            message: gap.message,
        }),
        Body::Pod(pod) => Sample::Pod(self::pod(pod)),
        Body::Event(event) => Sample::Event(ClusterEvent {
            uid: event.uid,
            time_nanos: event.time_nanos,
            type_: event.r#type,
            reason: event.reason,
            message: event.message,
            object_kind: event.object_kind,
            object_name: event.object_name,
            count: event.count,
        }),
        Body::Usage(usage) => Sample::Usage(Usage {
            source: source(usage.source?),
            time_nanos: usage.time_nanos,
            cpu_core_nanos: usage.cpu_core_nanos,
            memory_working_set_bytes: usage.memory_working_set_bytes,
            memory_rss_bytes: usage.memory_rss_bytes,
            network_received_bytes: usage.network_received_bytes,
            network_sent_bytes: usage.network_sent_bytes,
            disk_used_bytes: usage.disk_used_bytes,
            cpu_periods: usage.cpu_periods,
            cpu_throttled_periods: usage.cpu_throttled_periods,
        }),
        Body::Metrics(metrics) => Sample::Metrics(Scrape {
            source: source(metrics.source?),
            port: metrics.port,
            time_nanos: metrics.time_nanos,
            is_cut: metrics.cut,
            metrics: metrics.metrics.into_iter().map(metric).collect::<Option<_>>()?,
        }),
        Body::Process(process) => Sample::Process(self::process(process)?),
        Body::Observation(observation) => Sample::Observation(observation::observation(observation)?),
        Body::Probe(probe) => Sample::Probe(Probe {
            mode: probe_mode(probe.mode())?,
            name: probe.name,
            time_nanos: probe.time_nanos,
            passed: probe.passed,
            message: probe.message,
            port: number(probe.port).map(|port| Port {
                number: port,
                code: number(probe.code),
            }),
        }),
        Body::Mark(mark) => Sample::Mark(Mark {
            moment: moment(mark.moment())?,
            time_nanos: mark.time_nanos,
            message: mark.message,
            published: mark.published,
            lost: mark.lost,
            attempt,
        }),
    })
}

fn source(source: v1::Source) -> Source {
    Source {
        pod: source.pod,
        pod_uid: source.pod_uid,
        container: source.container,
        restart: source.restart,
        init: source.init,
    }
}

fn line(line: v1::LogLine) -> LogLine {
    LogLine {
        time_nanos: line.time_nanos,
        text: line.text,
        cut_from: line.cut_from,
    }
}

fn pod(pod: v1::PodState) -> PodState {
    PodState {
        pod: pod.pod,
        pod_uid: pod.pod_uid,
        time_nanos: pod.time_nanos,
        phase: pod.phase,
        ready: pod.ready,
        deleted: pod.deleted,
        node: pod.node,
        reason: pod.reason,
        message: pod.message,
        containers: pod.containers.into_iter().map(container).collect(),
        target: pod.target,
    }
}

fn container(state: v1::ContainerState) -> ContainerState {
    ContainerState {
        name: state.name,
        init: state.init,
        ready: state.ready,
        started: state.started,
        restarts: state.restarts,
        waiting_reason: state.waiting_reason,
        waiting_message: state.waiting_message,
        terminated: state.terminated.map(|terminated| Termination {
            exit_code: terminated.exit_code,
            signal: terminated.signal,
            reason: terminated.reason,
            message: terminated.message,
            finished_nanos: terminated.finished_nanos,
        }),
        running: state.running,
    }
}

fn metric(metric: v1::Metric) -> Option<Metric> {
    Some(Metric {
        is_counter: match metric.kind() {
            v1::MetricKind::Unspecified => return None,
            v1::MetricKind::Counter => true,
            v1::MetricKind::Gauge => false,
        },
        name: metric.name,
        value: Number(metric.value),
    })
}

fn process(process: v1::Process) -> Option<Process> {
    Some(Process {
        source: source(process.source?),
        time_nanos: process.time_nanos,
        uid: process.uid,
        gid: process.gid,
        groups: process.groups,
        no_new_privs: process.no_new_privs,
        seccomp: process.seccomp,
        cap_effective: process.cap_effective,
        cap_permitted: process.cap_permitted,
        cap_bounding: process.cap_bounding,
        cap_inheritable: process.cap_inheritable,
        cap_ambient: process.cap_ambient,
        root_read_only: process.root_read_only,
        mounts: process
            .mounts
            .into_iter()
            .map(|mount| Mount {
                path: mount.path,
                fs_type: mount.fs_type,
                read_only: mount.read_only,
            })
            .collect(),
        error: process.error,
    })
}

fn cause(cause: v1::Cause) -> Option<Cause> {
    match cause {
        v1::Cause::Unspecified => None,
        v1::Cause::Rotated => Some(Cause::Rotated),
        v1::Cause::Unread => Some(Cause::Unread),
    }
}

/// A number that the wire spells as 0 where there is none.
fn number(number: u32) -> Option<u16> {
    u16::try_from(number).ok().filter(|number| *number > 0)
}

fn probe_mode(mode: v1::ProbeMode) -> Option<ProbeMode> {
    match mode {
        v1::ProbeMode::Unspecified => None,
        v1::ProbeMode::Start => Some(ProbeMode::Start),
        v1::ProbeMode::Continuous => Some(ProbeMode::Continuous),
        v1::ProbeMode::End => Some(ProbeMode::End),
    }
}

fn moment(moment: v1::Moment) -> Option<Moment> {
    match moment {
        v1::Moment::Unspecified => None,
        v1::Moment::Started => Some(Moment::Started),
        v1::Moment::Ready => Some(Moment::Ready),
        v1::Moment::Complete => Some(Moment::Complete),
        v1::Moment::Interrupted => Some(Moment::Interrupted),
        v1::Moment::NeverReady => Some(Moment::NeverReady),
    }
}

//! Samples of every kind, with hostile names, bytes and times.

mod observation;

use proptest::prelude::*;
use temper_core::recording::{
    Cause, ClusterEvent, ContainerState, LogGap, LogLine, LogLines, Mark, Metric, Moment, Mount, Number, PodState,
    Port, Probe, ProbeMode, Process, Sample, Scrape, Source, Termination, Usage,
};

use self::observation::any_observation;

pub(super) fn source(container: &str, pod: &str, restart: u32) -> Source {
    Source {
        pod: pod.to_owned(),
        pod_uid: "u".to_owned(),
        container: container.to_owned(),
        restart,
        init: false,
    }
}

/// A chunk whose lines follow each other by a nanosecond.
pub(super) fn lines(source: Source, first: u64, origin_nanos: i64, texts: &[&[u8]]) -> LogLines {
    let line = |(at, text): (u64, &&[u8])| LogLine {
        time_nanos: origin_nanos.saturating_add_unsigned(first.saturating_add(at)),
        text: text.to_vec(),
        cut_from: 0,
    };
    LogLines {
        source,
        first,
        lines: (0..).zip(texts).map(line).collect(),
        origin_nanos,
    }
}

fn any_source() -> impl Strategy<Value = Source> {
    let names = ["app", "web-0", "../..", "", ".", "a/b", "ä", "temper-inspect-app"];
    let name = || prop::sample::select(names.to_vec());
    (name(), name(), 0_u32..2, any::<bool>(), 0_u8..2).prop_map(|(container, pod, restart, init, uid)| Source {
        pod_uid: uid.to_string(),
        init,
        ..source(container, pod, restart)
    })
}

fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        Just(0),
        1_700_000_000_000_000_000..1_700_000_100_000_000_000_i64
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), ".{0,12}", Just("a\nb\"\u{0}\u{2028}".to_owned())]
}

/// Of one position and origin a stream has one line, whoever says it.
fn any_lines() -> impl Strategy<Value = LogLines> {
    let first = prop_oneof![Just(u64::MAX - 2), 0_u64..12];
    (
        any_source(),
        prop::sample::select(vec![0, 7, i64::MIN]),
        first,
        0_u64..9,
    )
        .prop_map(|(source, origin, first, count)| {
            let text = |position: u64| {
                let byte = u8::try_from(position % 251).unwrap();
                let plain = vec![byte, 0xff, b'\r', byte / 2];
                plain.into_iter().filter(|byte| *byte != b'\n').collect::<Vec<u8>>()
            };
            let texts: Vec<Vec<u8>> = (0..count).map(|n| text(first.saturating_add(n))).collect();
            let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
            lines(source, first, origin, &texts)
        })
}

fn any_pod() -> impl Strategy<Value = PodState> {
    let end = (any::<i32>(), any_text(), any_time()).prop_map(|(exit_code, message, finished_nanos)| Termination {
        exit_code,
        signal: 9,
        reason: "OOMKilled".to_owned(),
        message,
        finished_nanos,
    });
    let container = (any_text(), any::<[bool; 4]>(), any::<u32>(), prop::option::of(end)).prop_map(
        |(text, [init, ready, started, running], restarts, terminated)| ContainerState {
            name: "app".to_owned(),
            init,
            ready,
            started,
            restarts,
            waiting_reason: "CrashLoopBackOff".to_owned(),
            waiting_message: text,
            terminated,
            running,
        },
    );
    let containers = prop::collection::vec(container, 0..3);
    (any_time(), any_text(), any::<[bool; 3]>(), containers).prop_map(
        |(time_nanos, message, [ready, deleted, target], containers)| PodState {
            pod: "web-0".to_owned(),
            pod_uid: "u".to_owned(),
            time_nanos,
            phase: "Running".to_owned(),
            ready,
            deleted,
            node: "n".to_owned(),
            reason: "Evicted".to_owned(),
            message,
            containers,
            target,
        },
    )
}

fn any_process() -> impl Strategy<Value = Process> {
    (
        any_source(),
        any_time(),
        any::<[u64; 5]>(),
        any::<[u32; 3]>(),
        any_text(),
    )
        .prop_map(|(source, time_nanos, sets, [uid, gid, group], error)| Process {
            source,
            time_nanos,
            uid,
            gid,
            groups: vec![group, 0],
            no_new_privs: true,
            seccomp: 2,
            cap_effective: sets[0],
            cap_permitted: sets[1],
            cap_bounding: sets[2],
            cap_inheritable: sets[3],
            cap_ambient: sets[4],
            root_read_only: true,
            mounts: vec![Mount {
                path: error.clone(),
                fs_type: "tmpfs".to_owned(),
                read_only: false,
            }],
            error,
        })
}

pub(super) fn any_sample() -> impl Strategy<Value = Sample> {
    let moments = [
        Moment::Started,
        Moment::Ready,
        Moment::Complete,
        Moment::Interrupted,
        Moment::NeverReady,
        Moment::LogEnd,
    ];
    let mark = (
        any_time(),
        any::<[u64; 2]>(),
        any_text(),
        prop::sample::select(moments.to_vec()),
    );
    let event = (any_time(), any_text(), any::<u32>());
    let gap = (any_source(), any::<u64>(), any_text(), any::<bool>());
    let usage = (any_source(), any_time(), any::<[Option<u64>; 8]>());
    let probe = (any_text(), any_time(), any::<bool>(), 0_usize..3);
    let metric = (any_text(), any::<bool>(), prop::num::f64::ANY).prop_map(|(name, is_counter, value)| Metric {
        name,
        is_counter,
        value: Number(value),
    });
    let scrape = (
        any_source(),
        any::<u32>(),
        any_time(),
        prop::collection::vec(metric, 0..4),
    );
    prop_oneof![
        3 => any_lines().prop_map(Sample::Logs),
        1 => any_pod().prop_map(Sample::Pod),
        1 => any_process().prop_map(Sample::Process),
        1 => any_observation().prop_map(Sample::Observation),
        1 => mark.prop_map(|(time_nanos, [published, lost], message, moment)| Sample::Mark(Mark {
            moment,
            time_nanos,
            message,
            published,
            lost,
            attempt: 1,
        })),
        1 => event.prop_map(|(time_nanos, text, count)| Sample::Event(ClusterEvent {
            uid: "e".to_owned(),
            time_nanos,
            type_: "Warning".to_owned(),
            reason: text.clone(),
            message: text,
            object_kind: "Pod".to_owned(),
            object_name: "web-0".to_owned(),
            count,
        })),
        1 => gap.prop_map(|(source, position, message, rotated)| Sample::Gap(LogGap {
            source,
            position,
            cause: if rotated { Cause::Rotated } else { Cause::Unread },
            message,
        })),
        1 => usage.prop_map(|(source, time_nanos, [cpu, memory, rss, received, sent, disk, periods, throttled])| Sample::Usage(Usage {
            source,
            time_nanos,
            cpu_core_nanos: cpu,
            memory_working_set_bytes: memory,
            memory_rss_bytes: rss,
            network_received_bytes: received,
            network_sent_bytes: sent,
            disk_used_bytes: disk,
            cpu_periods: periods,
            cpu_throttled_periods: throttled,
        })),
        1 => scrape.prop_map(|(source, port, time_nanos, metrics)| Sample::Metrics(Scrape {
            source,
            port,
            time_nanos,
            is_cut: time_nanos % 2 == 0,
            metrics,
        })),
        1 => probe.prop_map(|(name, time_nanos, passed, mode)| Sample::Probe(Probe {
            message: name.clone(),
            name,
            mode: [ProbeMode::Start, ProbeMode::Continuous, ProbeMode::End][mode],
            time_nanos,
            passed,
            port: passed.then_some(Port { number: 80, code: (mode > 0).then_some(220) }),
        })),
    ]
}

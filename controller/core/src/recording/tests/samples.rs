//! Samples of every kind.

use proptest::prelude::*;

use super::super::*;
use super::observation;

pub(super) fn source() -> Source {
    Source {
        pod: "web-1".into(),
        pod_uid: "u".into(),
        container: "app".into(),
        restart: 0,
        init: false,
    }
}

/// Lines of a log that was not rotated.
pub(super) fn chunk(first: u64, count: u64) -> Sample {
    chunk_of(0, first, count)
}

/// Lines of what is left of a log after so many lines were rotated away.
pub(super) fn chunk_of(rotated: u64, first: u64, count: u64) -> Sample {
    let time = |n: u64| i64::try_from(n).unwrap() * 1_000;
    let line = |n: u64| LogLine {
        time_nanos: time(n),
        text: format!("{} line {n}", if n.is_multiple_of(3) { "fizz" } else { "plain" }).into_bytes(),
        cut_from: 0,
    };
    let from = rotated + first;
    Sample::Logs(LogLines {
        source: source(),
        first,
        lines: (from..from + count).map(line).collect(),
        origin_nanos: time(rotated),
    })
}

pub(super) fn gap(cause: Cause, position: u64) -> Sample {
    Sample::Gap(LogGap {
        source: source(),
        position,
        cause,
        message: "the Pod is gone".into(),
    })
}

pub(super) fn usage(second: i64, cpu_seconds: u64) -> Sample {
    Sample::Usage(Usage {
        source: source(),
        time_nanos: second * 1_000_000_000,
        cpu_core_nanos: Some(cpu_seconds * 1_000_000_000),
        memory_working_set_bytes: Some(1024),
        ..Usage::default()
    })
}

/// What only the Pod as a whole has, or only the quota of its container.
pub(super) fn rarer_usage(second: i64, value: u64, of_pod: bool) -> Sample {
    let mut source = source();
    if of_pod {
        source.container.clear();
    }
    Sample::Usage(Usage {
        source,
        time_nanos: second * 1_000_000_000,
        network_sent_bytes: of_pod.then_some(value),
        cpu_periods: (!of_pod).then_some(value),
        ..Usage::default()
    })
}

pub(super) fn mark(moment: Moment, time: i64) -> Sample {
    Sample::Mark(Mark {
        moment,
        time_nanos: time,
        message: String::new(),
        published: 0,
        lost: 0,
        attempt: 1,
    })
}

pub(super) fn pod(time: i64, ready: bool) -> Sample {
    let container = ContainerState {
        name: "app".into(),
        init: false,
        ready,
        started: true,
        restarts: 0,
        waiting_reason: String::new(),
        waiting_message: String::new(),
        terminated: None,
        running: true,
    };
    Sample::Pod(PodState {
        pod: "web-1".into(),
        pod_uid: "u".into(),
        time_nanos: time,
        phase: "Running".into(),
        ready,
        deleted: false,
        node: "n".into(),
        reason: String::new(),
        message: String::new(),
        containers: vec![container],
        target: true,
    })
}

pub(super) fn event(time: i64, count: u32) -> Sample {
    Sample::Event(ClusterEvent {
        uid: "e".into(),
        time_nanos: time,
        type_: "Warning".into(),
        reason: "BackOff".into(),
        message: String::new(),
        object_kind: "Pod".into(),
        object_name: "web-1".into(),
        count,
    })
}

pub(super) fn process(time: i64, uid: u32, error: &str) -> Process {
    Process {
        source: source(),
        time_nanos: time,
        uid,
        gid: 0,
        groups: Vec::new(),
        no_new_privs: false,
        seccomp: 0,
        cap_effective: 0,
        cap_permitted: 0,
        cap_bounding: 0,
        cap_inheritable: 0,
        cap_ambient: 0,
        root_read_only: false,
        mounts: Vec::new(),
        error: error.into(),
    }
}

pub(super) fn probe(time: i64, passed: bool) -> Sample {
    Sample::Probe(Probe {
        name: "answers".into(),
        mode: ProbeMode::Continuous,
        time_nanos: time,
        passed,
        message: String::new(),
        port: None,
    })
}

pub(super) fn scrape(second: i64, restart: u32, value: f64) -> Sample {
    let metric = |name: &str, is_counter: bool| Metric {
        name: name.into(),
        is_counter,
        value: Number(value),
    };
    Sample::Metrics(Scrape {
        source: Source { restart, ..source() },
        port: 9090,
        time_nanos: second * 1_000_000_000,
        metrics: vec![metric("requests_total", true), metric("queue", false)],
        is_cut: value < 0.0,
    })
}

pub(super) fn any_sample() -> impl Strategy<Value = Sample> {
    let moments = [
        Moment::Started,
        Moment::Ready,
        Moment::Complete,
        Moment::Interrupted,
        Moment::NeverReady,
    ];
    prop_oneof![
        (prop::sample::select(vec![0, 7]), 0_u64..40, 1_u64..20)
            .prop_map(|(rotated, first, count)| chunk_of(rotated, first, count)),
        (prop::sample::select(vec![Cause::Rotated, Cause::Unread]), 0_u64..3)
            .prop_map(|(cause, position)| gap(cause, position)),
        (0_i64..5, any::<bool>()).prop_map(|(time, ready)| pod(time, ready)),
        (0_i64..5, 0_u32..3).prop_map(|(time, count)| event(time, count)),
        (0_i64..5, 0_u64..5).prop_map(|(second, cpu)| usage(second, cpu)),
        (0_i64..5, 0_u64..5, any::<bool>()).prop_map(|(second, value, of_pod)| rarer_usage(second, value, of_pod)),
        (0_i64..3, 0_u32..3, any::<bool>()).prop_map(|(time, uid, bad)| Sample::Process(process(
            time,
            uid,
            if bad { "gone" } else { "" }
        ))),
        observation::any_observation().prop_map(Sample::Observation),
        (0_i64..5, any::<bool>()).prop_map(|(time, passed)| probe(time, passed)),
        (0_i64..5, 0_u32..2, any::<f64>()).prop_map(|(second, restart, value)| scrape(second, restart, value)),
        (prop::sample::select(moments.to_vec()), 0_i64..5).prop_map(|(moment, time)| mark(moment, time)),
    ]
}

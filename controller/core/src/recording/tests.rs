use proptest::prelude::*;

use super::*;
use crate::logs::Severity;

fn source() -> Source {
    Source {
        pod: "web-1".into(),
        pod_uid: "u".into(),
        container: "app".into(),
        restart: 0,
        init: false,
    }
}

fn chunk(first: u64, count: u64) -> Sample {
    let line = |n: u64| LogLine {
        time_nanos: i64::try_from(n).unwrap() * 1_000,
        text: format!("{} line {n}", if n.is_multiple_of(3) { "fizz" } else { "plain" }).into_bytes(),
        cut_from: 0,
    };
    Sample::Logs(LogLines {
        source: source(),
        first,
        lines: (first..first + count).map(line).collect(),
    })
}

fn usage(second: i64, cpu_seconds: u64) -> Sample {
    Sample::Usage(Usage {
        source: source(),
        time_nanos: second * 1_000_000_000,
        cpu_core_nanos: Some(cpu_seconds * 1_000_000_000),
        memory_working_set_bytes: Some(1024),
        memory_rss_bytes: None,
    })
}

fn mark(moment: Moment, time: i64) -> Sample {
    Sample::Mark(Mark {
        moment,
        time_nanos: time,
        message: String::new(),
        published: 0,
        lost: 0,
    })
}

fn folded(samples: impl IntoIterator<Item = Sample>) -> Recording {
    let mut recording = Recording::new("clone");
    samples.into_iter().for_each(|sample| recording.fold(sample));
    recording
}

proptest! {
    /// Any order and any repetition of overlapping chunks, as a replaced worker publishes them, is one recording.
    #[test]
    fn folding_is_a_join(
        chunks in proptest::collection::vec((0_u64..40, 1_u64..20), 1..12),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let samples: Vec<Sample> = chunks.iter().map(|(first, count)| chunk(*first, *count)).collect();
        let straight = folded(samples.clone());
        let mut mixed: Vec<Sample> = order.iter().map(|index| index.get(&samples).clone()).collect();
        mixed.extend(samples.iter().rev().cloned());
        prop_assert_eq!(folded(mixed), straight);
    }
}

#[test]
fn lines_are_counted_once() {
    let recording = folded([chunk(0, 6), chunk(3, 6), chunk(0, 6)]);
    let log = &recording.logs()["app"];
    assert_eq!(log.lines(), 9);
    let fizz = log.get("fizz line <num>", Severity::Plain).unwrap();
    assert_eq!((fizz.count, fizz.example.as_str()), (3, "fizz line 0"));
}

#[test]
fn complete_outweighs_what_an_earlier_worker_said() {
    let recording = folded([
        mark(Moment::Ready, 9),
        mark(Moment::Interrupted, 5),
        mark(Moment::Complete, 20),
        mark(Moment::Ready, 7),
    ]);
    assert_eq!(recording.ended(), Some(Ending::Complete));
    assert_eq!(recording.ready_at(), Some(7));
    assert_eq!(recording.ended_at(), Some(20));
}

#[test]
fn cpu_is_a_rate_and_a_restarted_counter_gives_none() {
    let recording = folded([usage(0, 10), usage(10, 15), usage(20, 1), usage(30, 2)]);
    let curves = curves(&recording);
    let (_, _, cpu) = curves
        .iter()
        .find(|(_, metric, _)| *metric == "container.cpu.usage")
        .unwrap();
    assert_eq!(*cpu, [(10_000_000_000, 0.5), (30_000_000_000, 0.1)]);
}

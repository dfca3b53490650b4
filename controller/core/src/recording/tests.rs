mod missing;
mod observation;
mod samples;
mod totals;

use proptest::prelude::*;

use samples::{any_sample, chunk, mark, process, source, usage};

use super::*;
use crate::logs::Severity;

fn folded(samples: impl IntoIterator<Item = Sample>) -> Recording {
    let mut recording = Recording::new("clone");
    samples.into_iter().for_each(|sample| recording.fold(sample));
    recording
}

/// A message as the stream delivers it: attempt, sequence, and what it holds.
type Delivery = (u32, u64, Sample);

fn delivered<'a>(messages: impl IntoIterator<Item = &'a Delivery>) -> Recording {
    let mut recording = Recording::new("clone");
    for (attempt, sequence, sample) in messages {
        recording.received(*attempt, *sequence);
        recording.fold(sample.clone());
    }
    recording
}

proptest! {
    /// Any order and any repetition, with the overlapping chunks of a replaced worker and of a log that was rotated
    /// between two workers, is one recording.
    #[test]
    fn folding_is_a_join(
        messages in proptest::collection::vec((1_u32..3, 0_u64..200, any_sample()), 1..24),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let straight = delivered(&messages);
        let mixed = order.iter().map(|index| index.get(&messages)).chain(messages.iter().rev());
        prop_assert_eq!(delivered(mixed), straight);
    }
}

#[test]
fn a_flood_of_kinds_is_bounded_whatever_its_order_and_hides_no_refusal() {
    let word = |n: u64| (0..4).map(move |place| char::from(b'a' + u8::try_from(n / 13_u64.pow(place) % 13).unwrap()));
    let line = |n: u64| LogLine {
        time_nanos: 1,
        text: format!("kind {}", word(n).collect::<String>()).into_bytes(),
        cut_from: 0,
    };
    let flood = |from: u64, to: u64| {
        Sample::Logs(LogLines {
            source: source(),
            first: from,
            lines: (from..to).map(line).collect(),
            origin_nanos: 1,
        })
    };
    let refusal = Sample::Logs(LogLines {
        source: source(),
        first: 9_000,
        lines: vec![LogLine {
            time_nanos: 2,
            text: b"zzz: Permission denied".to_vec(),
            cut_from: 0,
        }],
        origin_nanos: 1,
    });
    let recording = folded([flood(0, 4_000), flood(4_000, 9_000), refusal.clone()]);
    assert_eq!(recording, folded([refusal, flood(4_000, 9_000), flood(0, 4_000)]));
    let log = &recording.logs()["app"];
    assert_eq!((log.lines(), log.overflow()), (9_001, 4_000));
    assert_eq!(log.count("zzz: Permission denied", Severity::Hard), 1);
    assert!(recording.overflowed());
}

#[test]
fn the_end_of_all_numbers_is_no_end_of_the_program() {
    let mut recording = folded([]);
    let at = |first| {
        Sample::Logs(LogLines {
            source: source(),
            first,
            lines: vec![
                LogLine {
                    time_nanos: i64::MIN,
                    text: vec![0xff],
                    cut_from: 0,
                },
                LogLine {
                    time_nanos: i64::MAX,
                    text: vec![b'x'],
                    cut_from: 0,
                },
            ],
            origin_nanos: i64::MIN,
        })
    };
    recording.fold(at(u64::MAX));
    recording.fold(at(u64::MAX - 2));
    recording.received(u32::MAX, u64::MAX);
    assert!(recording.logs()["app"].lines() <= 3);
}

#[test]
fn a_process_that_was_read_beats_one_that_was_not() {
    let samples = [process(1, 7, ""), process(2, 8, ""), process(3, 9, "gone")];
    let recording = folded(samples.map(Sample::Process));
    assert_eq!(recording.process("app").map(|process| process.uid), Some(8));
}

#[test]
fn our_own_containers_are_not_the_workloads() {
    let mut own = source();
    own.container = "temper-inspect-app".into();
    let Sample::Usage(mut used) = usage(0, 1) else {
        unreachable!()
    };
    used.source = own.clone();
    let lines = vec![LogLine {
        time_nanos: 0,
        text: b"x".to_vec(),
        cut_from: 0,
    }];
    let recording = folded([
        Sample::Usage(used),
        Sample::Logs(LogLines {
            source: own,
            first: 0,
            lines,
            origin_nanos: 0,
        }),
    ]);
    assert_eq!(recording, Recording::new("clone"));
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

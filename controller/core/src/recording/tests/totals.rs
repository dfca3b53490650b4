//! What was used, as one number.

use super::samples::{mark, source, usage};
use super::*;

const NANOS: i64 = 1_000_000_000;

/// A recording of a minute from second 10 on.
fn minute(samples: impl IntoIterator<Item = Sample>) -> Recording {
    let marks = [mark(Moment::Ready, 10 * NANOS), mark(Moment::Complete, 70 * NANOS)];
    folded(samples.into_iter().chain(marks))
}

fn cpu(samples: &[(i64, u64)]) -> Option<f64> {
    let recording = minute(samples.iter().map(|(second, cpu)| usage(*second, *cpu)));
    totals(&recording).get(&("app", Measure::Cpu)).copied().flatten()
}

fn nearly(value: Option<f64>, expected: f64) -> bool {
    value.is_some_and(|value| (value - expected).abs() < 1e-6)
}

#[test]
fn four_points_a_minute_are_enough() {
    // One core all the time.
    assert!(nearly(
        cpu(&[(5, 100), (20, 115), (35, 130), (50, 145), (65, 160)]),
        60.0
    ));
    // What was used before Ready does not count.
    assert!(nearly(cpu(&[(0, 0), (10, 100), (40, 130), (70, 160)]), 60.0));
}

#[test]
fn what_is_not_seen_is_not_guessed() {
    assert_eq!(cpu(&[(40, 1), (55, 2)]), None, "too few points");
    assert_eq!(cpu(&[(60, 1), (65, 2), (70, 3)]), None, "too little of the minute");
    assert_eq!(
        totals(&folded([usage(0, 1), usage(9, 2), usage(18, 3)])),
        BTreeMap::new()
    );
}

#[test]
fn a_container_that_restarts_counts_on() {
    assert!(nearly(cpu(&[(10, 50), (30, 60), (50, 5), (70, 10)]), 20.0));
}

#[test]
fn pods_that_follow_each_other_or_run_side_by_side_are_added_up() {
    let of_pod = |uid: &str, points: [(i64, u64); 2]| {
        points.map(|(second, cpu)| {
            let Sample::Usage(mut used) = usage(second, cpu) else {
                unreachable!()
            };
            uid.clone_into(&mut used.source.pod_uid);
            Sample::Usage(used)
        })
    };
    let total = |second: [(i64, u64); 2]| {
        let pods = of_pod("a", [(10, 0), (40, 30)]).into_iter().chain(of_pod("b", second));
        totals(&minute(pods)).get(&("app", Measure::Cpu)).copied().flatten()
    };
    assert!(nearly(total([(40, 7), (70, 37)]), 60.0));
    assert!(nearly(total([(10, 0), (70, 60)]), 90.0));
}

#[test]
fn a_pod_as_a_whole_has_a_network_and_a_disk() {
    let pod = |second: i64, bytes: u64| {
        let mut source = source();
        source.container.clear();
        Sample::Usage(Usage {
            source,
            time_nanos: second * NANOS,
            network_received_bytes: Some(bytes),
            network_sent_bytes: Some(2 * bytes),
            disk_used_bytes: Some(9 - bytes / 100),
            ..Usage::default()
        })
    };
    let recording = minute([pod(10, 0), pod(40, 100), pod(70, 200)]);
    let totals = totals(&recording);
    assert!(nearly(totals[&("", Measure::Network)], 600.0));
    assert!(nearly(totals[&("", Measure::Disk)], 9.0));
    assert_eq!(totals.len(), 2, "what was not measured is not there");
}

#[test]
fn throttling_is_a_share_of_periods() {
    let quota = |second: i64, periods: u64, waited: u64| {
        Sample::Usage(Usage {
            source: source(),
            time_nanos: second * NANOS,
            cpu_periods: Some(periods),
            cpu_throttled_periods: Some(waited),
            ..Usage::default()
        })
    };
    let recording = minute([quota(10, 1000, 900), quota(40, 1300, 960), quota(70, 1600, 1020)]);
    assert!(nearly(throttled(&recording).get("app").copied(), 0.2));
    assert!(throttled(&minute([usage(10, 1), usage(40, 2), usage(70, 3)])).is_empty());
}

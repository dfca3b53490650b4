//! TC-05: the share of what baselines do.

use std::collections::BTreeSet;

use super::*;
use crate::recording::{Probe, ProbeMode, Usage};

/// A run that used so many thousandths of a core, said so many lines, and passed this probe.
fn did(cpu: u64, lines: i64, probe: &str) -> Recording {
    let said: Vec<(i64, &str)> = (0..lines).map(|_| (4, "served a request")).collect();
    let mut recording = run(&said);
    for step in 0..=4 {
        recording.fold(Sample::Usage(Usage {
            source: source(),
            time_nanos: READY + i64::try_from(step).unwrap() * (END - READY) / 4,
            cpu_core_nanos: Some(cpu * step * u64::try_from((END - READY) / 4).unwrap() / 1000),
            ..Usage::default()
        }));
    }
    recording.fold(Sample::Probe(Probe {
        name: probe.into(),
        mode: ProbeMode::Continuous,
        time_nanos: READY,
        passed: true,
        message: String::new(),
        port: None,
    }));
    recording
}

fn found(run: &Recording) -> Exercise {
    let usual = [did(200, 60, "get"), did(100, 40, "get")];
    exercise(&[&usual[0], &usual[1]], run, &BTreeSet::from(["get"]))
}

fn share(run: &Recording) -> f64 {
    found(run).share.unwrap()
}

#[test]
fn the_share_is_the_median_over_what_was_measured() {
    assert!((share(&did(150, 50, "get")) - 1.0).abs() < 0.01);
    assert!((share(&did(30, 10, "get")) - 0.2).abs() < 0.01);
    // CPU time of a fifth, all of the lines.
    assert!((share(&did(30, 50, "get")) - 0.6).abs() < 0.01);
    assert!(found(&did(150, 50, "get")).is_enough());
    let little = found(&did(30, 10, "get"));
    assert!(!little.is_enough());
    assert_eq!(
        little.sentence(),
        "probes drove the workload, which did 20 % of what it does unchanged"
    );
}

#[test]
fn what_nothing_drives_is_not_exercised_however_much_it_did() {
    let run = did(150, 50, "other");
    let found = found(&run);
    assert!(!found.is_driven && !found.is_enough());
    assert!(found.sentence().contains("spec.probes"));
    let of_nothing = exercise(&[], &run, &BTreeSet::from(["other"]));
    assert!(!of_nothing.is_driven && of_nothing.share.is_none());
}

#[test]
fn next_to_nothing_is_no_measure() {
    let idle = [did(1, 3, "get"), did(2, 4, "get")];
    let found = exercise(&[&idle[0], &idle[1]], &did(1, 0, "get"), &BTreeSet::from(["get"]));
    assert_eq!(found.share, None);
    assert!(found.is_enough());
}

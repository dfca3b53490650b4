//! TC-06.

use proptest::prelude::*;

use super::*;
use crate::recording::{Metric, Number, Scrape};

/// A run whose counters rise to these in the end, at an even pace, and whose gauges have these values.
fn counted(counters: &[(&str, f64)], gauges: &[(&str, f64)]) -> Recording {
    let mut recording = run(&GOOD);
    for step in 0_u8..=5 {
        let share = f64::from(step) / 5.0;
        let metric = |is_counter: bool, name: &str, value: f64| Metric {
            name: name.to_owned(),
            is_counter,
            value: Number(value),
        };
        let counters = counters
            .iter()
            .map(|(name, value)| metric(true, name, 7.0 + value * share));
        let gauges = gauges.iter().map(|(name, value)| metric(false, name, *value));
        recording.fold(Sample::Metrics(Scrape {
            source: source(),
            port: 9090,
            time_nanos: READY + i64::from(step) * (END - READY) / 5,
            metrics: counters.chain(gauges).collect(),
            is_cut: false,
        }));
    }
    recording
}

fn verdict(usual: [&Recording; 2], candidate: &Recording) -> Verdict {
    judge_asked(Resources::Off, &usual, candidate)
}

fn sentences(verdict: &Verdict) -> Vec<String> {
    verdict.findings.iter().map(Finding::sentence).collect()
}

#[test]
fn a_workload_that_stops_working_and_says_nothing_is_flagged() {
    let usual = |requests| counted(&[("requests_total", requests), ("ticks_total", 30.0)], &[]);
    let baselines = [&usual(120.0), &usual(130.0)];
    assert_eq!(verdict(baselines, &usual(100.0)), verdict(baselines, baselines[0]));
    let found = verdict(baselines, &usual(3.0));
    assert_eq!(found.outcome, Outcome::Warned);
    assert_eq!(
        sentences(&found),
        ["container `app` counted 3 in `requests_total`; the baselines 120 and 130"]
    );
    assert_eq!(verdict(baselines, &usual(50.0)).outcome, Outcome::Passed, "one of two");
    assert_eq!(
        verdict(baselines, &counted(&[("other", 1.0)], &[])).outcome,
        Outcome::Warned
    );
    assert_eq!(verdict(baselines, &run(&GOOD)).outcome, Outcome::Warned, "no answer");
    let unscraped = verdict([baselines[0], &run(&GOOD)], &run(&GOOD));
    assert_eq!(unscraped.findings, vec![]);
}

#[test]
fn most_of_what_counts_must_fall() {
    let usual = counted(
        &[("a", 100.0), ("b", 100.0), ("c", 100.0), ("d", 100.0), ("idle", 0.0)],
        &[],
    );
    let fallen = |c: f64| counted(&[("a", 100.0), ("b", 20.0), ("c", c), ("d", 100.0), ("idle", 0.0)], &[]);
    assert_eq!(verdict([&usual, &usual], &fallen(20.0)).outcome, Outcome::Warned);
    let one = verdict([&usual, &usual], &fallen(100.0));
    assert_eq!((one.outcome, one.findings.len()), (Outcome::Passed, 1));
}

#[test]
fn errors_that_no_baseline_counts_warn() {
    let usual = counted(&[("x_errors_total", 0.0), ("r{code=\"200\"}", 50.0)], &[]);
    for name in ["x_errors_total", "drops{result=\"dropped\"}", "r{code=\"503\"}"] {
        let mut candidate = counted(&[("x_errors_total", 0.0), ("r{code=\"200\"}", 50.0)], &[]);
        // Shown only once it has counted.
        candidate.fold(Sample::Metrics(Scrape {
            source: source(),
            port: 9090,
            time_nanos: END,
            metrics: vec![Metric {
                name: name.to_owned(),
                is_counter: true,
                value: Number(12.0),
            }],
            is_cut: false,
        }));
        let found = verdict([&usual, &usual], &candidate);
        assert_eq!(found.outcome, Outcome::Warned, "{name}");
        assert_eq!(found.findings[0].rule, Rule::ErrorsCounted);
        assert_eq!(
            verdict([&usual, &candidate], &candidate).outcome,
            Outcome::Passed,
            "{name}"
        );
    }
    let found = verdict(
        [&usual, &usual],
        &counted(&[("x_errors_total", 4.0), ("r{code=\"200\"}", 50.0)], &[]),
    );
    assert_eq!(
        sentences(&found),
        ["container `app` counted 4 in `x_errors_total`, where no baseline counted any"]
    );
}

#[test]
fn what_was_cut_off_a_list_is_not_taken_for_nothing() {
    let cut = |counters: &[(&str, f64)]| {
        let mut recording = counted(counters, &[]);
        recording.fold(Sample::Metrics(Scrape {
            source: source(),
            port: 9090,
            time_nanos: END,
            metrics: Vec::new(),
            is_cut: true,
        }));
        recording
    };
    let usual = cut(&[("a_total", 100.0), ("z_total", 100.0)]);
    let found = verdict([&usual, &usual], &cut(&[("a_total", 100.0), ("b_errors_total", 9.0)]));
    assert_eq!(found.findings, vec![]);
}

#[test]
fn gauges_are_only_told() {
    let usual = counted(&[], &[("queue", 2.0), ("open", 10.0)]);
    let found = verdict([&usual, &usual], &counted(&[], &[("queue", 50.0), ("open", 10.0)]));
    assert_eq!(found.outcome, Outcome::Passed);
    assert_eq!(
        sentences(&found),
        ["container `app` had 50 in `queue` most of the time; the baselines 2 and 2"]
    );
}

proptest! {
    #[test]
    fn a_run_counts_what_it_counts(values in proptest::collection::vec((0.0_f64..1e9, 0.0_f64..1e9), 1..8)) {
        let names: Vec<String> = (0..values.len()).map(|n| format!("errors_{n}")).collect();
        let pick = |of: fn(&(f64, f64)) -> f64| names.iter().map(String::as_str).zip(values.iter().map(of)).collect::<Vec<_>>();
        let run = counted(&pick(|v| v.0), &pick(|v| v.1));
        prop_assert_eq!(verdict([&run, &run], &run).findings, vec![]);
    }
}

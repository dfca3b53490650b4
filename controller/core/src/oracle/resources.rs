//! TC-04: CPU, memory, network and disk. Identical runs differ by a factor of two in CPU on a busy machine, so that one
//! difference is only told; two of one direction, or something that is all but gone, warn.

use std::collections::BTreeSet;

use super::shift::{Floor, Shift, shift};
use super::{Finding, Oracle, Rule, Weight};
use crate::recording::{Measure, Recording, recorded_seconds, throttled, totals};

/// What differences in resources do to a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Resources {
    /// Nothing: they are not looked at.
    Off,
    /// They are listed, and two of one direction warn.
    #[default]
    Flag,
    /// Each fails the run.
    Fail,
}

/// Cores below which CPU says nothing: what probes and a runtime use by themselves.
pub(super) const LEAST_CORES: f64 = 0.003;

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;

/// A container must wait in more than this share of its CPU periods, where it does in less than the other in every
/// baseline (section 7.5 of the design).
const THROTTLED: f64 = 0.2;
const UNTHROTTLED: f64 = 0.01;

pub(super) fn judge(mode: Resources, baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    if mode == Resources::Off || baselines.is_empty() {
        return Vec::new();
    }
    let mut findings = waits(baselines, candidate);
    let usual: Vec<_> = baselines.iter().map(|baseline| totals(baseline)).collect();
    let mine = totals(candidate);
    let keys: BTreeSet<_> = usual.iter().flat_map(|totals| totals.keys()).copied().collect();
    let seconds = recorded_seconds(candidate).unwrap_or_default();
    let (mut shifts, mut unclear, mut is_any_compared) = (Vec::new(), Vec::new(), false);
    for key in keys {
        let (container, measure) = key;
        let value = mine.get(&key).copied().flatten();
        let values: Option<Vec<f64>> = usual.iter().map(|totals| totals.get(&key).copied().flatten()).collect();
        let Some((value, values)) = value.zip(values) else {
            unclear.push(not_decidable(container, measure, "too little was measured"));
            continue;
        };
        is_any_compared = true;
        match shift(value, &values, floor(measure, seconds)) {
            Shift::None => {}
            Shift::Undecidable => {
                let why = format!("the baselines used {}", amounts(measure, &values));
                unclear.push(not_decidable(container, measure, &why));
            }
            found @ (Shift::Above | Shift::Below | Shift::Gone) => {
                shifts.push((found, shifted(container, measure, value, &values)));
            }
        }
    }
    if is_any_compared {
        findings.extend(weighed(mode, shifts));
        findings.extend(unclear);
    } else {
        findings.push(Finding::new(Oracle::Resources, Rule::NotDecidable, Weight::Note));
    }
    findings
}

fn floor(measure: Measure, seconds: f64) -> Floor {
    let (ratio, least) = match measure {
        Measure::Cpu => (2.0, LEAST_CORES * seconds),
        Measure::Memory => (1.25, 4.0 * MIB),
        Measure::Network => (2.0, 64.0 * KIB),
        Measure::Disk => (3.0, 4.0 * MIB),
    };
    Floor { ratio, least }
}

/// One difference is noise more often than not; two that point the same way, or one that is all but gone, are not.
fn weighed(mode: Resources, shifts: Vec<(Shift, Finding)>) -> Vec<Finding> {
    let above = shifts.iter().filter(|(shift, _)| *shift == Shift::Above).count();
    let below = shifts.len() - above;
    let weigh = |(shift, mut finding): (Shift, Finding)| {
        let is_one_of_two = if shift == Shift::Above { above > 1 } else { below > 1 };
        if mode == Resources::Fail {
            finding.weight = Weight::Fail;
        } else if shift == Shift::Gone || is_one_of_two {
            finding.weight = Weight::Warn;
        }
        finding
    };
    shifts.into_iter().map(weigh).collect()
}

/// A CPU limit holds a run back and no baseline: it does more, or the same over and over.
fn waits(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let usual: Vec<_> = baselines.iter().map(|baseline| throttled(baseline)).collect();
    let mut findings: Vec<Finding> = Vec::new();
    // By name, its containers before the Pod as a whole, which waits when they do.
    for (container, share) in throttled(candidate).into_iter().rev() {
        let shares: Option<Vec<f64>> = usual.iter().map(|shares| shares.get(container).copied()).collect();
        let is_told = container.is_empty() && !findings.is_empty();
        if share > THROTTLED
            && !is_told
            && let Some(shares) = shares
            && shares.iter().all(|share| *share < UNTHROTTLED)
        {
            let mut finding = Finding::new(Oracle::Resources, Rule::Throttled, Weight::Fail);
            finding.container = named(container);
            let percent = |share: &f64| format!("{:.1} %", share * 100.0);
            let shares: Vec<String> = shares.iter().map(percent).collect();
            finding.detail = format!(
                "{:.0} % of its CPU periods; the baselines in {}",
                share * 100.0,
                listed(&shares)
            );
            findings.push(finding);
        }
    }
    findings
}

fn shifted(container: &str, measure: Measure, value: f64, usual: &[f64]) -> Finding {
    let mut finding = Finding::new(Oracle::Resources, Rule::ResourceShift, Weight::Note);
    finding.container = named(container);
    let written = amount(measure, value);
    finding.detail = match measure {
        Measure::Cpu => format!("{written} CPU seconds"),
        Measure::Memory => format!("up to {written} of memory"),
        Measure::Network => format!("{written} of network traffic"),
        Measure::Disk => format!("up to {written} of disk"),
    } + &format!("; the baselines {}", amounts(measure, usual));
    finding
}

fn not_decidable(container: &str, measure: Measure, why: &str) -> Finding {
    let mut finding = Finding::new(Oracle::Resources, Rule::NotDecidable, Weight::Note);
    finding.container = named(container);
    let what = match measure {
        Measure::Cpu => "CPU",
        Measure::Memory => "memory",
        Measure::Network => "network traffic",
        Measure::Disk => "use of disk",
    };
    finding.detail = format!("{what} cannot be compared: {why}");
    finding
}

/// Pods as a whole have no container's name.
fn named(container: &str) -> Option<String> {
    (!container.is_empty()).then(|| container.to_owned())
}

fn amounts(measure: Measure, values: &[f64]) -> String {
    let written: Vec<String> = values.iter().map(|value| amount(measure, *value)).collect();
    listed(&written)
}

pub(super) fn listed(items: &[String]) -> String {
    match items {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => items.concat(),
    }
}

fn amount(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Cpu if value < 0.1 => format!("{value:.3}"),
        Measure::Cpu if value < 10.0 => format!("{value:.1}"),
        Measure::Cpu => format!("{value:.0}"),
        Measure::Memory | Measure::Network | Measure::Disk if value < MIB => format!("{:.1} KiB", value / KIB),
        Measure::Memory | Measure::Network | Measure::Disk => format!("{:.1} MiB", value / MIB),
    }
}

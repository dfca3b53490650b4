//! TC-04: CPU and memory. Shown, never decisive: identical runs differ by a factor of two in CPU on a busy machine.

use statrs::statistics::Statistics;

use super::{Finding, Oracle, Rule, Weight};
use crate::recording::{Recording, curves};

/// Points that a mean needs: four a minute is what a kubelet gives elsewhere.
const MIN_POINTS: usize = 3;

/// Ratios to the baselines' mean beyond which a difference is told: the floors of section 7.5 of the design.
const CPU_FACTOR: f64 = 2.0;
const MEMORY_FACTOR: f64 = 1.25;

/// Below these a ratio says nothing: a hundredth of a core, four mebibytes.
const CPU_FLOOR: f64 = 0.01;
const MEMORY_FLOOR: f64 = 4.0 * 1024.0 * 1024.0;

pub(super) fn judge(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let usual: Vec<_> = baselines.iter().map(|baseline| curves(baseline)).collect();
    let mine = curves(candidate);
    if mine.iter().all(|(_, _, points)| points.len() < MIN_POINTS) {
        return vec![Finding::new(Oracle::Resources, Rule::NotDecidable, Weight::Note)];
    }
    let mean = |points: &[(i64, f64)]| points.iter().map(|(_, value)| *value).mean();
    let mut findings = Vec::new();
    for (container, metric, points) in &mine {
        let same = |curve: &&crate::recording::Curve| curve.0 == *container && curve.1 == *metric;
        let means: Vec<f64> = usual
            .iter()
            .filter_map(|curves| curves.iter().find(same))
            .map(|(_, _, p)| mean(p))
            .collect();
        let (name, factor, floor) = if *metric == "container.cpu.usage" {
            ("CPU", CPU_FACTOR, CPU_FLOOR)
        } else {
            ("memory", MEMORY_FACTOR, MEMORY_FLOOR)
        };
        if means.is_empty() || points.len() < MIN_POINTS {
            continue;
        }
        let (low, high) = (Statistics::min(&means), Statistics::max(&means));
        let value = mean(points);
        let above = value > high * factor && value - high > floor;
        let below = value * factor < low && low - value > floor;
        if above || below {
            let mut finding = Finding::new(Oracle::Resources, Rule::ResourceShift, Weight::Note);
            finding.container = Some(container.clone());
            finding.detail = format!("{:.1} times the {name} of the baselines", value / means.iter().mean());
            findings.push(finding);
        }
    }
    findings
}

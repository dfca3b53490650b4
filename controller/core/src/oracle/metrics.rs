//! TC-06: what the workload counts itself, compared as its resources are. It is flagged, and fails nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::resources::listed;
use super::shift::{Floor, Shift, shift};
use super::{Finding, Oracle, Rule, Weight};
use crate::recording::{Recording, knows_own_metrics, own_metrics};

/// A metric must differ from those of the baselines by a factor of two, and by more than ten counts or one unit.
const COUNTER: Floor = Floor {
    ratio: 2.0,
    least: 10.0,
};
const GAUGE: Floor = Floor { ratio: 2.0, least: 1.0 };

/// Parts of the names of metrics that count what goes wrong.
const ERRORS: [&str; 4] = ["error", "fail", "denied", "dropped"];

/// What a scaled rise may be without anything having been counted.
const NOTHING: f64 = 0.5;

/// Findings of one kind about one container at most: one cause moves many metrics.
const MAX_METRICS: usize = 3;

pub(super) fn judge(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let usual: Vec<_> = baselines.iter().map(|baseline| own_metrics(baseline)).collect();
    let mine = own_metrics(candidate);
    let has = |metrics: &Metrics<'_>, container: &str| metrics.keys().any(|(of, ..)| *of == container);
    let containers: BTreeSet<&str> = usual
        .iter()
        .flat_map(|metrics| metrics.keys().map(|key| key.0))
        .collect();
    let mut findings = Vec::new();
    for container in containers {
        // Of one that is not scraped in every baseline nobody knows what is usual.
        if !usual.iter().all(|metrics| has(metrics, container)) {
            continue;
        }
        let mut all = baselines.iter().chain([&candidate]);
        let is_whole = all.all(|recording| knows_own_metrics(recording, container));
        if has(&mine, container) {
            findings.extend(errors(container, is_whole, &usual, &mine));
            findings.extend(shifts(container, is_whole, &usual, &mine));
        } else {
            let mut finding = new(container, Rule::MetricShift, Weight::Warn);
            "gave no metrics, and did in every baseline".clone_into(&mut finding.detail);
            findings.push(finding);
        }
    }
    findings
}

type Metrics<'a> = BTreeMap<(&'a str, &'a str, bool), Option<f64>>;

/// Counters of errors that rise where none does in any baseline.
fn errors(container: &str, is_whole: bool, usual: &[Metrics<'_>], mine: &Metrics<'_>) -> Vec<Finding> {
    let mut risen = Vec::new();
    for ((of, name, is_counter), total) in mine {
        let is_silent = |metrics: &Metrics<'_>| match metrics.get(&(*of, *name, *is_counter)) {
            // It is shown only once it has counted.
            None => is_whole,
            Some(total) => total.is_some_and(|total| total < NOTHING),
        };
        if *of == container
            && *is_counter
            && is_of_errors(name)
            && let Some(total) = total.filter(|total| *total >= NOTHING)
            && usual.iter().all(is_silent)
        {
            let mut finding = new(container, Rule::ErrorsCounted, Weight::Warn);
            finding.detail = format!("{total:.0} in `{name}`, where no baseline counted any");
            risen.push(finding);
        }
    }
    risen.truncate(MAX_METRICS);
    risen
}

fn is_of_errors(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_status = || {
        name.split_once("=\"5")
            .is_some_and(|(_, code)| code.starts_with(|c: char| c.is_ascii_digit()))
    };
    ERRORS.iter().any(|part| name.contains(part)) || is_status()
}

fn shifts(container: &str, is_whole: bool, usual: &[Metrics<'_>], mine: &Metrics<'_>) -> Vec<Finding> {
    let (mut fallen, mut others, mut counters, mut is_any_gone) = (Vec::new(), Vec::new(), 0, false);
    // What every baseline has; a counter that is not there has counted nothing.
    let keys = usual.iter().flat_map(|metrics| metrics.keys()).copied();
    for key in keys.filter(|(of, ..)| *of == container).collect::<BTreeSet<_>>() {
        let (_, name, is_counter) = key;
        let absent = (is_counter && is_whole).then_some(0.0);
        let value = mine.get(&key).copied().unwrap_or(absent);
        let values: Option<Vec<f64>> = usual
            .iter()
            .map(|metrics| metrics.get(&key).copied().flatten())
            .collect();
        let Some((value, values)) = value.zip(values) else {
            continue;
        };
        let floor = if is_counter { COUNTER } else { GAUGE };
        let found = shift(value, &values, floor);
        // One that stands still in the baselines as well tells nothing of what works.
        counters += usize::from(is_counter && found != Shift::Undecidable && values.iter().all(|v| *v > floor.least));
        let tell = || told(container, name, is_counter, value, &values);
        match found {
            Shift::None | Shift::Undecidable => {}
            Shift::Below | Shift::Gone if is_counter => {
                is_any_gone |= found == Shift::Gone;
                fallen.push(tell());
            }
            Shift::Below | Shift::Gone | Shift::Above => others.push(tell()),
        }
    }
    // Of hundreds of metrics some always differ. That most of what counts falls at once is no chance.
    let is_idle = fallen.len() * 2 >= counters && (fallen.len() > 1 || is_any_gone);
    for finding in fallen.iter_mut().filter(|_| is_idle) {
        finding.weight = Weight::Warn;
    }
    fallen.truncate(MAX_METRICS);
    others.truncate(MAX_METRICS);
    fallen.append(&mut others);
    fallen
}

fn told(container: &str, name: &str, is_counter: bool, value: f64, usual: &[f64]) -> Finding {
    let mut finding = new(container, Rule::MetricShift, Weight::Note);
    let usual: Vec<String> = usual.iter().copied().map(written).collect();
    let (value, usual) = (written(value), listed(&usual));
    finding.detail = if is_counter {
        format!("counted {value} in `{name}`; the baselines {usual}")
    } else {
        format!("had {value} in `{name}` most of the time; the baselines {usual}")
    };
    finding
}

fn new(container: &str, rule: Rule, weight: Weight) -> Finding {
    let mut finding = Finding::new(Oracle::Metrics, rule, weight);
    finding.container = Some(container.to_owned());
    finding
}

fn written(value: f64) -> String {
    if value.abs() < 10.0 && value.fract().abs() > 0.05 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

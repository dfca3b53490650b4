//! CPU and memory as numbers: the page has the curves.

use std::collections::BTreeMap;

use temper_api::{RunSummary, Series, SuggestedResources};

use super::{
    folded, table,
    text::{code, prose, sentence},
};
use crate::{resources::resource_sentences, usage::comparisons, words::role};

/// Requests and limits that containers lack.
pub(super) fn resources(resources: &BTreeMap<String, SuggestedResources>) -> Vec<String> {
    let lines: Vec<String> = resource_sentences(resources)
        .iter()
        .map(|line| format!("- {}", sentence(line)))
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    vec!["### Requests and limits that are missing".to_owned(), lines.join("\n")]
}

/// Median and peak of each run, the baselines beside the recommendation.
pub(super) fn overview(series: &[Series], runs: &[RunSummary]) -> Vec<String> {
    let comparisons = comparisons(series, runs);
    if comparisons.is_empty() {
        return Vec::new();
    }
    let rows = comparisons.iter().flat_map(|comparison| {
        comparison.curves.iter().map(|curve| {
            [
                code(&comparison.container),
                prose(comparison.metric.heading),
                code(&curve.run),
                curve.role.map_or("", role).to_owned(),
                comparison.write(curve.median),
                comparison.write(curve.highest),
            ]
        })
    });
    let columns = ["Container", "Metric", "Run", "Role", "Median", "Highest"];
    folded(
        "CPU and memory, baselines against the recommendation",
        &[table(columns, rows)],
    )
}

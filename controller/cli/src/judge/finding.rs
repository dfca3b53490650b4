//! One piece of evidence as it is printed.

use serde::Serialize;
use temper_core::oracle::{self, Weight};

/// A finding; what it is not about is null.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    /// Id of the oracle, such as TC-03.
    pub(super) oracle: &'static str,
    pub(super) rule: &'static str,
    pub(super) weight: &'static str,
    pub(super) container: Option<String>,
    pub(super) pod: Option<String>,
    pub(super) template: Option<String>,
    pub(super) example: Option<String>,
    pub(super) baseline_counts: Vec<u64>,
    pub(super) count: u64,
    /// Seconds since the recording began.
    pub(super) time: Option<f64>,
    pub(super) detail: String,
    pub(super) sentence: String,
}

impl Finding {
    /// A finding in a recording that began at this time.
    pub(super) fn new(finding: &oracle::Finding, start_nanos: i64) -> Self {
        let oracle::Finding {
            oracle,
            rule,
            weight,
            container,
            pod,
            template,
            example,
            baseline_counts,
            count,
            at_nanos,
            detail,
        } = finding;
        Self {
            oracle: oracle.into(),
            rule: rule.into(),
            weight: match weight {
                Weight::Fail => "Fail",
                Weight::Warn => "Warn",
                Weight::Note => "Note",
            },
            container: container.clone(),
            pod: pod.clone(),
            template: template.clone(),
            example: example.clone(),
            baseline_counts: baseline_counts.clone(),
            count: *count,
            time: at_nanos.map(|at| seconds(at.saturating_sub(start_nanos))),
            detail: detail.clone(),
            sentence: finding.sentence(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact to the nanosecond for a hundred days")]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

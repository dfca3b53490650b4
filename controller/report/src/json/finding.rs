//! What was found in the runs.

use schemars::JsonSchema;
use serde::Serialize;
use temper_api::{FindingRecord, ProofFact};

use super::term::Weight;

/// Whether the running process of a container shows a setting.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Proof {
    /// Container.
    container: String,
    /// Id of the setting.
    setting: String,
    /// The process shows it.
    shown: bool,
    /// What was read, such as `NoNewPrivs: 1`.
    fact: String,
}

/// What the processes showed.
pub(super) fn proof(facts: &[ProofFact]) -> Vec<Proof> {
    let proof = |fact: &ProofFact| Proof {
        container: fact.container.clone(),
        setting: fact.setting.clone(),
        shown: fact.shown,
        fact: fact.fact.clone(),
    };
    facts.iter().map(proof).collect()
}

/// The findings of one run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Evidence {
    /// Run.
    run: String,
    /// Its findings, first the cause.
    findings: Vec<Finding>,
}

/// One piece of evidence.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    /// Id of the oracle, such as TC-03.
    oracle: String,
    /// Name of the rule within the oracle.
    rule: String,
    /// How much it counts.
    weight: Weight,
    /// Container that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    /// The masked log message, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    /// One line as it was logged, redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<String>,
    /// How often it was seen in each baseline; empty where counting means nothing.
    baseline_counts: Vec<u64>,
    /// How often it was seen in this run.
    count: u64,
    /// One sentence for people.
    message: String,
}

/// The findings of every run.
pub(super) fn evidence(evidence: &[temper_api::Evidence]) -> Vec<Evidence> {
    let of_run = |evidence: &temper_api::Evidence| Evidence {
        run: evidence.run.clone(),
        findings: evidence.findings.iter().map(finding).collect(),
    };
    evidence.iter().map(of_run).collect()
}

fn finding(record: &FindingRecord) -> Finding {
    Finding {
        oracle: record.oracle.clone(),
        rule: record.rule.clone(),
        weight: record.weight.into(),
        container: record.container.clone(),
        template: record.template.clone(),
        example: record.example.clone(),
        baseline_counts: record.baseline_counts.clone(),
        count: record.count,
        message: record.message.clone(),
    }
}

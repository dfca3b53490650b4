//! What proves the verdicts.

use temper_api::{Evidence, FindingRecord, FindingWeight, ProofFact, RunSummary};

use super::{
    folded, table,
    text::{code, fenced, prose, sentence},
};
use crate::{
    quotes::news,
    words::{count, plain, run_phase},
};

/// What the running processes showed.
pub(super) fn proof(facts: &[ProofFact]) -> Vec<String> {
    if facts.is_empty() {
        return Vec::new();
    }
    let row = |fact: &ProofFact| {
        [
            code(&fact.container),
            code(&fact.setting),
            if fact.shown { "✅ shown" } else { "❔ not shown" }.to_owned(),
            code(&fact.fact),
        ]
    };
    let columns = ["Container", "Setting", "Process", "What was read"];
    folded(
        "What the processes of the verification run showed",
        &[table(columns, facts.iter().map(row))],
    )
}

/// The findings of every run, with the lines that they rest on.
pub(super) fn findings(evidence: &[Evidence], runs: &[RunSummary]) -> Vec<String> {
    let told: Vec<&Evidence> = evidence.iter().filter(|of| !of.findings.is_empty()).collect();
    if told.is_empty() {
        return Vec::new();
    }
    let findings = told.iter().map(|of| of.findings.len()).sum();
    let mut blocks = Vec::new();
    for of_run in &told {
        let phase = runs.iter().find(|run| run.name == of_run.run).map(|run| run.phase);
        let ended = phase.map_or_else(String::new, |phase| format!(", {}", run_phase(phase)));
        blocks.push(format!("#### Run {}{ended}", code(&of_run.run)));
        blocks.extend(of_run.findings.iter().flat_map(finding));
    }
    let summary = format!(
        "Evidence: {} in {}",
        count(findings, "finding"),
        count(told.len(), "run")
    );
    folded(&summary, &blocks)
}

fn finding(finding: &FindingRecord) -> Vec<String> {
    let weight = match finding.weight {
        FindingWeight::Fail => "❌ fails the run",
        FindingWeight::Warn => "⚠️ warning",
        FindingWeight::Note => "ℹ️ note",
    };
    let container = finding
        .container
        .as_ref()
        .map_or_else(String::new, |container| format!(", container {}", code(container)));
    let mut blocks = vec![format!(
        "**{weight}**: {} ({} {}{container}{})",
        sentence(&finding.message),
        prose(&finding.oracle),
        prose(&finding.rule),
        counts(finding)
    )];
    let lines: Vec<String> = news(finding).into_iter().flatten().map(plain).collect();
    if !lines.is_empty() {
        blocks.push(fenced("text", &lines.join("\n")));
    }
    blocks
}

/// How often it was seen, where counting it means something.
fn counts(finding: &FindingRecord) -> String {
    let baselines: Vec<String> = finding.baseline_counts.iter().map(|n| format!("{n}×")).collect();
    if !baselines.is_empty() {
        format!(
            ", seen {}× in this run and {} in the baselines",
            finding.count,
            baselines.join(", ")
        )
    } else if finding.count > 0 {
        format!(", seen {}× in this run", finding.count)
    } else {
        String::new()
    }
}

//! The findings of each run, with the lines that they rest on.

use maud::{Markup, html};
use temper_api::{Evidence, FindingRecord, FindingWeight, RunSummary};

use super::{section, sentence};
use crate::{
    quotes::news,
    words::{plain, run_phase},
};

/// The findings of every run.
pub(super) fn overview(evidence: &[Evidence], runs: &[RunSummary]) -> Markup {
    let body = html! {
        @if evidence.iter().all(|evidence| evidence.findings.is_empty()) { p { "No run showed anything unusual." } }
        @for evidence in evidence.iter().filter(|evidence| !evidence.findings.is_empty()) {
            @let run = runs.iter().find(|run| run.name == evidence.run);
            h3 {
                (plain(&evidence.run))
                @if let Some(run) = run { " " span.muted { (run_phase(run.phase)) } }
            }
            @for finding in &evidence.findings { (card(finding)) }
        }
    };
    section("evidence", "Evidence", &body)
}

fn card(finding: &FindingRecord) -> Markup {
    let (tone, word) = weight(finding.weight);
    let [template, example] = news(finding);
    html! {
        div.finding {
            p {
                span class={ "badge " (tone) } { (word) }
                " " (sentence(&finding.message))
            }
            p.muted {
                (plain(&finding.oracle)) " " (plain(&finding.rule))
                @if let Some(container) = &finding.container { ", container " (plain(container)) }
                (counts(finding))
            }
            @if let Some(template) = template {
                p.label { "Log message" }
                pre tabindex="0" aria-label="Log message" { (plain(template)) }
            }
            @if let Some(example) = example {
                p.label { "As it was logged" }
                pre tabindex="0" aria-label="As it was logged" { (plain(example)) }
            }
        }
    }
}

/// How often it was seen, where counting it means something.
fn counts(finding: &FindingRecord) -> Markup {
    let baselines: Vec<String> = finding.baseline_counts.iter().map(u64::to_string).collect();
    html! {
        @if !baselines.is_empty() {
            ", seen " strong { (finding.count) "×" } " in this run and " strong { (baselines.join("×, ")) "×" } " in the baselines"
        } @else if finding.count > 0 {
            ", seen " strong { (finding.count) "×" } " in this run"
        }
    }
}

fn weight(weight: FindingWeight) -> (&'static str, &'static str) {
    match weight {
        FindingWeight::Fail => ("bad", "fails the run"),
        FindingWeight::Warn => ("unsure", "warning"),
        FindingWeight::Note => ("plain", "note"),
    }
}

//! The verdict on each setting, what is recommended, and what proves it.

use maud::{Markup, html};
use temper_api::{HardeningReport, ProofFact, SettingState, SettingStatus};

use super::{section, sentence, table};
use crate::{
    error::Error,
    patch::{apply_command, namespace, recommendation_yaml, verified_patch},
    rows::setting_rows,
    words::plain,
};

/// The verdict on each setting.
pub(super) fn verdicts(settings: &[SettingStatus]) -> Markup {
    let rows = setting_rows(settings);
    let body = html! {
        @for row in &rows {
            tr {
                th scope="row" { code { (row.id) } }
                td data-label="Verdict" { span class={ "badge " (tone(row.state)) } { (row.word) } }
                td data-label="Decided by run" { (row.run) }
                td.text data-label="Why" {
                    (sentence(&row.why))
                    @for warning in &row.warnings { p.warning { "Warning: " (sentence(warning)) } }
                }
            }
        }
    };
    let body = if rows.is_empty() {
        html! { p { "No setting was judged." } }
    } else {
        table(
            "The verdict on each setting",
            &["Setting", "Verdict", "Decided by run", "Why"],
            &body,
        )
    };
    section("settings", "Settings", &body)
}

/// What to put into the Pod template, and the patch that does so.
pub(super) fn recommendation(report: &HardeningReport) -> Result<Markup, Error> {
    let Some(recommendation) = &report.spec.recommendation else {
        return Ok(section(
            "recommendation",
            "Recommendation",
            &html! { p { "Nothing is recommended." } },
        ));
    };
    let yaml = recommendation_yaml(recommendation)?;
    let patch = verified_patch(report)?;
    let body = html! {
        pre tabindex="0" aria-label="Recommendation as YAML" { (yaml) }
        h3 { "Patch" }
        @if let Some(patch) = patch {
            p { "Save it as FILE, then: " code { (apply_command(&report.spec.target_ref, namespace(report), "FILE")) } }
            pre tabindex="0" aria-label="Patch as YAML" { (patch) }
        } @else {
            p { "There is no patch, because nothing was verified." }
        }
    };
    Ok(section("recommendation", "Recommendation", &body))
}

/// What the running processes showed.
pub(super) fn proof(facts: &[ProofFact]) -> Markup {
    let body = html! {
        @for fact in facts {
            tr {
                th scope="row" { (plain(&fact.container)) }
                td data-label="Setting" { code { (plain(&fact.setting)) } }
                td data-label="Process" {
                    @if fact.shown { span.badge.good { "shown" } } @else { span.badge.unsure { "not shown" } }
                }
                td.text data-label="What was read" { code { (plain(&fact.fact)) } }
            }
        }
    };
    let body = if facts.is_empty() {
        html! { p { "No process was read." } }
    } else {
        html! {
            p { "A setting counts only if the running process shows it." }
            (table("What the processes of the verification run showed", &["Container", "Setting", "Process", "What was read"], &body))
        }
    };
    section("proof", "Proof", &body)
}

fn tone(state: SettingState) -> &'static str {
    match state {
        SettingState::Proven => "good",
        SettingState::Rejected => "bad",
        SettingState::Unproven => "unsure",
        SettingState::AlreadySet | SettingState::Pending => "plain",
    }
}

//! Every run: when it was, and how it ended.

use maud::{Markup, html};
use temper_api::{RunPhase, RunSummary};

use super::{section, table, timeline};
use crate::{
    rows::{RunRow, run_rows},
    words::{role, run_phase, seconds},
};

/// Every run.
pub(super) fn overview(runs: &[RunSummary]) -> Markup {
    let rows = run_rows(runs);
    if rows.is_empty() {
        return section("runs", "Runs", &html! { p { "Nothing was run." } });
    }
    let body = html! { @for row in &rows { (line(row)) } };
    let columns = [
        "Run",
        "Role",
        "Ended",
        "Start",
        "Ready after",
        "Lasted",
        "Settings under test",
        "What it showed",
    ];
    let body = html! {
        (timeline::timeline(&rows))
        (table("Every run in the order of its start", &columns, &body))
    };
    section("runs", "Runs", &body)
}

fn line(row: &RunRow) -> Markup {
    let span = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), seconds);
    html! {
        tr {
            th scope="row" { (row.name) }
            td { (role(row.role)) }
            td { span class={ "badge " (tone(row.phase)) } { (run_phase(row.phase)) } }
            td.number { (span(row.start)) }
            td.number { (span(row.ready_after())) }
            td.number { (span(row.lasted())) }
            td {
                @if row.settings.is_empty() { span.muted { "none" } }
                @for (index, setting) in row.settings.iter().enumerate() {
                    @if index > 0 { ", " }
                    code { (setting) }
                }
            }
            td.text { (row.message) }
        }
    }
}

/// The class that colours a phase, in tables and in the timeline.
pub(super) fn tone(phase: RunPhase) -> &'static str {
    match phase {
        RunPhase::Passed => "good",
        RunPhase::Failed => "bad",
        RunPhase::Inconclusive | RunPhase::Error => "unsure",
        RunPhase::Cancelled
        | RunPhase::Pending
        | RunPhase::Cloning
        | RunPhase::Starting
        | RunPhase::Recording
        | RunPhase::Judging => "plain",
    }
}

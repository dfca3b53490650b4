//! Every run: when it was, and how it ended.

use maud::{Markup, html};
use temper_api::{RunPhase, RunSummary};

use super::{section, sentence, table, timeline};
use crate::{
    rows::{RunRow, run_rows},
    waves::waves,
    words::{known_seconds, role},
};

const COLUMNS: [&str; 8] = [
    "Run",
    "Role",
    "Ended",
    "Start",
    "Ready after",
    "Lasted",
    "Settings under test",
    "What it showed",
];

/// Every run.
pub(super) fn overview(runs: &[RunSummary]) -> Markup {
    let waves = waves(&run_rows(runs));
    if waves.is_empty() {
        return section("runs", "Runs", &html! { p { "Nothing was run." } });
    }
    let body = html! {
        @for wave in &waves {
            tr.group { th colspan=(COLUMNS.len()) scope="colgroup" { (sentence(&timeline::heading(wave))) } }
            @for row in &wave.runs { (line(row)) }
        }
    };
    let body = html! {
        (timeline::timeline(&waves))
        (table("Every run in the order of its start", &COLUMNS, &body))
    };
    section("runs", "Runs", &body)
}

fn line(row: &RunRow) -> Markup {
    html! {
        tr {
            th scope="row" { (row.name) }
            td data-label="Role" { (role(row.role)) }
            td data-label="Ended" { span class={ "badge " (tone(row.phase)) } { (row.ended()) } }
            td.number data-label="Start" { (known_seconds(row.start)) }
            td.number data-label="Ready after" { (known_seconds(row.ready_after())) }
            td.number data-label="Lasted" { (known_seconds(row.lasted())) }
            td data-label="Settings under test" {
                @if row.settings.is_empty() { span.muted { "none" } }
                @for (index, setting) in row.settings.iter().enumerate() {
                    @if index > 0 { ", " }
                    code { (setting) }
                }
                @if !row.repairs.is_empty() { p.muted { "with: " (sentence(&row.repairs.join("; "))) } }
            }
            td.text data-label="What it showed" { (sentence(&row.message)) }
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

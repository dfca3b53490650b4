//! Every run, in the waves in which they started.

use temper_api::{RunPhase, RunSummary};

use super::{
    folded, table,
    text::{code, sentence},
};
use crate::{
    rows::{RunRow, run_rows},
    waves::{Wave, waves},
    words::{count, known_seconds, role, seconds},
};

/// What the search did wave by wave, and every run of it.
pub(super) fn overview(runs: &[RunSummary]) -> Vec<String> {
    let heading = "### Runs".to_owned();
    let waves = waves(&run_rows(runs));
    if waves.is_empty() {
        return vec![heading, "Nothing was run.".to_owned()];
    }
    let steps: Vec<String> = waves.iter().map(step).collect();
    let rows = waves
        .iter()
        .flat_map(|wave| wave.runs.iter().map(|row| line(wave, row)));
    let columns = [
        "Wave",
        "Run",
        "Role",
        "Ended",
        "Start",
        "Ready after",
        "Lasted",
        "Settings under test",
        "What it showed",
    ];
    let mut blocks = vec![heading, steps.join("\n")];
    blocks.extend(folded(&count(runs.len(), "run"), &[table(columns, rows)]));
    blocks
}

fn step(wave: &Wave) -> String {
    let when = wave
        .start
        .map_or_else(|| "not started".to_owned(), |start| format!("at {}", seconds(start)));
    format!("{}. {when}: {}", wave.number, sentence(&wave.sentence()))
}

fn line(wave: &Wave, row: &RunRow) -> [String; 9] {
    let settings: Vec<String> = row.settings.iter().map(|setting| code(setting)).collect();
    [
        wave.number.to_string(),
        code(&row.name),
        role(row.role).to_owned(),
        format!("{} {}", mark(row.phase), row.ended()),
        known_seconds(row.start),
        known_seconds(row.ready_after()),
        known_seconds(row.lasted()),
        settings.join(", ") + &repairs(&row.repairs),
        sentence(&row.message),
    ]
}

fn repairs(repairs: &[String]) -> String {
    if repairs.is_empty() {
        return String::new();
    }
    format!("<br>with: {}", sentence(&repairs.join("; ")))
}

fn mark(phase: RunPhase) -> &'static str {
    match phase {
        RunPhase::Passed => "✅",
        RunPhase::Failed => "❌",
        RunPhase::Inconclusive | RunPhase::Error => "❔",
        RunPhase::Cancelled => "⏹️",
        RunPhase::Pending | RunPhase::Cloning | RunPhase::Starting | RunPhase::Recording | RunPhase::Judging => "⏳",
    }
}

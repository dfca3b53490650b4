//! The runs and what was measured in them.

use schemars::JsonSchema;
use serde::Serialize;
use temper_api::{RunSummary, Series};

use super::term::{End, Role};
use crate::{rows::run_rows, usage, waves::waves};

/// One run. All seconds count from the start of the check.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    /// Short name within the check.
    name: String,
    /// What it was for.
    role: Role,
    /// The wave that it started in, from 1; runs of one wave started together.
    wave: usize,
    /// Ids of the settings under test; none for a baseline.
    settings: Vec<String>,
    /// What makes them possible, a sentence each.
    repairs: Vec<String>,
    /// It ended once it had been Ready for a while, and was not recorded in full.
    screening: bool,
    /// How it ended.
    outcome: End,
    /// Workers that it took; more than 1 where infrastructure failed.
    attempts: u32,
    /// When it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_seconds: Option<f64>,
    /// When its clone was Ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_seconds: Option<f64>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_seconds: Option<f64>,
    /// One sentence: the first finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// The runs, in the order of the check.
pub(super) fn runs(runs: &[RunSummary]) -> Vec<Run> {
    let rows = run_rows(runs);
    let waves = waves(&rows);
    let wave_of = |name: &str| {
        let wave = waves.iter().find(|wave| wave.runs.iter().any(|run| run.name == name));
        wave.map_or(0, |wave| wave.number)
    };
    let run = |(run, row): (&RunSummary, &crate::RunRow)| Run {
        name: run.name.clone(),
        role: run.role.into(),
        wave: wave_of(&row.name),
        settings: run.settings.clone(),
        repairs: run.repairs.clone(),
        screening: run.screening,
        outcome: run.phase.into(),
        attempts: row.attempts,
        started_seconds: row.start,
        ready_seconds: row.ready.map(tenths),
        ended_seconds: row.end,
        message: run.message.clone(),
    };
    runs.iter().zip(&rows).map(run).collect()
}

/// A sum of tenths is one, too.
fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

/// One metric of one container in one run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Measurement {
    /// Run.
    run: String,
    /// What the run was for; none where it is not among the runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// Container.
    container: String,
    /// OpenTelemetry name of the metric, such as `container.cpu.usage`.
    metric: String,
    /// Unit of the values: `cores` or `bytes`; none where Temper does not know the metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// Half of the values are at most this.
    median: f64,
    /// No value is higher.
    highest: f64,
    /// Pairs of a time, in seconds since the clone was Ready, and a value.
    points: Vec<[f64; 2]>,
}

/// What was measured, in the order of the report.
pub(super) fn measurements(series: &[Series], runs: &[RunSummary]) -> Vec<Measurement> {
    let roles = usage::roles(runs);
    let measurement = |series: &Series| {
        let curve = usage::curve(series, roles.get(series.run.as_str()).copied())?;
        let known = usage::METRICS.iter().find(|metric| metric.name == series.metric);
        Some(Measurement {
            run: series.run.clone(),
            role: curve.role.map(Role::from),
            container: series.container.clone(),
            metric: series.metric.clone(),
            unit: known.map(|metric| metric.unit.to_owned()),
            median: curve.median,
            highest: curve.highest,
            points: curve.points.iter().map(|point| [point.t, point.v]).collect(),
        })
    };
    series.iter().filter_map(measurement).collect()
}

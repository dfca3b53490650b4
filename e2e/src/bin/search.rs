//! Measures the search on the catalogue of e2e/search, or on anybody's manifests, on the cluster that KUBECONFIG names.

#![allow(
    clippy::large_futures,
    reason = "a bench waits; where its futures lie makes no difference"
)]
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use futures::StreamExt as _;
use serde_json::json;
use temper_e2e::cluster;
use temper_e2e::search::{Foreign, Row, Stage, Subject, Summary, catalogue, load, read, table};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Hardens workloads one after another, applies what is recommended, and tells what came of it and what it cost.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which workloads of the catalogue, with commas between them; all by default.
    #[arg(long, env = "WORKLOADS_ONLY", value_delimiter = ',')]
    only: Vec<String>,
    /// Manifests, YAML or JSON, in a file or a folder, in place of the catalogue.
    #[arg(long)]
    workloads: Option<PathBuf>,
    /// A folder of image archives that are loaded first.
    #[arg(long)]
    images: Option<PathBuf>,
    /// How long each run is recorded.
    #[arg(long, env = "RECORDING", default_value = "60s")]
    duration: String,
    /// Workloads at once. Times suffer from more than one.
    #[arg(long, env = "PARALLEL", default_value_t = 1)]
    parallel: usize,
    /// Where search.json and the patches go.
    #[arg(long, default_value = "target/bench")]
    output: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,kube=off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let client = cluster::client().await?;
    let loaded = match &arguments.images {
        Some(folder) => load(folder).await?,
        None => Vec::new(),
    };
    let only: Vec<String> = arguments.only.iter().filter(|name| !name.is_empty()).cloned().collect();
    let Foreign { shared, subjects } = match &arguments.workloads {
        Some(path) => read(&client, path, &loaded).await?,
        None => Foreign {
            shared: Vec::new(),
            subjects: catalogue(&only)?,
        },
    };
    let patches = arguments.output.join("patches");
    let stage = Stage::set_up(client, &subjects, arguments.duration.clone(), &patches).await?;
    let mut rows = Vec::new();
    let played = tokio::select! {
        () = play(&stage, &shared, &subjects, arguments.parallel, &mut rows) => Ok(()),
        () = interrupted() => Err(anyhow::anyhow!("interrupted")),
    };
    // Not interrupted again: who ends a group of processes may say so twice, and each removal gives up by itself.
    let struck = stage.strike().await;
    conclude(rows, &subjects, &arguments)?;
    played.and(struck)
}

/// Plays all subjects; those of one namespace one after another.
async fn play(stage: &Stage, shared: &[serde_json::Value], subjects: &[Subject], parallel: usize, rows: &mut Vec<Row>) {
    stage.share(shared).await;
    let mut homes: BTreeMap<&str, Vec<&Subject>> = BTreeMap::new();
    for subject in subjects {
        homes.entry(&subject.namespace).or_default().push(subject);
    }
    let each = homes.into_values().map(async |home| {
        let mut rows = Vec::new();
        for subject in home {
            tracing::info!(workload = subject.name, "begins");
            rows.push(Box::pin(stage.play(subject)).await);
        }
        rows
    });
    let mut played = futures::stream::iter(each).buffer_unordered(parallel.max(1));
    while let Some(home) = played.next().await {
        for row in home {
            let (done, total) = (rows.len() + 1, subjects.len());
            let proven = format!("{}/{}", row.proven, row.applicable);
            tracing::info!(workload = row.workload, outcome = row.outcome, proven, correct = ?row.correct, done, total);
            rows.push(row);
        }
    }
}

/// Whoever ends the bench wants it removed as well.
async fn interrupted() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => std::future::pending().await,
    }
}

/// Tells the figures, in the order of the catalogue.
fn conclude(mut rows: Vec<Row>, subjects: &[Subject], arguments: &Arguments) -> Result<()> {
    let place = |row: &Row| subjects.iter().position(|subject| subject.name == row.workload);
    rows.sort_by_key(place);
    let summary = Summary::of(&rows);
    let figures = json!({
        "recordingDuration": arguments.duration,
        "parallel": arguments.parallel,
        "summary": summary,
        "rows": rows,
    });
    let path = arguments.output.join("search.json");
    write(&path, &(serde_json::to_string_pretty(&figures)? + "\n"))?;
    print!("{}", table(&rows, &summary));
    println!("{}", path.display());
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("failed to write `{}`", path.display()))
}

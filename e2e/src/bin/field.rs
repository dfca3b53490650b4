//! Makes labelled recordings of real programs on the local cluster, on which Temper must be installed.

#![allow(
    clippy::large_futures,
    reason = "a bench waits; where its futures lie makes no difference"
)]
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use futures::StreamExt as _;
use temper_e2e::field::{Archived, Catalogue, Meta, Stage, Summary, cases, record};
use tracing_subscriber::EnvFilter;

/// Runs every program of e2e/field under every setting, and labels each run by what its clients saw.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which programs, with commas between them; all by default.
    #[arg(long, env = "PROGRAMS", value_delimiter = ',')]
    programs: Vec<String>,
    /// Which settings, with commas between them; all by default.
    #[arg(long, env = "SETTINGS", value_delimiter = ',')]
    settings: Vec<String>,
    /// Runs at once.
    #[arg(long, default_value_t = 12)]
    parallel: usize,
    /// Leave recordings that are there as they are, and make only those that are not.
    #[arg(long)]
    resume: bool,
    /// Where recordings go, as PROGRAM/SETTING/N.
    #[arg(long, default_value = "target/field")]
    recordings: PathBuf,
    /// Where the figures go.
    #[arg(long, default_value = "target/bench/field.json")]
    output: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,kube=off,async_nats=off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let named = |list: &[String]| -> Vec<String> { list.iter().filter(|name| !name.is_empty()).cloned().collect() };
    let catalogue = Catalogue::read(&named(&arguments.programs))?;
    let settings = named(&arguments.settings);
    let mut cases = cases(&catalogue);
    cases.retain(|case| settings.is_empty() || settings.iter().any(|name| name == case.setting));
    let (mut runs, mut lost) = (Vec::new(), Vec::new());
    if arguments.resume {
        cases.retain(|case| match Archived::find(case, &arguments.recordings) {
            Some(found) => {
                runs.push(found);
                false
            }
            None => true,
        });
    }
    let stage = Stage::set_up(&cases).await?;
    let total = cases.len();
    let mut played = futures::stream::iter(&cases)
        .map(|case| {
            let stage = &stage;
            async move { (case, Box::pin(record(stage, case)).await) }
        })
        .buffer_unordered(arguments.parallel);
    let mut done = 0;
    while let Some((case, outcome)) = played.next().await {
        done += 1;
        match outcome {
            Ok(archived) => {
                archived.write(&arguments.recordings)?;
                tracing::info!(%case, verdict = archived.meta.verdict.word(), done, total);
                runs.push(archived.meta);
            }
            Err(error) => {
                tracing::error!(%case, error = format!("{error:#}"));
                lost.push(format!("{error:#}"));
            }
        }
    }
    drop(played);
    stage.strike().await?;
    conclude(&runs, lost, &arguments)
}

/// Drops what disagrees, and tells the figures.
fn conclude(runs: &[Meta], lost: Vec<String>, arguments: &Arguments) -> Result<()> {
    let summary = Summary::of(runs, lost);
    for dropped in summary.disagreements.iter().chain(&summary.faulty) {
        let folder = arguments.recordings.join(dropped);
        std::fs::remove_dir_all(&folder).with_context(|| format!("failed to remove `{}`", folder.display()))?;
    }
    if let Some(directory) = arguments.output.parent() {
        make(directory)?;
    }
    std::fs::write(&arguments.output, serde_json::to_string_pretty(&summary)? + "\n")
        .with_context(|| format!("failed to write `{}`", arguments.output.display()))?;
    print!("{summary}");
    println!("{}", arguments.output.display());
    Ok(())
}

fn make(directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("failed to make `{}`", directory.display()))
}

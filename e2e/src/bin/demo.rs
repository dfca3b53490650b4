//! The main job, shown: hardens a workload that tolerates everything and nginx as root, on a real cluster.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde::Serialize;
use temper_api::{RunRole, SettingState, condition};
use temper_e2e::bed::{Bed, Ended, with_bed};
use tokio::process::Command;

/// Hardens two sample workloads on the cluster that KUBECONFIG names, on which Temper must be installed.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long each run is recorded.
    #[arg(long, default_value = "60s")]
    duration: String,
    /// Where reports and result.json go.
    #[arg(long, default_value = "target/demo")]
    output: PathBuf,
}

/// One line of the result.
#[derive(Debug, Serialize)]
struct Line {
    verified: bool,
    level: Option<&'static str>,
    applicable: usize,
    proven: usize,
    runs: u32,
    clones: u32,
    /// From creation to Complete, clocked through the API by this process.
    seconds: f64,
    baseline_ready_seconds: f64,
    recording_seconds: u64,
    /// (seconds − baseline_ready_seconds) ÷ recording_seconds.
    ratio: f64,
    report: PathBuf,
    rejected: BTreeMap<String, String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { duration, output } = Arguments::parse();
    std::fs::create_dir_all(&output).with_context(|| format!("failed to make `{}`", output.display()))?;
    let mut result = BTreeMap::new();
    for name in ["tolerant", "nginx"] {
        println!("\n== {name} ==");
        result.insert(name, show(name, &duration, &output).await?);
    }
    println!();
    for (name, line) in &result {
        println!(
            "{name}: {} of {} settings proven, level {}, {} runs, {} clones, {:.1} s, {:.2} × the recording, {}",
            line.proven,
            line.applicable,
            line.level.unwrap_or("none"),
            line.runs,
            line.clones,
            line.seconds,
            line.ratio,
            line.report.display()
        );
    }
    let path = output.join("result.json");
    std::fs::write(&path, serde_json::to_string_pretty(&result)? + "\n")?;
    println!("{}", path.display());
    ensure!(
        result.values().all(|line| line.verified),
        "a recommendation was not verified"
    );
    Ok(())
}

async fn show(name: &'static str, duration: &str, output: &Path) -> Result<Line> {
    let (duration, output) = (duration.to_owned(), output.to_owned());
    with_bed(&format!("demo-{name}"), async move |bed: Bed| {
        bed.workload(name).await?;
        let started = bed.check(name, name, &duration).await?;
        let watch = ["status", name, "--watch"];
        let (ended, progress) = tokio::join!(started.complete(), plugin(&bed, &watch));
        let ended = ended?;
        progress?;
        let report = output.join(format!("{name}.html"));
        plugin(&bed, &["report", name, "-f", &report.to_string_lossy()]).await?;
        plugin(
            &bed,
            &[
                "patch",
                name,
                "-f",
                &output.join(format!("{name}.patch.yaml")).to_string_lossy(),
            ],
        )
        .await?;
        started.cleaned().await?;
        Ok(line(&ended, report))
    })
    .await
}

/// Runs the kubectl plugin as a user would; what it prints is what the user sees.
async fn plugin(bed: &Bed, words: &[&str]) -> Result<()> {
    let status = Command::new("kubectl")
        .arg("temper")
        .args(words)
        .args(["-n", &bed.namespace])
        .status()
        .await;
    let status = status.context("failed to start kubectl")?;
    ensure!(
        status.success(),
        "kubectl temper {} failed with {status}",
        words.join(" ")
    );
    Ok(())
}

fn line(ended: &Ended, report: PathBuf) -> Line {
    let status = &ended.status;
    let ready = status
        .runs
        .iter()
        .filter(|run| run.role == RunRole::Baseline)
        .filter_map(|run| run.ready_seconds);
    let baseline_ready_seconds = ready.fold(0.0, f64::max);
    let recording_seconds = status.timings.as_ref().map_or(0, |timings| timings.recording_seconds);
    let rejected = status
        .settings
        .iter()
        .filter(|setting| setting.state == SettingState::Rejected);
    let rejected: BTreeMap<String, String> = rejected
        .map(|setting| (setting.id.clone(), setting.message.clone().unwrap_or_default()))
        .collect();
    let proven = ended.settings(SettingState::Proven).len();
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let ratio = (ended.seconds - baseline_ready_seconds) / recording_seconds.max(1) as f64;
    Line {
        verified: ended.is(condition::VERIFIED),
        level: status
            .verification
            .as_ref()
            .map(|verification| verification.level.label_value()),
        applicable: proven + rejected.len(),
        proven,
        runs: status.cost.as_ref().map_or(0, |cost| cost.runs),
        clones: status.cost.as_ref().map_or(0, |cost| cost.clones),
        seconds: ended.seconds,
        baseline_ready_seconds,
        recording_seconds,
        ratio,
        report,
        rejected,
    }
}

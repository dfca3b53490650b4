//! Measures what Temper takes of the local cluster while it checks one workload that logs a lot.

#![allow(
    clippy::large_futures,
    reason = "a bench waits; where its futures lie makes no difference"
)]
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use temper_e2e::bed::{Bed, with_bed};
use temper_e2e::cluster;
use temper_e2e::footprint::{self, Footprint};

/// Checks a workload once on the local cluster, on which Temper must be installed.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long each run is recorded.
    #[arg(long, default_value = "30s")]
    duration: String,
    /// Where the figures go.
    #[arg(long, default_value = "target/bench/footprint.json")]
    output: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { duration, output } = Arguments::parse();
    ensure!(
        !cluster::external(),
        "CLUSTER=external: cgroups, audit log and etcd of somebody else's cluster cannot be read; unset it"
    );
    let measured = with_bed("footprint", async move |bed: Bed| {
        footprint::measure(&bed, &duration).await
    })
    .await?;
    if let Some(directory) = output.parent() {
        std::fs::create_dir_all(directory).with_context(|| format!("failed to make `{}`", directory.display()))?;
    }
    std::fs::write(&output, serde_json::to_string_pretty(&measured)? + "\n")
        .with_context(|| format!("failed to write `{}`", output.display()))?;
    show(&measured);
    println!("{}", output.display());
    Ok(())
}

/// The figures, with their goals beside them. Whether they are met is for the reader.
fn show(measured: &Footprint) {
    let Footprint {
        summary,
        goals,
        recorded,
        ..
    } = measured;
    let line = |name: &str, value: f64, goal: Option<f64>| match goal {
        Some(goal) => println!("{name:<22} {value:>10}   goal ≤ {goal}"),
        None => println!("{name:<22} {value:>10}"),
    };
    line("worker_rss_mib", summary.worker_rss_mib, Some(goals.worker_rss_mib));
    line(
        "controller_rss_mib",
        summary.controller_rss_mib,
        Some(goals.controller_rss_mib),
    );
    line("worker_cpu_share", summary.worker_cpu_share, None);
    line(
        "api_requests_per_run",
        summary.api_requests_per_run,
        Some(goals.api_requests_per_run),
    );
    println!("{:<22} {:>10}", "etcd_bytes_per_check", summary.etcd_bytes_per_check);
    for (run, recorded) in recorded {
        println!(
            "{run}: {} lines, {:.0} a second, {} gaps",
            recorded.lines, recorded.lines_per_second, recorded.gaps
        );
    }
}

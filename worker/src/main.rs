//! The recorder of Temper, in a Job of its own: it watches one clone, follows every log, samples the kubelets, looks
//! at the running processes, and publishes all of it to JetStream. It judges nothing.

mod args;
mod follow;
mod inspect;
mod kubelet;
mod lines;
mod pods;
mod process;
mod publish;
mod record;
mod recorder;
mod secrets;
mod selector;
mod telemetry;

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use args::{Cli, Command};
use clap::Parser as _;

// Two threads: one may wait for the disk or a lock while the other goes on; more only cost memory.
#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Inspect => {
            let report = serde_json::to_string(&inspect::inspect(Path::new("/proc")))?;
            writeln!(std::io::stdout(), "{report}").context("failed to print the report")
        }
        Command::Record(args) => {
            rustls::crypto::ring::default_provider()
                .install_default()
                .ok()
                .context("a TLS provider is installed")?;
            telemetry::init(args.log_format);
            Box::pin(record::record(*args)).await
        }
    }
}

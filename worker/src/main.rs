//! The recorder of Temper, in a Job of its own: it watches one clone, follows every log, samples the kubelets, looks
//! at the running processes, and publishes all of it to JetStream. It judges nothing.

mod args;
mod dial;
mod events;
mod exposition;
mod follow;
mod inspect;
mod inspector;
mod kubelet;
mod lines;
mod observe;
mod pods;
mod probe;
mod process;
mod publish;
mod record;
mod recorder;
mod redact;
mod sampler;
mod schedule;
mod scrape;
mod secrets;
mod selector;
mod session;
mod telemetry;

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use args::{Cli, Command, InspectArgs};
use clap::Parser as _;

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Inspect(InspectArgs { observe: true }) => {
            let out = std::io::stdout().lock();
            inspect::observer::observe(Path::new("/proc"), out).context("failed to print an observation")
        }
        Command::Inspect(InspectArgs { observe: false }) => {
            let report = serde_json::to_string(&inspect::inspect(Path::new("/proc")))?;
            writeln!(std::io::stdout(), "{report}").context("failed to print the report")
        }
        Command::Record(args) => {
            rustls::crypto::ring::default_provider()
                .install_default()
                .ok()
                .context("a TLS provider is installed")?;
            telemetry::init(args.log_format);
            // One thread: nearly all of the time is spent waiting, and a second one costs memory. So what is entered here
            // holds for every task.
            let _run = telemetry::span(&args).entered();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.context("failed to start the runtime")?;
            let recorded = runtime.block_on(Box::pin(record::record(*args)));
            if let Err(error) = &recorded {
                // Kubernetes shows it in the status of the Pod; elsewhere there is no such file.
                let _ = std::fs::write("/dev/termination-log", format!("{error:#}"));
            }
            recorded
        }
    }
}

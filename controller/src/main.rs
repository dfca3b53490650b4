//! The shell of Temper: watches checks and runs, makes clones and Jobs, ingests recordings, writes verdicts.
//!
//! Every decision is made in `temper-core`; what is here observes and enacts.

mod announce;
mod args;
mod check;
mod clock;
mod context;
mod controllers;
mod error;
mod fence;
mod finalizer;
mod ingest;
mod janitor;
mod kinds;
mod lease;
mod metrics;
mod places;
mod probes;
mod recent;
mod repairs;
mod replaced;
mod run;
mod serve;
mod source;
mod telemetry;
mod trace;

use anyhow::Context as _;
use clap::Parser as _;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Two TLS providers in one process would panic at the first connection; naming one makes that impossible.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok()
        .context("a TLS provider is installed already")?;
    let args = args::Args::parse();
    telemetry::init(args.log_format);
    Box::pin(controllers::run(args)).await
}

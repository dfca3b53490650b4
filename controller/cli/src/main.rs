//! The kubectl plugin: words in, tables out. `kubectl temper …` runs this program.
//!
//! It creates checks, follows them through the API, asks them to hold still, to go on, to end or to begin anew, and prints
//! what came of them. It decides nothing: the verdict is the controller's, or offline `temper-core`'s, and what a report looks
//! like is `temper-report`'s.
//!
//! Exit codes: 0 verified or already hardened, 1 nothing proven, 2 no verdict, or bad usage. Those of `judge` are told by
//! its help.

mod advice;
mod args;
mod ask;
mod check;
mod cluster;
mod explain;
mod export;
mod follow;
mod judge;
mod logs;
mod output;
mod patch;
mod printer;
mod progress;
mod report;
mod span;
mod standing;
mod status;
mod table;
mod target;

#[cfg(test)]
mod conversation;
#[cfg(test)]
mod sample;

use std::process::ExitCode;

use clap::Parser;
use jiff::Timestamp;

use crate::{
    advice::exit_code,
    args::{Args, Command, LogsCommand},
    ask::Wish,
    cluster::Cluster,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    // kube and whoever else uses rustls take this one; two in the graph would panic. Fails only if there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(args).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            printer::error(&error);
            ExitCode::from(exit_code(&error))
        }
    }
}

async fn run(args: Args) -> anyhow::Result<u8> {
    let Args { connection, command } = args;
    match command {
        Command::Check(args) if args.dry_run => check::preview(&connection, args).await,
        Command::Check(args) => check::create(&Cluster::connect(&connection).await?, args).await,
        Command::Status(args) => status::show(&Cluster::connect(&connection).await?, args).await,
        Command::Report(args) => report::show(&Cluster::connect(&connection).await?, args).await,
        Command::Explain(args) => explain::show(&Cluster::connect(&connection).await?, args).await,
        Command::Patch(args) => patch::show(&Cluster::connect(&connection).await?, args).await,
        Command::Export(args) => export::export(&Cluster::connect(&connection).await?, args).await,
        Command::Judge(args) => judge::judge(&args),
        Command::Suspend(args) => ask::ask(&Cluster::connect(&connection).await?, Wish::Suspend, args).await,
        Command::Resume(args) => ask::ask(&Cluster::connect(&connection).await?, Wish::Resume, args).await,
        Command::Cancel(args) => ask::ask(&Cluster::connect(&connection).await?, Wish::Cancel, args).await,
        Command::Retry(args) => {
            // Every value is answered once: the time is another one each time.
            let token = Timestamp::now().to_string();
            ask::ask(&Cluster::connect(&connection).await?, Wish::Retry { token }, args).await
        }
        Command::Logs(LogsCommand::Templates(args)) => logs::templates(&args),
    }
}

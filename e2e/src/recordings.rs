//! Looks into JetStream from outside the cluster.

use std::time::Duration;

use anyhow::{Context, Result};
use kube::Client;
use temper_proto::subject::{self, Kind};
use temper_proto::v1::Chunk;
use temper_stream::Recordings;

use crate::bed::SYSTEM;
use crate::wait;

/// Longer than a worker takes to publish what a busy machine lets a workload say.
const PATIENCE: Duration = Duration::from_mins(3);

/// Messages that the runs of a check have in the stream.
pub async fn count(client: &Client, check_uid: &str) -> Result<usize> {
    let recordings = Recordings::open(client, SYSTEM).await?;
    sum(&recordings, &subject::check_filter(check_uid)?, |_| true).await
}

/// Waits until the workers of a run have published so many chunks of log lines. A full one holds 64 KiB.
pub async fn logged(client: &Client, check_uid: &str, run: &str, chunks: usize) -> Result<()> {
    let recordings = Recordings::open(client, SYSTEM).await?;
    let filter = subject::run_filter(check_uid, run)?;
    let logs = Kind::Logs.to_string();
    let is_log = |subject: &str| subject.split('.').next_back() == Some(&*logs);
    wait::until(&format!("run `{run}` logs {chunks} chunks"), PATIENCE, || async {
        Ok(sum(&recordings, &filter, is_log).await? >= chunks)
    })
    .await
}

/// Messages whose subject is one of these.
async fn sum(recordings: &Recordings, filter: &str, counts: impl Fn(&str) -> bool) -> Result<usize> {
    let subjects = recordings.count(filter).await?;
    let counted = subjects.into_iter().filter(|(subject, _)| counts(subject));
    Ok(counted.map(|(_, count)| count).sum())
}

/// Everything that the workers of one run published, in the order in which the stream has it.
pub async fn read(client: &Client, check_uid: &str, run: &str) -> Result<Vec<Chunk>> {
    let recordings = Recordings::open(client, SYSTEM).await?;
    let mut chunks = Vec::new();
    recordings
        .read(check_uid, run, |delivered| chunks.push(delivered.chunk))
        .await?;
    let chunks: Option<Vec<Chunk>> = chunks.into_iter().collect();
    chunks.context("a message cannot be decoded")
}

/// Waits until the controller has made the stream, for workers that no controller starts.
pub async fn stream_made(client: &Client) -> Result<()> {
    let is_open = || async { Ok(Recordings::open(client, SYSTEM).await.is_ok()) };
    wait::until("the stream of recordings", PATIENCE, is_open).await
}

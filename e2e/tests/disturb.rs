//! What a cluster does to checks: processes die, stores are lost, the API server is slow. No verdict changes, nothing is
//! left, and what had to be done again says so.
//!
//! One at a time: each disturbs everybody.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::TryStreamExt as _;
use kube::runtime::{WatchStreamExt as _, watcher};
use temper_api::{RunPhase, SettingState, reason};
use temper_e2e::bed::{Bed, Ended, Started, is, with_bed};
use temper_e2e::cluster::{self, Cluster, Part};
use temper_e2e::{faults, recordings};
use temper_proto::v1::chunk::Body;

/// What is known of `writable-root` when nobody disturbs it.
fn undisturbed(ended: &Ended) -> Result<()> {
    ended.must_be_verified()?;
    let rejected = ended.settings(SettingState::Rejected);
    ensure!(rejected == ["readOnlyRootFilesystem"], "{:?}", ended.status.settings);
    let proven = ended.settings(SettingState::Proven).len();
    ensure!(proven == 7, "{:?}", ended.status.settings);
    Ok(())
}

/// A check of `writable-root` that is disturbed while its first baseline records ends as any other.
async fn disturbed_while_recording(bed: &Bed, duration: &str, disturb: impl Future<Output = Result<()>>) -> Result<()> {
    bed.workload("writable-root").await?;
    let started = bed.check("disturbed", "writable-root", duration).await?;
    started.run("baseline-1", is(RunPhase::Recording)).await?;
    disturb.await?;
    undisturbed(&started.complete().await?)?;
    started.cleaned().await
}

/// The numbers that `counter` said, by what a run has in the stream: each once, and none left out.
async fn every_line_once(bed: &Bed, started: &Started, run: &str) -> Result<u64> {
    let chunks = recordings::read(&bed.client, &started.uid, run).await?;
    let mut lines = BTreeSet::new();
    for logs in chunks.into_iter().filter_map(|chunk| match chunk.body {
        Some(Body::Logs(logs)) => Some(logs),
        _ => None,
    }) {
        for (position, line) in (logs.first..).zip(logs.lines) {
            let text = String::from_utf8(line.text)?;
            ensure!(
                text == format!("line {}", position + 1),
                "position {position} holds `{text}`"
            );
            lines.insert(position);
        }
    }
    let last = lines.last().copied().context("no line was recorded")?;
    ensure!(
        lines.len() as u64 == last + 1,
        "{} of {} lines were recorded",
        lines.len(),
        last + 1
    );
    Ok(last + 1)
}

#[tokio::test]
async fn a_controller_killed_in_every_phase_changes_no_verdict() -> Result<()> {
    with_bed("phases", async |bed: Bed| {
        faults::scale_controller(&bed.client, 2).await?;
        bed.workload("writable-root").await?;
        let started = bed.check("phases", "writable-root", "15s").await?;
        let mut left = BTreeSet::from(["Pending", "Cloning", "Starting", "Recording", "Judging"]);
        let killed = async {
            let changes = watcher(bed.runs(), watcher::Config::default())
                .default_backoff()
                .applied_objects();
            let mut changes = std::pin::pin!(changes);
            while let Some(run) = changes.try_next().await? {
                let phase = run.status.as_ref().map(|status| status.phase).unwrap_or_default();
                // Nothing goes on until another one leads: the next kill is in this phase, too.
                if left.remove(format!("{phase:?}").as_str()) {
                    faults::crash_leader(&bed.client).await?;
                }
                if left.is_empty() {
                    break;
                }
            }
            anyhow::Ok(())
        };
        let (killed, ended) = tokio::join!(killed, started.complete());
        killed?;
        let ended = ended?;
        ensure!(left.is_empty(), "nobody was killed in {left:?}");
        undisturbed(&ended)?;
        started.cleaned().await?;
        faults::scale_controller(&bed.client, 1).await
    })
    .await
}

#[tokio::test]
async fn a_killed_worker_is_replaced_and_no_line_is_lost_or_told_twice() -> Result<()> {
    with_bed("worker", async |bed: Bed| {
        bed.workload("counter").await?;
        let started = bed.check("worker", "counter", "20s").await?;
        started.run("baseline-1", is(RunPhase::Recording)).await?;
        faults::crash_worker(&bed.client, &started.uid, "baseline-1").await?;
        let run = started.run("baseline-1", is(RunPhase::Passed)).await?;
        let status = run.status.unwrap_or_default();
        ensure!((status.attempt, status.clone_attempt) == (2, 1), "{status:#?}");
        // Twenty seconds at about twenty lines a second; a busy machine says fewer.
        let lines = every_line_once(&bed, &started, "baseline-1").await?;
        ensure!(lines > 100, "only {lines} lines");
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        ended.must_have_made(3)?;
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn a_log_that_was_rotated_away_between_two_workers_is_no_evidence() -> Result<()> {
    with_bed("rotated", async |bed: Bed| {
        bed.workload("flood").await?;
        let started = bed.check("rotated", "flood", "30s").await?;
        started.run("baseline-1", is(RunPhase::Recording)).await?;
        // Once the first file is full, the kubelet's API no longer shows its lines.
        recordings::logged(&bed.client, &started.uid, "baseline-1", 12 * 16).await?;
        faults::crash_worker(&bed.client, &started.uid, "baseline-1").await?;
        started.ends_unverified(reason::BASELINE_UNSTABLE, "rotated").await
    })
    .await
}

#[tokio::test]
async fn nats_away_for_a_minute_loses_nothing() -> Result<()> {
    with_bed("nats-away", async |bed: Bed| {
        bed.workload("counter").await?;
        let started = bed.check("away", "counter", "40s").await?;
        started.run("baseline-1", is(RunPhase::Recording)).await?;
        // Killed, then away for a minute: the fault itself, nothing is waited for.
        faults::crash_nats(&bed.client).await?;
        faults::stop_nats(&bed.client).await?;
        tokio::time::sleep(Duration::from_mins(1)).await;
        faults::start_nats(&bed.client).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        ended.must_have_made(3)?;
        every_line_once(&bed, &started, "baseline-1").await?;
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn runs_whose_recording_nats_has_lost_are_made_again() -> Result<()> {
    with_bed("nats-lost", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let started = bed.check("lost", "tolerant", "15s").await?;
        started.run("all", is(RunPhase::Recording)).await?;
        faults::stop_nats(&bed.client).await?;
        faults::lose_nats_store(&bed.client).await?;
        // This one remembers what the stream has lost; the next one does not.
        faults::crash_leader(&bed.client).await?;
        faults::start_nats(&bed.client).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        let attempts: Vec<u32> = ended.status.runs.iter().filter_map(|run| run.attempts).collect();
        ensure!(!attempts.is_empty(), "no run was made again: {:?}", ended.status.runs);
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn a_kubelet_that_dies_changes_no_verdict() -> Result<()> {
    if cluster::external() {
        eprintln!("an external cluster's kubelets are not ours to end");
        return Ok(());
    }
    with_bed("kubelet", async |bed: Bed| {
        disturbed_while_recording(&bed, "15s", async {
            Cluster::from_env()?.restart(Part::Kubelet(0)).await
        })
        .await
    })
    .await
}

#[tokio::test]
async fn an_api_server_that_hangs_fails_and_begins_anew_changes_no_verdict() -> Result<()> {
    if cluster::external() {
        eprintln!("an external cluster's API server is not ours to stop");
        return Ok(());
    }
    with_bed("api", async |bed: Bed| {
        disturbed_while_recording(&bed, "20s", async {
            // With its store away the API server is slow at first, and then answers 500 and 504.
            Cluster::from_env()?.pause(Part::Etcd)?;
            tokio::time::sleep(Duration::from_secs(12)).await;
            Cluster::from_env()?.resume(Part::Etcd)?;
            // And one that begins anew ends every watch, and answers 410 to who asks for what it no longer knows.
            Cluster::from_env()?.restart(Part::ApiServer).await
        })
        .await
    })
    .await
}

#[tokio::test]
async fn an_api_server_that_answers_429_changes_no_verdict() -> Result<()> {
    with_bed("busy", async |bed: Bed| {
        // A level without seats refuses all that the controller asks for.
        let refusal = format!(
            r"
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {{name: {0}}}
spec:
  type: Limited
  limited: {{nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: {{type: Reject}}}}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {{name: {0}}}
spec:
  priorityLevelConfiguration: {{name: {0}}}
  matchingPrecedence: 2
  rules:
    - subjects: [{{kind: ServiceAccount, serviceAccount: {{name: temper-controller, namespace: temper-system}}}}]
      resourceRules: [{{apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}}]
",
            bed.namespace
        );
        disturbed_while_recording(&bed, "15s", async {
        bed.apply(&refusal).await?;
        tokio::time::sleep(Duration::from_secs(15)).await;
        bed.remove(&refusal).await
        }).await
    })
    .await
}

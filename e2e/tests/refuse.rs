//! What ends a check before it finds anything out: each with a reason and a sentence that says what to do.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use anyhow::{Result, ensure};
use serde_json::json;
use temper_api::{condition, reason};
use temper_e2e::bed::{Bed, Started, with_bed};

async fn ends(started: &Started, reason: &str, sentence: &str) -> Result<()> {
    let ended = started.complete().await?;
    ensure!(ended.reason() == reason, "{}: {}", ended.reason(), ended.message());
    ensure!(ended.message().contains(sentence), "{}", ended.message());
    ensure!(!ended.is(condition::VERIFIED));
    started.cleaned().await
}

#[tokio::test]
async fn a_target_that_is_not_there() -> Result<()> {
    with_bed("missing", async |bed: Bed| {
        let started = bed.check("missing", "nobody", "10s").await?;
        ends(&started, reason::TARGET_NOT_FOUND, "create it").await
    })
    .await
}

#[tokio::test]
async fn a_kind_that_nobody_knows() -> Result<()> {
    with_bed("kind", async |bed: Bed| {
        let spec =
            json!({"targetRef": {"apiVersion": "v1", "kind": "Teapot", "name": "x"}, "recordingDuration": "10s"});
        let started = bed.check_with("kind", spec).await?;
        ends(
            &started,
            reason::UNKNOWN_KIND,
            "use one of Deployment, StatefulSet, DaemonSet",
        )
        .await
    })
    .await
}

#[tokio::test]
async fn durations_that_are_none() -> Result<()> {
    with_bed("duration", async |bed: Bed| {
        for (duration, sentence) in [
            ("soon", "recordingDuration"),
            ("5s", "not between 10s and 24h"),
            ("-1m", "recordingDuration"),
        ] {
            match bed.check("duration", "x", duration).await {
                Ok(_) => anyhow::bail!("`{duration}` was accepted"),
                Err(error) => ensure!(format!("{error:#}").contains(sentence), "{duration}: {error:#}"),
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled() -> Result<()> {
    with_bed("image", async |bed: Bed| {
        bed.apply(
            r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: unpullable}
spec:
  selector: {matchLabels: {app: unpullable}}
  template:
    metadata: {labels: {app: unpullable}}
    spec:
      containers: [{name: app, image: 'temper.local/nobody-made-this:dev', imagePullPolicy: Never}]
",
        )
        .await?;
        let started = bed.check("image", "unpullable", "10s").await?;
        ends(&started, reason::TARGET_NOT_READY, "ErrImageNeverPull").await
    })
    .await
}

#[tokio::test]
async fn a_workload_that_works_only_where_it_is() -> Result<()> {
    with_bed("crash", async |bed: Bed| {
        bed.workload("crash-in-clone").await?;
        let started = bed.check("crash", "crash-in-clone", "15s").await?;
        ends(&started, reason::BASELINE_UNSTABLE, "exit code 3").await
    })
    .await
}

#[tokio::test]
async fn a_second_check_of_the_same_workload() -> Result<()> {
    with_bed("second", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let first = bed.check("first", "tolerant", "1m").await?;
        first
            .run("baseline-1", |run: Option<&temper_api::CheckRun>| run.is_some())
            .await?;
        let second = bed.check("second", "tolerant", "15s").await?;
        ends(&second, reason::TARGET_BUSY, "check `first`").await?;
        first.delete().await?;
        first.nothing_left().await
    })
    .await
}

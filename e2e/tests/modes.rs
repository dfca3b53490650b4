//! How checks are steered: the order of their runs, what they try, and holding, ending and repeating them.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use anyhow::{Context as _, Result, ensure};
use futures::TryStreamExt as _;
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::runtime::{WatchStreamExt as _, watcher};
use serde_json::json;
use temper_api::{RunPhase, SettingState, annotation, condition, reason};
use temper_e2e::bed::{Bed, is, with_bed};

fn spec(target: &str, more: &serde_json::Value) -> serde_json::Value {
    let mut spec = json!({"targetRef": {"kind": "Deployment", "name": target}, "recordingDuration": "10s"});
    if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
        spec.extend(more.clone());
    }
    spec
}

#[tokio::test]
async fn sequential_holds_one_clone_at_a_time() -> Result<()> {
    with_bed("sequential", async |bed: Bed| {
        bed.workload("writable-root").await?;
        let settings = json!([
            "readOnlyRootFilesystem",
            "allowPrivilegeEscalation",
            "seccompProfile_restricted"
        ]);
        let more = json!({"runMode": "Sequential", "settings": settings});
        let started = bed.check_with("sequential", spec("writable-root", &more)).await?;
        let most = async {
            let changes = watcher(bed.runs(), watcher::Config::default())
                .default_backoff()
                .applied_objects();
            let mut changes = std::pin::pin!(changes);
            let (mut open, mut most) = (std::collections::BTreeSet::new(), 0);
            while let Some(run) = changes.try_next().await? {
                let status = run.status.clone().unwrap_or_default();
                if status.started_at.is_some() && !status.phase.is_terminal() {
                    open.insert(run.spec.run.clone());
                } else {
                    open.remove(&run.spec.run);
                }
                most = most.max(open.len());
                if run.spec.settings.len() == 2 && status.phase == RunPhase::Passed {
                    break;
                }
            }
            anyhow::Ok(most)
        };
        let (most, ended) = tokio::join!(most, started.complete());
        let ended = ended?;
        ended.must_be_verified()?;
        ensure!(
            ended.settings(SettingState::Proven).len() == 2,
            "{:?}",
            ended.status.settings
        );
        ensure!(ended.status.settings.len() == 3, "{:?}", ended.status.settings);
        let most = most?;
        ensure!(most == 1, "{most} runs were open at once");
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn parallel_tries_every_setting_at_once() -> Result<()> {
    with_bed("parallel", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let started = bed
            .check_with("parallel", spec("tolerant", &json!({"runMode": "Parallel"})))
            .await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        let runs = ended.status.cost.map_or(0, |cost| cost.runs);
        ensure!(
            runs == 11,
            "two baselines, everything and eight settings are {runs} runs"
        );
        started.cleaned().await
    })
    .await
}

/// What was used is turned into requests and limits, and one more run has them.
#[tokio::test]
async fn suggested_resources_are_tried_before_they_are_recommended() -> Result<()> {
    with_bed("resources", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let more = json!({"resources": "Test", "recordingDuration": "30s", "settings": ["allowPrivilegeEscalation"]});
        let started = bed.check_with("resources", spec("tolerant", &more)).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        let run = ended
            .status
            .verification
            .as_ref()
            .map(|verification| verification.run.as_str());
        ensure!(run == Some("resources"), "{:?}", ended.status.verification);
        let told = ended.status.resources.get("app").context("nothing is suggested")?;
        ensure!(
            told.tested && told.limits.contains_key("memory") && told.requests.contains_key("cpu"),
            "{told:?}"
        );
        started.cleaned().await?;
        let report = bed.report("tolerant").await?;
        bed.patch("tolerant", &report).await?;
        bed.ready("tolerant").await?;
        let workloads: Api<Deployment> = Api::namespaced(bed.client.clone(), &bed.namespace);
        let pod = workloads
            .get("tolerant")
            .await?
            .spec
            .and_then(|spec| spec.template.spec);
        let resources = pod.and_then(|pod| pod.containers.into_iter().next()?.resources);
        let limits = resources.and_then(|resources| resources.limits).unwrap_or_default();
        ensure!(
            limits.get("memory").map(|limit| &limit.0) == told.limits.get("memory"),
            "the patched workload has {limits:?}, and {told:?} was suggested"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_suspended_check_holds_still_and_goes_on() -> Result<()> {
    with_bed("suspend", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let started = bed
            .check_with("suspend", spec("tolerant", &json!({"suspend": true})))
            .await?;
        started.until(condition::COMPLETE, reason::SUSPENDED, "").await?;
        started.nothing_left().await?;
        started.patch(json!({"spec": {"suspend": false}})).await?;
        started.run("all", is(RunPhase::Recording)).await?;
        started.patch(json!({"spec": {"suspend": true}})).await?;
        started.gone("all").await?;
        started.gone("baseline-1").await?;
        started.gone("baseline-2").await?;
        started.nothing_left().await?;
        let changed = started.patch(json!({"spec": {"recordingDuration": "20s"}})).await;
        ensure!(changed.is_err(), "the spec of a check was changed");
        started.patch(json!({"spec": {"suspend": false}})).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn a_cancelled_check_ends_and_a_retried_one_begins_again() -> Result<()> {
    with_bed("cancel", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let started = bed.check("cancel", "tolerant", "1m").await?;
        started.run("all", is(RunPhase::Recording)).await?;
        started
            .patch(json!({"metadata": {"annotations": {annotation::CANCEL: "true"}}}))
            .await?;
        let ended = started.complete().await?;
        ended.must_end_with(reason::CANCELLED)?;
        started.cleaned().await?;
        let again = json!({"metadata": {"annotations": {annotation::CANCEL: null, annotation::RETRY: "once"}}});
        started.patch(again).await?;
        started.run("all", is(RunPhase::Recording)).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        ensure!(
            ended.status.retried.as_deref() == Some("once"),
            "{:?}",
            ended.status.retried
        );
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn settings_that_interact_are_told_apart_and_the_most_of_them_kept() -> Result<()> {
    with_bed("interact", async |bed: Bed| {
        bed.workload("either-not-both").await?;
        let started = bed.check_with("interact", spec("either-not-both", &json!({}))).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        ensure!(
            ended.settings(SettingState::Proven).len() == 7,
            "{:?}",
            ended.status.settings
        );
        let [rejected] = ended.settings(SettingState::Rejected)[..] else {
            anyhow::bail!("one of two must go: {:?}", ended.status.settings);
        };
        ensure!(
            ["allowPrivilegeEscalation", "seccompProfile_restricted"].contains(&rejected),
            "{rejected}"
        );
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn an_independent_verification_is_one_run_more() -> Result<()> {
    with_bed("independent", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let more = json!({"verification": "Independent"});
        let started = bed.check_with("independent", spec("tolerant", &more)).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        let run = ended.status.verification.map(|verification| verification.run);
        ensure!(run.as_deref() == Some("verify"), "{run:?}");
        ensure!(
            ended.status.cost.as_ref().is_some_and(|cost| cost.runs == 4),
            "{:?}",
            ended.status.cost
        );
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn what_every_run_has_is_recommended_with_the_rest() -> Result<()> {
    with_bed("base", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let base =
            json!({"pod": {"runAsUser": 4321, "runAsGroup": 4322}, "container": {"readOnlyRootFilesystem": true}});
        let more = json!({"securityContext": base, "settings": ["runAsNonRoot", "readOnlyRootFilesystem"]});
        let started = bed.check_with("base", spec("tolerant", &more)).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        ensure!(
            ended.settings(SettingState::AlreadySet) == ["readOnlyRootFilesystem"],
            "{:?}",
            ended.status.settings
        );
        let recommendation = ended.status.recommendation.unwrap_or_default();
        let pod = recommendation.pod_security_context.unwrap_or_default();
        ensure!(
            (pod.run_as_user, pod.run_as_group) == (Some(4321), Some(4322)),
            "{pod:?}"
        );
        let container = recommendation.containers.values().next().cloned().unwrap_or_default();
        ensure!(
            (container.read_only_root_filesystem, container.run_as_non_root) == (Some(true), Some(true)),
            "{container:?}"
        );
        started.cleaned().await
    })
    .await
}

//! What happens to checks that are interrupted, and what they leave behind.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::api::DeleteParams;
use temper_api::{RunPhase, SettingState, reason};
use temper_e2e::bed::{Bed, is, with_bed};
use temper_e2e::cluster::{self, Cluster};
use temper_e2e::{audit, faults, recordings};

#[tokio::test]
async fn a_check_deleted_while_it_runs_leaves_nothing() -> Result<()> {
    with_bed("deleted", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let started = bed.check("deleted", "tolerant", "2m").await?;
        started.run("all", is(RunPhase::Recording)).await?;
        let messages = recordings::count(&bed.client, &started.uid).await?;
        ensure!(messages > 0, "a recording that nobody published");
        started.delete().await?;
        started.nothing_left().await?;
        let messages = recordings::count(&bed.client, &started.uid).await?;
        ensure!(messages == 0, "{messages} messages are left");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_target_deleted_while_it_is_checked_ends_the_check() -> Result<()> {
    with_bed("target-gone", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let started = bed.check("gone", "tolerant", "1m").await?;
        started.run("all", is(RunPhase::Recording)).await?;
        let deployments: Api<Deployment> = Api::namespaced(bed.client.clone(), &bed.namespace);
        deployments.delete("tolerant", &DeleteParams::background()).await?;
        let ended = started.complete().await?;
        ended.must_end_with(reason::TARGET_DELETED)?;
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn a_killed_controller_changes_no_verdict_and_nothing_is_written_to_the_source() -> Result<()> {
    with_bed("killed", async |bed: Bed| {
        bed.workload("writable-root").await?;
        let started = bed.check("killed", "writable-root", "20s").await?;
        started.run("baseline-1", is(RunPhase::Recording)).await?;
        faults::crash_leader(&bed.client).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        ensure!(
            ended.settings(SettingState::Rejected) == ["readOnlyRootFilesystem"],
            "{:?}",
            ended.status.settings
        );
        started.cleaned().await?;
        // An external cluster's audit log is not ours to read.
        if !cluster::external() {
            let events = audit::read(&Cluster::from_env()?.audit_log())?;
            ensure!(
                events
                    .iter()
                    .any(|event| event.user.username == "system:serviceaccount:temper-system:temper-controller"),
                "the audit log does not know the controller"
            );
            let foreign = audit::foreign_writes(&events, &bed.namespace);
            ensure!(foreign.is_empty(), "{foreign:#?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn our_own_accounts_cannot_write_elsewhere() -> Result<()> {
    with_bed("confined", async |bed: Bed| {
        let refused = tokio::process::Command::new("kubectl")
            .args([
                "--as=system:serviceaccount:temper-system:temper-controller",
                "-n",
                &bed.namespace,
            ])
            .args(["create", "configmap", "stolen"])
            .output()
            .await
            .context("failed to start kubectl")?;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        ensure!(!refused.status.success() && said.contains("temper-confine"), "{said}");
        Ok(())
    })
    .await
}

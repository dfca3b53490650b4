//! What checks find out about workloads whose needs are known.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use anyhow::{Result, ensure};
use serde_json::json;
use temper_api::{Outcome, PodSecurityLevel, SettingState, condition};
use temper_e2e::bed::{Bed, Ended, with_bed};

const DURATION: &str = "15s";

async fn harden(bed: &Bed, target: &str) -> Result<Ended> {
    bed.workload(target).await?;
    let started = bed.check(target, target, DURATION).await?;
    let ended = started.complete().await?;
    started.cleaned().await?;
    Ok(ended)
}

/// The recommendation must be the verified one, admitted where its level is enforced, and proven as far as it goes.
fn verified(ended: &Ended, proven: &[&str], rejected: &[&str]) -> Result<()> {
    ended.must_be_verified()?;
    ensure!(
        ended.settings(SettingState::Proven) == proven,
        "proven: {:?}",
        ended.status.settings
    );
    ensure!(
        ended.settings(SettingState::Rejected) == rejected,
        "rejected: {:?}",
        ended.status.settings
    );
    let Some(verification) = ended.status.verification.as_ref() else {
        anyhow::bail!("a verified check has no verification");
    };
    ensure!(
        verification.admitted,
        "refused at {:?}: {:?}",
        verification.level,
        verification.message
    );
    ensure!(matches!(verification.outcome, Outcome::Passed | Outcome::Warned));
    Ok(())
}

const ALL: [&str; 7] = [
    "runAsNonRoot",
    "runAsGroup",
    "readOnlyRootFilesystem",
    "allowPrivilegeEscalation",
    "capabilities_restricted",
    "seccompProfile_restricted",
    "automountServiceAccountToken",
];

fn all_but(missing: &[&str]) -> Vec<&'static str> {
    ALL.into_iter().filter(|id| !missing.contains(id)).collect()
}

#[tokio::test]
async fn a_tolerant_workload_gets_everything_in_three_runs() -> Result<()> {
    with_bed("tolerant", async |bed: Bed| {
        let ended = harden(&bed, "tolerant").await?;
        verified(&ended, &ALL, &[])?;
        ensure!(
            ended
                .status
                .verification
                .as_ref()
                .is_some_and(|v| v.level == PodSecurityLevel::Restricted)
        );
        ended.must_have_made(3)?;
        let report = bed.report("tolerant").await?;
        let bytes = serde_json::to_vec(&report.spec)?.len();
        ensure!(bytes <= 10 * 1024, "the report has {bytes} bytes");
        ensure!(
            report
                .spec
                .series
                .iter()
                .any(|series| series.metric == "container.memory.working_set")
        );
        // What is recommended holds: the source takes the patch and works.
        bed.patch("tolerant", &report).await?;
        bed.ready("tolerant").await
    })
    .await
}

#[tokio::test]
async fn nginx_as_root_keeps_what_it_needs() -> Result<()> {
    with_bed("nginx", async |bed: Bed| {
        let ended = harden(&bed, "nginx").await?;
        let rejected = ended.settings(SettingState::Rejected);
        for id in ["runAsNonRoot", "readOnlyRootFilesystem", "capabilities_restricted"] {
            ensure!(
                rejected.contains(&id),
                "{id} must break nginx as root: {:?}",
                ended.status.settings
            );
        }
        let proven = ended.settings(SettingState::Proven);
        for id in [
            "allowPrivilegeEscalation",
            "seccompProfile_restricted",
            "automountServiceAccountToken",
        ] {
            ensure!(proven.contains(&id), "{id} must hold: {:?}", ended.status.settings);
        }
        let why = ended
            .status
            .settings
            .iter()
            .find(|s| s.id == "readOnlyRootFilesystem")
            .and_then(|s| s.message.clone());
        ensure!(
            why.as_ref().is_some_and(|why| why.contains("Read-only file system")),
            "{why:?}"
        );
        ensure!(ended.is(condition::VERIFIED));
        let report = bed.report("nginx").await?;
        bed.patch("nginx", &report).await?;
        bed.ready("nginx").await
    })
    .await
}

#[tokio::test]
async fn unprivileged_nginx_needs_only_its_root_file_system() -> Result<()> {
    with_bed("nginx-unprivileged", async |bed: Bed| {
        let ended = harden(&bed, "nginx-unprivileged").await?;
        ensure!(ended.is(condition::VERIFIED), "{}", ended.message());
        ensure!(
            ended
                .settings(SettingState::Rejected)
                .contains(&"readOnlyRootFilesystem"),
            "{:?}",
            ended.status.settings
        );
        ensure!(
            ended.settings(SettingState::Proven).contains(&"runAsNonRoot"),
            "{:?}",
            ended.status.settings
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn unprivileged_nginx_with_a_volume_is_fully_hardened() -> Result<()> {
    with_bed("nginx-tmp", async |bed: Bed| {
        bed.workload("nginx-unprivileged-tmp-dir").await?;
        let spec = json!({
            "targetRef": {"kind": "Deployment", "name": "nginx-unprivileged-tmp-dir"},
            "recordingDuration": DURATION,
            "identity": {"runAsUser": 101, "runAsGroup": 101, "fsGroup": 101}
        });
        let started = bed.check_with("nginx-tmp", spec).await?;
        let ended = started.complete().await?;
        verified(&ended, &ALL, &[])?;
        let pod = ended
            .status
            .recommendation
            .and_then(|r| r.pod_security_context)
            .unwrap_or_default();
        ensure!(
            (pod.run_as_user, pod.run_as_group, pod.fs_group) == (Some(101), Some(101), Some(101)),
            "{pod:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_workload_that_writes_to_its_root_file_system_keeps_it_writable() -> Result<()> {
    with_bed("write-fs", async |bed: Bed| {
        let ended = harden(&bed, "write-fs").await?;
        verified(
            &ended,
            &all_but(&["readOnlyRootFilesystem"]),
            &["readOnlyRootFilesystem"],
        )
    })
    .await
}

#[tokio::test]
async fn a_workload_that_complains_without_root_stays_root() -> Result<()> {
    with_bed("run-as-root", async |bed: Bed| {
        let ended = harden(&bed, "run-as-root").await?;
        // A group goes with a user, which is not root.
        verified(
            &ended,
            &all_but(&["runAsNonRoot", "runAsGroup"]),
            &["runAsNonRoot", "runAsGroup"],
        )?;
        let why = ended
            .status
            .settings
            .first()
            .and_then(|setting| setting.message.clone())
            .unwrap_or_default();
        ensure!(why.contains("must be run as root"), "{why}");
        Ok(())
    })
    .await
}

//! What checks find out about workloads whose needs are known.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use anyhow::{Result, ensure};
use serde_json::json;
use temper_api::{CheckRun, Outcome, PodSecurityLevel, SettingState};
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

const ALL: [&str; 8] = [
    "runAsNonRoot",
    "runAsGroup",
    "readOnlyRootFilesystem",
    "allowPrivilegeEscalation",
    "capabilities_restricted",
    "seccompProfile_restricted",
    "fsGroup",
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
        let recommendation = ended.status.recommendation.unwrap_or_default();
        let pod = recommendation.pod_security_context.unwrap_or_default();
        let app = recommendation.containers.values().next().cloned().unwrap_or_default();
        ensure!(
            (app.run_as_user, app.run_as_group, pod.fs_group) == (Some(101), Some(101), Some(101)),
            "{app:?} {pod:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_workload_that_complains_without_root_stays_root() -> Result<()> {
    with_bed("run-as-root", async |bed: Bed| {
        let ended = harden(&bed, "run-as-root").await?;
        verified(&ended, &all_but(&["runAsNonRoot"]), &["runAsNonRoot"])?;
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

#[tokio::test]
async fn what_may_have_come_of_chance_is_run_again_before_it_counts() -> Result<()> {
    with_bed("slips-once", async |bed: Bed| {
        bed.workload("slips-once").await?;
        let started = bed.check("slips-once", "slips-once", DURATION).await?;
        let first = |run: Option<&CheckRun>| {
            run.and_then(|run| run.status.as_ref())
                .is_some_and(|status| status.slight)
        };
        let first = started.run("all", first).await?;
        let again = started.run("all-2", |run: Option<&CheckRun>| run.is_some()).await?;
        ensure!(first.spec.settings == again.spec.settings, "another set is run");
        let ended = started.complete().await?;
        verified(&ended, &ALL, &[])?;
        let run = ended
            .status
            .verification
            .map(|verification| verification.run)
            .unwrap_or_default();
        ensure!(run.ends_with("-3"), "it is verified by {run}, of three runs");
        started.cleaned().await
    })
    .await
}

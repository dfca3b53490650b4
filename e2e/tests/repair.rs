//! What breaks a workload by itself and holds with a repair, each on a program that needs just that.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use anyhow::{Context as _, Result, ensure};
use temper_api::{CheckRun, PodSecurityLevel, SettingState, reason};
use temper_e2e::bed::{Bed, Ended, Started, with_bed};
use tokio::process::Command;

const DURATION: &str = "15s";

/// Hardens a sample workload, puts the patch into it, and waits until it works again.
async fn harden(bed: &Bed, target: &str) -> Result<Ended> {
    bed.workload(target).await?;
    finish(bed, target, &bed.check(target, target, DURATION).await?).await
}

/// The same from a check that has begun.
async fn finish(bed: &Bed, target: &str, started: &Started) -> Result<Ended> {
    let ended = started.complete().await?;
    ended.must_be_verified()?;
    started.cleaned().await?;
    let report = bed.report(target).await?;
    let bytes = serde_json::to_vec(&report.spec)?.len();
    ensure!(bytes <= 10 * 1024, "the report has {bytes} bytes");
    bed.patch(target, &report).await?;
    bed.ready(target).await?;
    Ok(ended)
}

/// Everything is proven, the level is restricted, and these words are among the repairs.
fn wholly(ended: &Ended, repairs: &[&str]) -> Result<()> {
    let status = &ended.status;
    ensure!(
        ended.settings(SettingState::Rejected).is_empty(),
        "{:?}",
        status.settings
    );
    let verification = status.verification.as_ref().context("nothing was verified")?;
    ensure!(
        verification.level == PodSecurityLevel::Restricted && verification.admitted,
        "{verification:?}"
    );
    told(ended, repairs)
}

/// These words are among the repairs.
fn told(ended: &Ended, repairs: &[&str]) -> Result<()> {
    let recommendation = ended.status.recommendation.as_ref().context("nothing is recommended")?;
    for words in repairs {
        ensure!(
            recommendation.repairs.iter().any(|repair| repair.contains(words)),
            "no repair says `{words}`: {:?}",
            recommendation.repairs
        );
    }
    Ok(())
}

/// What the plugin tells of one setting.
async fn explain(bed: &Bed, check: &str, setting: &str) -> Result<serde_json::Value> {
    let mut command = Command::new("kubectl-temper");
    command.args(["explain", check, setting, "-n", &bed.namespace, "-o", "json"]);
    let output = command.kill_on_drop(true).output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[tokio::test]
async fn nginx_as_root_is_restricted_with_a_read_only_root() -> Result<()> {
    with_bed("nginx", async |bed: Bed| {
        let ended = harden(&bed, "nginx").await?;
        wholly(&ended, &["at /var/lib/nginx", "/run", "ports below 1024"])?;
        let recommendation = ended.status.recommendation.unwrap_or_default();
        let user = recommendation
            .containers
            .get("nginx")
            .and_then(|context| context.run_as_user);
        ensure!(
            user == Some(33),
            "its children run as www-data, it is to run as {user:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn unprivileged_nginx_gets_the_directories_that_it_writes_to() -> Result<()> {
    with_bed("nginx-unprivileged", async |bed: Bed| {
        let ended = harden(&bed, "nginx-unprivileged").await?;
        wholly(&ended, &["/tmp"])
    })
    .await
}

#[tokio::test]
async fn what_is_written_to_the_root_file_system_gets_a_volume() -> Result<()> {
    with_bed("write-fs", async |bed: Bed| {
        let ended = harden(&bed, "write-fs").await?;
        wholly(&ended, &["at /tmp"])
    })
    .await
}

/// Nothing is said of the write that is refused: only the baseline shows it.
#[tokio::test]
async fn a_silent_write_is_kept_possible() -> Result<()> {
    with_bed("silent-write", async |bed: Bed| {
        let target = "silent-write";
        bed.workload(target).await?;
        let started = bed.check(target, target, DURATION).await?;
        // Without, it would have passed, had it gone on.
        let is_overtaken = |run: Option<&CheckRun>| {
            let status = run.and_then(|run| run.status.as_ref());
            status.is_some_and(|status| status.reason.as_deref() == Some(reason::SUPERSEDED))
        };
        started.run("all", is_overtaken).await?;
        wholly(&finish(&bed, target, &started).await?, &["at /var/cache/state"])
    })
    .await
}

/// The directory has files of the image, which the program reads back.
#[tokio::test]
async fn a_directory_with_content_begins_with_that_content() -> Result<()> {
    with_bed("rewrites-config", async |bed: Bed| {
        let ended = harden(&bed, "rewrites-config").await?;
        wholly(&ended, &["a writable copy of the image's /etc/skel"])
    })
    .await
}

/// It writes to its home, which a user without an account does not have.
#[tokio::test]
async fn a_home_stays_a_home() -> Result<()> {
    with_bed("writes-home", async |bed: Bed| {
        let ended = harden(&bed, "writes-home").await?;
        wholly(&ended, &["has its home at /root"])
    })
    .await
}

/// It stays root for what it gives to others, and keeps the one capability for that.
#[tokio::test]
async fn root_keeps_the_capabilities_that_it_needs_and_no_other() -> Result<()> {
    with_bed("gives-away", async |bed: Bed| {
        let ended = harden(&bed, "gives-away").await?;
        ensure!(
            ended.settings(SettingState::Rejected) == ["runAsNonRoot"],
            "{:?}",
            ended.status.settings
        );
        let added = ended.added("app");
        ensure!(added == ["CHOWN"], "{added:?}");
        Ok(())
    })
    .await
}

/// What a server does for each connection is seen, though nobody but Temper connects.
#[tokio::test]
async fn what_each_connection_takes_is_kept() -> Result<()> {
    with_bed("lets-in", async |bed: Bed| {
        let ended = harden(&bed, "lets-in").await?;
        let rejected = ended.settings(SettingState::Rejected);
        ensure!(rejected == ["runAsNonRoot"], "{:?}", ended.status.settings);
        let mut settings = ended.status.settings.iter();
        let non_root = settings.find(|setting| setting.id == "runAsNonRoot");
        let why = non_root.and_then(|setting| setting.message.clone()).unwrap_or_default();
        ensure!(why.contains("port 8080 answered with a code of 5xx"), "{why}");
        let added = ended.added("app");
        ensure!(added == ["SYS_CHROOT"], "{added:?}");
        Ok(())
    })
    .await
}

/// An init container, a sidecar that wants root, and a container that wants nothing: each has its own verdict.
#[tokio::test]
async fn containers_of_a_pod_are_hardened_each_by_itself() -> Result<()> {
    with_bed("containers", async |bed: Bed| {
        let ended = harden(&bed, "containers").await?;
        let state = |container: &str, id: &str| {
            let mut settings = ended.status.settings.iter();
            let found = settings.find(|setting| setting.container.as_deref() == Some(container) && setting.id == id);
            found.map(|setting| setting.state)
        };
        for (container, id, expected) in [
            ("prepare", "readOnlyRootFilesystem", SettingState::Proven),
            ("prepare", "runAsNonRoot", SettingState::Proven),
            ("app", "runAsNonRoot", SettingState::Proven),
            ("app", "readOnlyRootFilesystem", SettingState::Proven),
            ("rooted", "runAsNonRoot", SettingState::Rejected),
            ("rooted", "readOnlyRootFilesystem", SettingState::Proven),
            ("rooted", "seccompProfile_restricted", SettingState::Proven),
        ] {
            ensure!(
                state(container, id) == Some(expected),
                "{id} of {container} is {:?}: {:?}",
                state(container, id),
                ended.status.settings
            );
        }
        told(&ended, &["container `app` has an empty directory at /tmp"])?;
        let explained = explain(&bed, "containers", "runAsNonRoot").await?;
        let settings = explained["settings"].as_array().context("nothing is explained")?;
        let of = |container: &str| settings.iter().find(|setting| setting["container"] == container);
        let rooted = of("rooted").with_context(|| format!("`rooted` is not explained: {explained}"))?;
        ensure!(
            rooted["state"] == "rejected"
                && rooted.to_string().contains("the sidecar must be root")
                && rooted["tried"].as_array().is_some_and(|runs| !runs.is_empty()),
            "{rooted}"
        );
        let app = of("app").with_context(|| format!("`app` is not explained: {explained}"))?;
        ensure!(
            app["state"] == "proven" && app["proof"][0]["shown"] == true && app["changes"][0]["value"] == true,
            "{app}"
        );
        Ok(())
    })
    .await
}

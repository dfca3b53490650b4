//! What the user asks of the workload counts more than anything that it says.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use temper_api::{SettingState, reason};
use temper_e2e::bed::{Bed, with_bed};
use temper_e2e::{recordings, wait};
use temper_proto::v1::ProbeMode;
use temper_proto::v1::chunk::Body;

/// A Job that runs this in a shell.
fn job(script: &str) -> Value {
    let container = json!({"name": "ask", "image": "temper.local/busybox:dev", "command": ["sh", "-c", script]});
    json!({"template": {"spec": {"template": {"spec": {"containers": [container]}}}}})
}

/// A check of `answers` by these probes.
fn spec(settings: &[&str], probes: &Value) -> Value {
    json!({
        "targetRef": {"kind": "Deployment", "name": "answers"},
        "recordingDuration": "20s",
        "settings": settings,
        "probes": probes
    })
}

/// How often each probe passed in a run, and what it said where it failed.
async fn tries(bed: &Bed, check_uid: &str, run: &str) -> Result<BTreeMap<(String, ProbeMode), (u32, Vec<String>)>> {
    let mut tries: BTreeMap<_, (u32, Vec<String>)> = BTreeMap::new();
    for chunk in recordings::read(&bed.client, check_uid, run).await? {
        if let Some(Body::Probe(probe)) = chunk.body {
            let (passed, failed) = tries.entry((probe.name.clone(), probe.mode())).or_default();
            if probe.passed {
                *passed += 1;
            } else {
                failed.push(probe.message);
            }
        }
    }
    Ok(tries)
}

#[tokio::test]
async fn a_workload_that_breaks_in_silence_is_told_by_its_probes() -> Result<()> {
    with_bed("answers", async |bed: Bed| {
        bed.workload("answers").await?;
        let root = json!({"port": 8080, "path": "/cgi-bin/root", "expectBody": "I am root"});
        let write = json!({"port": 80, "service": "answers", "path": "/cgi-bin/write", "expectBody": "it is written"});
        let probes = json!([
            {"name": "root", "periodSeconds": 2, "http": root},
            {"name": "write", "mode": "End", "http": write},
            {"name": "open", "mode": "Start", "tcp": {"port": 8080, "send": "GET / HTTP/1.0\r\n\r\n", "expect": "HTTP/1."}},
            {"name": "inside", "exec": {"command": ["sh", "-c", "test -d /srv/state"]}},
            {"name": "load", "job": job("while true; do wget -q -O /dev/null http://answers/cgi-bin/write; sleep 0.5; done")},
            {"name": "once", "mode": "End", "job": job("until wget -q -O - http://answers/cgi-bin/write | grep written; do sleep 1; done")}
        ]);
        let settings = ["runAsNonRoot", "readOnlyRootFilesystem"];
        let started = bed.check_with("answers", spec(&settings, &probes)).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        let tries = tries(&bed, &started.uid, "baseline-1").await?;
        for (name, mode, least) in [
            ("root", ProbeMode::Continuous, 5),
            ("write", ProbeMode::End, 1),
            ("open", ProbeMode::Start, 1),
            ("inside", ProbeMode::Continuous, 2),
            ("load", ProbeMode::Continuous, 1),
            ("once", ProbeMode::End, 1),
        ] {
            let found = tries.get(&(name.to_owned(), mode)).cloned().unwrap_or_default();
            ensure!(found.0 >= least && found.1.is_empty(), "{name}: {found:?} in {tries:?}");
        }
        let settings = &ended.status.settings;
        let of = |id: &str| settings.iter().find(|setting| setting.id == id).context("no verdict");
        let rejected = of("runAsNonRoot")?;
        let why = rejected.message.clone().unwrap_or_default();
        ensure!(
            rejected.state == SettingState::Rejected && why.contains("probe `root` failed"),
            "{rejected:?}"
        );
        // What only happens when somebody asks is seen in the baselines, and kept possible.
        let proven = of("readOnlyRootFilesystem")?;
        ensure!(
            proven.state == SettingState::Proven && proven.repairs.iter().any(|repair| repair.contains("/srv")),
            "{proven:?}"
        );
        let exercise = ended.status.exercise.clone().context("nothing is said of exercise")?;
        ensure!(exercise.message.starts_with("probes drove the workload"), "{exercise:?}");
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn what_nobody_asked_anything_of_is_not_recommended_where_that_is_wanted() -> Result<()> {
    with_bed("idle", async |bed: Bed| {
        bed.workload("answers").await?;
        let mut spec = spec(
            &["allowPrivilegeEscalation"],
            &json!([{"name": "inside", "exec": {"command": ["true"]}}]),
        );
        spec["oracles"] = json!({"requireExercise": true});
        let started = bed.check_with("idle", spec).await?;
        let sentence = "Name a probe of kind http, tcp or job in spec.probes";
        started.ends_unverified(reason::NOT_EXERCISED, sentence).await?;
        let report = bed.report("answers").await?.spec;
        let exercise = report.exercise.context("the report says nothing of exercise")?;
        ensure!(!exercise.exercised && report.patch.is_none() && report.recommendation.is_none());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_probe_that_fails_without_any_setting_decides_nothing() -> Result<()> {
    with_bed("useless", async |bed: Bed| {
        bed.workload("answers").await?;
        let probes = json!([
            {"name": "nobody", "http": {"port": 8081}},
            {"name": "fails", "mode": "Start", "job": job("echo no such thing >&2; exit 7")}
        ]);
        let started = bed
            .check_with("useless", spec(&["readOnlyRootFilesystem"], &probes))
            .await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        let mut said = BTreeMap::new();
        for chunk in recordings::read(&bed.client, &started.uid, "baseline-1").await? {
            if let Some(Body::Probe(probe)) = chunk.body
                && probe.port == 0
            {
                ensure!(!probe.passed, "{probe:?}");
                said.insert(probe.name, probe.message);
            }
        }
        let said = |name: &str| said.get(name).map(String::as_str).unwrap_or_default();
        ensure!(said("nobody").contains("refused"), "{}", said("nobody"));
        ensure!(
            said("fails") == "container ask of the Job ended with 7: \"no such thing\"",
            "{}",
            said("fails")
        );
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn probes_that_are_none() -> Result<()> {
    with_bed("none", async |bed: Bed| {
        for (probes, sentence) in [
            (
                json!([{"name": "a", "tcp": {"port": 1}, "exec": {"command": ["true"]}}]),
                "spec.probes: `a` has more than one of http, tcp, exec and job: give it exactly one",
            ),
            (
                json!([{"name": "a"}]),
                "spec.probes: `a` has none of http, tcp, exec and job: give it exactly one",
            ),
            (
                json!([{"name": "a", "tcp": {"port": 1}}, {"name": "a", "tcp": {"port": 2}}]),
                "spec.probes: a name is given more than once: give each probe its own",
            ),
            (json!([{"name": "a", "tcp": {"port": 0}}]), "spec.probes[0].tcp.port"),
            (
                json!([{"name": "a", "periodSeconds": 0, "tcp": {"port": 1}}]),
                "spec.probes[0].periodSeconds",
            ),
            (
                json!([{"name": "a", "timeoutSeconds": 301, "tcp": {"port": 1}}]),
                "spec.probes[0].timeoutSeconds",
            ),
            (json!([{"name": "A b", "tcp": {"port": 1}}]), "spec.probes[0].name"),
        ] {
            match bed.check_with("none", spec(&[], &probes)).await {
                Ok(_) => bail!("{probes} was accepted"),
                Err(error) => ensure!(format!("{error:#}").contains(sentence), "{probes}: {error:#}"),
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_job_that_would_leave_its_clone() -> Result<()> {
    with_bed("leaves", async |bed: Bed| {
        let mut leaving = job("true");
        if let Some(pod) = leaving.pointer_mut("/template/spec/template/spec").and_then(Value::as_object_mut) {
            pod.insert("hostNetwork".to_owned(), json!(true));
        }
        let probes = json!([{"name": "load", "job": leaving}]);
        let started = bed.check_with("leaves", spec(&[], &probes)).await?;
        let sentence = "spec.probes: job.template of `load` has hostNetwork: true, by which it would leave its clone: leave it out";
        started.ends_unverified(reason::INVALID_SPEC, sentence).await
    })
    .await
}

#[tokio::test]
async fn nobody_asks_by_means_that_he_may_not_use() -> Result<()> {
    with_bed("asker", async |bed: Bed| {
        let theirs = bed.as_checker().await?;
        // The API server takes note of rights a moment after they are given.
        let http = json!([{"name": "a", "http": {"port": 80}}]);
        let may = || async { Ok(theirs.check_with("http", spec(&[], &http)).await.is_ok()) };
        wait::until("a check with a request to be made", Duration::from_secs(30), may).await?;
        for (ask, right) in [
            (json!({"name": "a", "job": job("true")}), "jobs.batch"),
            (json!({"name": "a", "exec": {"command": ["true"]}}), "pods/exec"),
        ] {
            let Err(refusal) = theirs.check_with("refused", spec(&[], &json!([ask]))).await else {
                bail!("{ask} was accepted without the right to create {right}");
            };
            let refusal = format!("{refusal:#}");
            ensure!(
                refusal.contains(&format!("needs the right to create {right} there")),
                "{refusal}"
            );
        }
        Ok(())
    })
    .await
}

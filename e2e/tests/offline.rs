//! What a check recorded, out of the cluster, is judged as the check judged it.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use temper_api::{RunPhase, RunRole, RunSummary};
use temper_e2e::bed::{Bed, SYSTEM, client_as, with_bed};
use temper_stream::Recordings;
use tokio::process::Command;

const CHECK: &str = "offline";

#[tokio::test]
async fn exported_runs_are_judged_as_in_their_check() -> Result<()> {
    with_bed("offline", async |bed: Bed| {
        bed.workload("writable-root").await?;
        let spec = json!({
            "targetRef": {"kind": "Deployment", "name": "writable-root"},
            "recordingDuration": "15s",
            "settings": ["readOnlyRootFilesystem", "allowPrivilegeEscalation"],
        });
        let started = bed.check_with(CHECK, spec).await?;
        let ended = started.complete().await?;
        // The runs are gone with their clones: only what they recorded is left.
        started.cleaned().await?;
        let folder = tempfile::tempdir()?;
        let (mut baselines, mut passed, mut failed) = (Vec::new(), 0, 0);
        for run in &ended.status.runs {
            if run.role == RunRole::Baseline && run.phase == RunPhase::Passed {
                baselines.push(exported(&bed, folder.path(), run).await?);
            }
        }
        ensure!(baselines.len() >= 2, "{:?}", ended.status.runs);
        // What was only screened was not recorded to its end.
        for run in ended.status.runs.iter().filter(|run| run.role == RunRole::Verification) {
            let expected = match run.phase {
                RunPhase::Passed => 0,
                RunPhase::Failed => 3,
                _ => continue,
            };
            let candidate = exported(&bed, folder.path(), run).await?;
            let (code, verdict) = judged(&baselines, &candidate).await?;
            ensure!(code == expected, "run `{}` was {:?}: {verdict:#}", run.name, run.phase);
            passed += i32::from(code == 0);
            failed += i32::from(code == 3);
            if code == 3 {
                let told = verdict.pointer("/findings/0/sentence").and_then(Value::as_str);
                ensure!(
                    told.is_some_and(|told| told.contains("the root file system is read-only")),
                    "{verdict:#}"
                );
            }
        }
        ensure!(passed > 0 && failed > 0, "{:?}", ended.status.runs);
        Ok(())
    })
    .await
}

/// A run as files.
async fn exported(bed: &Bed, folder: &Path, run: &RunSummary) -> Result<PathBuf> {
    let path = folder.join(&run.name);
    let output = Command::new("kubectl-temper")
        .args(["export", &format!("{CHECK}-{}", run.name), "-n", &bed.namespace, "-o"])
        .arg(&path)
        .output()
        .await
        .context("failed to start kubectl-temper")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "export of `{}`: {said}", run.name);
    Ok(path)
}

/// Exit code and verdict.
async fn judged(baselines: &[PathBuf], candidate: &Path) -> Result<(i32, Value)> {
    let mut command = Command::new("kubectl-temper");
    command.args(["judge", "-o", "json", "--candidate"]).arg(candidate);
    for baseline in baselines {
        command.arg("--baseline").arg(baseline);
    }
    // Without a cluster.
    command.env_remove("KUBECONFIG");
    let output = command.output().await.context("failed to start kubectl-temper")?;
    let Some(code) = output.status.code() else {
        bail!("judge was killed");
    };
    let verdict = serde_json::from_slice(&output.stdout);
    let verdict = verdict.with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok((code, verdict))
}

#[tokio::test]
async fn recordings_are_read_by_whoever_is_bound_to_the_role_and_nobody_else() -> Result<()> {
    with_bed("reader", async |bed: Bed| {
        // No two tests share a person.
        let person = format!("person-of-{}", bed.namespace);
        let client = client_as(&person).await?;
        let Err(error) = Recordings::open(&client, SYSTEM).await else {
            bail!("a person without any right reads recordings");
        };
        ensure!(error.to_string().contains("failed to list pods"), "{error}");
        let bindings: Api<RoleBinding> = Api::namespaced(bed.client.clone(), SYSTEM);
        let binding: RoleBinding = serde_json::from_value(json!({
            "metadata": {"name": person},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "temper-recordings"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": person}],
        }))?;
        bindings.create(&PostParams::default(), &binding).await?;
        let opened = opened(&client).await;
        bindings.delete(&person, &DeleteParams::default()).await?;
        let none = opened?.last_run("0b5f6c1e", "nobody").await?;
        ensure!(none.is_none(), "{none:?}");
        Ok(())
    })
    .await
}

/// Opens the stream as soon as the API server knows of the binding.
async fn opened(client: &Client) -> Result<Recordings> {
    let patience = std::time::Duration::from_secs(30);
    let bound = || async {
        let opened = Recordings::open(client, SYSTEM).await;
        Ok(!matches!(opened, Err(temper_stream::Error::Kubernetes { .. })))
    };
    temper_e2e::wait::until("the binding to hold", patience, bound).await?;
    Ok(Recordings::open(client, SYSTEM).await?)
}

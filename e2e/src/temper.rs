//! Installs Temper into the cluster as a user would: with Helm.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, ListParams};
use kube::runtime::wait::await_condition;
use kube::{Api, Client, ResourceExt as _};
use temper_api::{CheckRun, label};
use tokio::process::Command;

use crate::bed::{RUNS, SYSTEM};
use crate::command;

/// Name of the controller's Deployment.
const CONTROLLER: &str = "temper-controller";

/// Helm waits this long for everything to be Ready.
const PATIENCE: &str = "180s";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Installs or upgrades. `image` is what makes a build different from the one before: Pods are replaced when it changes.
pub async fn install(image: &str, extra: &[String]) -> Result<()> {
    // Helm never upgrades definitions by itself.
    let crds = root().join("charts/temper/crds");
    command::run(
        Command::new("kubectl")
            .args(["apply", "--server-side", "--force-conflicts", "-f"])
            .arg(&crds),
    )
    .await?;
    let mut helm = Command::new("helm");
    helm.args(["upgrade", "--install", "temper"])
        .arg(root().join("charts/temper"))
        .args([
            "--namespace",
            SYSTEM,
            "--create-namespace",
            "--wait",
            "--timeout",
            PATIENCE,
        ])
        .args(["--set", "images.tag=dev", "--set"])
        .arg(format!("controller.podAnnotations.temper\\.dev/images={image}"))
        .args(extra);
    command::run(&mut helm).await.context("failed to install Temper")
}

/// Removes Temper and everything that it ever made.
pub async fn uninstall(client: &Client) -> Result<()> {
    command::run(Command::new("kubectl").args(["delete", "workloadhardeningchecks", "--all", "--all-namespaces"]))
        .await?;
    command::run(Command::new("helm").args(["uninstall", "temper", "--namespace", SYSTEM, "--wait"])).await?;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.delete(SYSTEM, &DeleteParams::background()).await?;
    Ok(())
}

/// Kills the controller's Pod without a chance to say goodbye, and waits until another one is Ready.
pub async fn kill_controller(client: &Client) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), SYSTEM);
    let list = pods
        .list(&ListParams::default().labels("app.kubernetes.io/component=controller"))
        .await?;
    for pod in list.items {
        pods.delete(
            &pod.name_any(),
            &DeleteParams {
                grace_period_seconds: Some(0),
                ..DeleteParams::default()
            },
        )
        .await?;
        let uid = pod.uid().unwrap_or_default();
        let gone = kube::runtime::conditions::is_deleted(&uid);
        tokio::time::timeout(
            Duration::from_mins(1),
            await_condition(pods.clone(), &pod.name_any(), gone),
        )
        .await??;
    }
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), SYSTEM);
    let ready = |deployment: Option<&Deployment>| {
        deployment
            .and_then(|d| d.status.as_ref())
            .is_some_and(|status| status.ready_replicas == Some(1))
    };
    tokio::time::timeout(Duration::from_mins(2), await_condition(deployments, CONTROLLER, ready))
        .await
        .context("the controller did not come back")??;
    Ok(())
}

/// Kills the worker of a run without a chance to say goodbye.
pub async fn kill_worker(client: &Client, run: &CheckRun) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), RUNS);
    let own = ListParams::default().labels(&format!("{}={}", label::RUN_UID, run.uid().unwrap_or_default()));
    let list = pods.list(&own).await?;
    ensure!(!list.items.is_empty(), "run `{}` has no worker", run.name_any());
    for pod in list.items {
        let now = DeleteParams {
            grace_period_seconds: Some(0),
            ..DeleteParams::default()
        };
        pods.delete(&pod.name_any(), &now).await?;
    }
    Ok(())
}

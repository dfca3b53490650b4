//! What happens to a cluster: processes that die, stores that are lost.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::runtime::conditions::is_deleted;
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;
use temper_api::label;

use crate::bed::{RUNS, SYSTEM};
use crate::cluster::{self, Cluster};
use crate::pods::phase;
use crate::wait;

/// Name of the controller's Deployment and of its Lease.
const CONTROLLER: &str = "temper-controller";

/// Name of the NATS StatefulSet.
const NATS: &str = "temper-nats";

const PATIENCE: Duration = Duration::from_mins(3);

/// Ends the worker of a run as the kernel would.
pub async fn crash_worker(client: &Client, check_uid: &str, run: &str) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), RUNS);
    let selector = format!("{}={check_uid},{}={run}", label::CHECK_UID, label::RUN);
    let list = pods.list(&ListParams::default().labels(&selector)).await?;
    let running = |pod: &&Pod| phase(pod) == "Running";
    let pod = list
        .items
        .iter()
        .find(running)
        .context("the run has no running worker")?;
    crash(&pods, pod).await
}

/// Ends the controller that holds the lease as the kernel would, and its Pod, so that another process must go on. Between
/// two holders there is nobody to end: the next one is waited for.
pub async fn crash_leader(client: &Client) -> Result<()> {
    let leases: Api<Lease> = Api::namespaced(client.clone(), SYSTEM);
    let pods: Api<Pod> = Api::namespaced(client.clone(), SYSTEM);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let holder = leases.get(CONTROLLER).await?.spec.and_then(|spec| spec.holder_identity);
        // Who takes over a lease that has run out gives it back first: for a moment it names nobody.
        let pod = match holder.filter(|holder| !holder.is_empty()) {
            Some(holder) => pods.get_opt(&holder).await?,
            None => None,
        };
        let pod = pod.filter(|pod| pod.metadata.deletion_timestamp.is_none());
        let why = match pod {
            None => "nobody holds the lease".to_owned(),
            Some(pod) => match crash(&pods, &pod).await {
                Ok(()) => return remove_at_once(&pods, &pod).await,
                // It held the lease, and has just ended by itself or is being started again.
                Err(error) => format!("{error:#}"),
            },
        };
        ensure!(Instant::now() < deadline, "no leader could be ended: {why}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Sets how many controllers there are, and waits until all of them are Ready.
pub async fn scale_controller(client: &Client, replicas: i32) -> Result<()> {
    let api: Api<Deployment> = Api::namespaced(client.clone(), SYSTEM);
    let patch = json!({"spec": {"replicas": replicas}});
    api.patch(CONTROLLER, &PatchParams::default(), &Patch::Merge(patch))
        .await?;
    let ready = |deployment: Option<&Deployment>| {
        let status = deployment.and_then(|d| d.status.as_ref());
        status.is_some_and(|s| s.ready_replicas == Some(replicas) && s.replicas == Some(replicas))
    };
    wait::watch("the controllers", PATIENCE, api, CONTROLLER, ready)
        .await
        .map(drop)
}

/// Ends NATS as the kernel would. Its Pod stays, and with it what it stored.
pub async fn crash_nats(client: &Client) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), SYSTEM);
    let pod = pods.get(&format!("{NATS}-0")).await?;
    crash(&pods, &pod).await
}

/// Takes NATS away.
pub async fn stop_nats(client: &Client) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), SYSTEM);
    let pod = pods.get(&format!("{NATS}-0")).await?;
    scale_nats(client, 0).await?;
    let uid = pod.uid().unwrap_or_default();
    let gone = is_deleted(&uid);
    wait::watch("NATS to go", PATIENCE, pods, &pod.name_any(), gone)
        .await
        .map(drop)
}

/// Brings NATS back.
pub async fn start_nats(client: &Client) -> Result<()> {
    scale_nats(client, 1).await?;
    let api: Api<StatefulSet> = Api::namespaced(client.clone(), SYSTEM);
    let ready = |set: Option<&StatefulSet>| {
        let status = set.and_then(|set| set.status.as_ref());
        status.is_some_and(|status| status.ready_replicas == Some(1))
    };
    wait::watch("NATS", PATIENCE, api, NATS, ready).await.map(drop)
}

/// Removes what NATS stored, while it is away. Without a volume of its own nothing is left anyway.
pub async fn lose_nats_store(client: &Client) -> Result<()> {
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), SYSTEM);
    let list = claims
        .list(&ListParams::default().labels("app.kubernetes.io/component=nats"))
        .await?;
    for claim in list {
        claims.delete(&claim.name_any(), &DeleteParams::background()).await?;
        let uid = claim.uid().unwrap_or_default();
        let gone = is_deleted(&uid);
        wait::watch(
            "the volume of NATS to go",
            PATIENCE,
            claims.clone(),
            &claim.name_any(),
            gone,
        )
        .await?;
    }
    Ok(())
}

async fn scale_nats(client: &Client, replicas: i32) -> Result<()> {
    let api: Api<StatefulSet> = Api::namespaced(client.clone(), SYSTEM);
    let patch = json!({"spec": {"replicas": replicas}});
    api.patch(NATS, &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(())
}

/// The first container's processes end by SIGKILL; in a cluster that is not on this machine the Pod is removed instead.
async fn crash(pods: &Api<Pod>, pod: &Pod) -> Result<()> {
    if cluster::external() {
        return remove_at_once(pods, pod).await;
    }
    let statuses = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_ref());
    let id = statuses.and_then(|statuses| statuses.first()?.container_id.clone());
    Cluster::from_env()?.crash(&id.with_context(|| format!("Pod `{}` has no container yet", pod.name_any()))?)
}

async fn remove_at_once(pods: &Api<Pod>, pod: &Pod) -> Result<()> {
    let parameters = DeleteParams {
        grace_period_seconds: Some(0),
        ..DeleteParams::default()
    };
    match pods.delete(&pod.name_any(), &parameters).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        result => result.map(drop).context("failed to remove the Pod"),
    }
}

//! One run from an empty namespace to what was recorded of it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ContainerStatus, Namespace, Pod};
use kube::api::DeleteParams;
use kube::runtime::wait::await_condition;
use kube::{Api, ResourceExt as _};
use serde_json::json;
use tokio::time::timeout;

use super::archive::Archived;
use super::case::Case;
use super::label::Probes;
use super::stage::{Stage, create};
use super::{pod, worker};
use crate::bed::RUNS;
use crate::{pods, recordings, wait};

/// Longer than a worker takes beyond its recording, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);
/// Times that a run is tried whose recording is not whole.
const ATTEMPTS: u32 = 3;

/// Records a case, and removes everything again.
pub async fn record(stage: &Stage, case: &Case<'_>) -> Result<Archived> {
    let mut attempt = 1;
    loop {
        let why = match Box::pin(once(stage, case)).await {
            Ok(archived) => match archived.flaw() {
                None => return Ok(archived),
                Some(flaw) => flaw.to_owned(),
            },
            Err(error) => format!("{error:#}"),
        };
        ensure!(attempt < ATTEMPTS, "{case}: gave up after {ATTEMPTS} attempts: {why}");
        tracing::warn!(%case, why, "once more");
        attempt += 1;
    }
}

async fn once(stage: &Stage, case: &Case<'_>) -> Result<Archived> {
    let unique = jiff::Timestamp::now().as_nanosecond() & 0xffff_ffff;
    let name = format!("temper-{}-{unique:08x}-{}", case.name, short(case.setting));
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let namespace = create(&stage.client, None, namespace).await?;
    let uid = namespace.uid().unwrap_or_default();
    let outcome = Box::pin(play(stage, case, &name, &uid)).await;
    let pods: Api<Pod> = Api::namespaced(stage.client.clone(), RUNS);
    let namespaces: Api<Namespace> = Api::all(stage.client.clone());
    let (at_once, background) = (DeleteParams::default().grace_period(0), DeleteParams::background());
    let (worker, clone) = tokio::join!(pods.delete(&name, &at_once), namespaces.delete(&name, &background));
    clone.context("failed to remove the namespace")?;
    if let Err(error) = worker
        && !matches!(&error, kube::Error::Api(status) if status.is_not_found())
    {
        return Err(error).context("failed to remove the worker");
    }
    outcome
}

/// What fits into a name beside the rest.
fn short(setting: &str) -> String {
    let cut: String = setting.chars().take(20).collect();
    cut.trim_end_matches('-').to_owned()
}

async fn play(stage: &Stage, case: &Case<'_>, name: &str, uid: &str) -> Result<Archived> {
    let client = &stage.client;
    let owner = json!({"apiVersion": "v1", "kind": "Namespace", "name": name, "uid": uid});
    for object in std::iter::once(worker::binding()).chain(pod::surroundings(case, &owner)) {
        create(client, Some(name), object).await?;
    }
    create(client, Some(RUNS), worker::pod(case, name, uid)).await?;
    let server = format!(
        "{}-{}-{}",
        case.name,
        uid.get(..8).unwrap_or("0"),
        uid.get(9..13).unwrap_or("0")
    );
    create(client, Some(name), pod::pod(case, &server)).await?;
    let servers: Api<Pod> = Api::namespaced(client.clone(), name);
    let workers: Api<Pod> = Api::namespaced(client.clone(), RUNS);
    let settled = |pod: Option<&Pod>| pod.is_none_or(|pod| pods::is_ready(pod) || has_died_twice(pod));
    let deadline = Duration::from_secs(worker::START_DEADLINE.into());
    let began = timeout(deadline, await_condition(servers.clone(), &server, settled)).await;
    let began = began.ok().transpose()?.flatten();
    let (mut probes, mut late) = (Probes::new(), false);
    match began {
        Some(pod) if pods::is_ready(&pod) => {
            let ready = Instant::now();
            probes = stage.drive(case, &pods::address(&pod)?).await?;
            late = ready.elapsed() > Duration::from_secs(case.program.seconds.into());
        }
        // Nothing is to come: the worker says so, and what it has.
        Some(_) => workers.delete(name, &DeleteParams::default()).await.map(drop)?,
        None => {}
    }
    let died = ended_within(servers, &server, workers, name).await?;
    let chunks = recordings::read(client, uid, case.setting).await?;
    Ok(Archived::new(case, [name, &server], chunks, died, probes, late))
}

/// Waits until the worker has ended; whether the server's container has.
async fn ended_within(servers: Api<Pod>, server: &str, workers: Api<Pod>, worker: &str) -> Result<bool> {
    let ended = |pod: Option<&Pod>| pod.is_none_or(|pod| matches!(pods::phase(pod), "Succeeded" | "Failed"));
    let worker = wait::watch("the worker to end", PATIENCE, workers, worker, ended).await?;
    ensure!(
        worker.is_none_or(|pod| pods::phase(&pod) == "Succeeded"),
        "the worker failed"
    );
    let pod = servers.get(server).await?;
    Ok(status(&pod).is_some_and(|status| status.restart_count > 0 || is_down(status)))
}

fn status(pod: &Pod) -> Option<&ContainerStatus> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    statuses.iter().find(|status| status.name == pod::SERVER)
}

/// It ran and does not now.
fn is_down(status: &ContainerStatus) -> bool {
    let ended = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| {
        state.as_ref().is_some_and(|state| state.terminated.is_some())
    };
    ended(&status.state) || ended(&status.last_state)
}

/// What follows is only more of the same, ever later.
fn has_died_twice(pod: &Pod) -> bool {
    status(pod).is_some_and(|status| {
        let running = status.state.as_ref().is_some_and(|state| state.running.is_some());
        status.restart_count >= 1 && !running
    })
}

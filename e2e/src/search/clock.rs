//! How long baselines take by themselves, as their Pods show it.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result};
use futures::TryStreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, ResourceExt as _};
use temper_api::{CheckRef, clone_name};

use crate::pods;

/// Names that the first two baselines of every check have.
const BASELINES: [&str; 2] = ["baseline-1", "baseline-2"];

/// Seconds from the first Pod of the slower baseline to its being Ready, once both are.
pub(super) async fn baseline_ready(client: &Client, check: &CheckRef) -> Result<f64> {
    let [one, other] = BASELINES.map(|run| own_ready(Api::namespaced(client.clone(), &clone_name(check, run))));
    let (one, other) = tokio::try_join!(one, other)?;
    Ok(one.max(other))
}

/// Seconds from the first Pod of a namespace until all of its Pods are Ready, or have done what they should.
async fn own_ready(pods: Api<Pod>) -> Result<f64> {
    let events = watcher(pods, watcher::Config::default());
    let mut events = std::pin::pin!(events);
    let mut seen: BTreeMap<String, bool> = BTreeMap::new();
    let mut first = None;
    while let Some(event) = events.try_next().await? {
        match event {
            Event::Apply(pod) | Event::InitApply(pod) => {
                first.get_or_insert_with(Instant::now);
                seen.insert(pod.name_any(), pods::is_ready(&pod) || pods::phase(&pod) == "Succeeded");
            }
            Event::Delete(pod) => drop(seen.remove(&pod.name_any())),
            Event::Init | Event::InitDone => {}
        }
        if let Some(first) = first.filter(|_| !seen.is_empty() && seen.values().all(|ready| *ready)) {
            return Ok(first.elapsed().as_secs_f64());
        }
    }
    None.context("the watch of a baseline's Pods ended")
}

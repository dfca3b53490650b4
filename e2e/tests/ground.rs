//! What behaviours stand on: the network and the volumes of the local cluster, which must have two nodes.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, Pod};
use kube::api::{DeleteParams, PostParams};
use kube::runtime::conditions;
use kube::runtime::wait::await_condition;
use kube::{Api, ResourceExt as _};
use serde_json::json;
use temper_e2e::bed::{Bed, with_bed};
use temper_e2e::cluster::Cluster;
use temper_e2e::neighbours::Neighbours;
use temper_e2e::pods::{address, phase, reaches, shell_with_claim};
use temper_e2e::traces::{COLLECTOR, Collector, Span};
use tokio::time::timeout;

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

async fn neighbours(bed: &Bed) -> Result<Neighbours> {
    let [here, there] = Cluster::from_env()?.two_nodes()?;
    Neighbours::meet(bed, [&here, &there]).await
}

#[tokio::test]
async fn pods_reach_each_other_across_nodes_under_their_own_addresses() -> Result<()> {
    with_bed("across", async |bed: Bed| {
        let neighbours = neighbours(&bed).await?;
        let own = address(&neighbours.client)?;
        for server in &neighbours.servers {
            let said = neighbours.ask(&address(server)?, 8080).await?;
            ensure!(
                said.as_ref() == Some(&own),
                "{} saw {said:?} and not {own}",
                server.name_any()
            );
            // Through the Service and its name, as the endpoints arrive.
            neighbours
                .hear(&server.name_any(), 80, |answer| answer == Some(&own))
                .await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn network_policies_are_enforced_on_one_node_and_across() -> Result<()> {
    with_bed("policy", async |bed: Bed| {
        let neighbours = neighbours(&bed).await?;
        neighbours.reachable(true).await?;
        let policy = |name: &str, ingress: &str| {
            format!(
                "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}}},
                spec: {{podSelector: {{}}, policyTypes: [Ingress], ingress: {ingress}}}}}"
            )
        };
        bed.apply(&policy("deny", "[]")).await?;
        neighbours.reachable(false).await?;
        bed.apply(&policy(
            "allow",
            "[{from: [{podSelector: {matchLabels: {app: client}}}]}]",
        ))
        .await?;
        neighbours.reachable(true).await
    })
    .await
}

#[tokio::test]
async fn a_claim_gets_a_volume_on_the_node_of_its_pod_and_both_go_together() -> Result<()> {
    with_bed("volume", async |bed: Bed| {
        let [_, node] = Cluster::from_env()?.two_nodes()?;
        let claims: Api<PersistentVolumeClaim> = Api::namespaced(bed.client.clone(), &bed.namespace);
        // Of the default class.
        let claim = serde_json::from_value(json!({
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Mi"}}},
        }))?;
        claims.create(&PostParams::default(), &claim).await?;
        let pods: Api<Pod> = Api::namespaced(bed.client.clone(), &bed.namespace);
        for (name, script) in [
            ("writer", "echo kept >/data/file"),
            ("reader", "[[ $(</data/file) == kept ]]"),
        ] {
            let pod = shell_with_claim(name, &node, script, "data")?;
            pods.create(&PostParams::default(), &pod).await?;
            let ended = reaches(&pods, name, |pod| matches!(phase(pod), "Succeeded" | "Failed")).await?;
            ensure!(phase(&ended) == "Succeeded", "`{script}` ended as {}", phase(&ended));
            pods.delete(name, &DeleteParams::default()).await?;
        }

        let claim = claims.get("data").await?;
        let volume = claim
            .spec
            .and_then(|spec| spec.volume_name)
            .context("the claim is not bound")?;
        let volumes: Api<PersistentVolume> = Api::all(bed.client.clone());
        let volume = volumes.get(&volume).await?;
        let local = volume.spec.as_ref().and_then(|spec| spec.local.as_ref());
        let directory = local.context("the volume is not local")?.path.clone();
        ensure!(
            std::fs::read_to_string(Path::new(&directory).join("file"))? == "kept\n",
            "something else is in `{directory}`"
        );

        claims.delete("data", &DeleteParams::default()).await?;
        let (name, uid) = (volume.name_any(), volume.uid().context("a volume has a UID")?);
        let gone = await_condition(volumes, &name, conditions::is_deleted(&uid));
        timeout(PATIENCE, gone).await.context("the volume stays")??;
        ensure!(!Path::new(&directory).exists(), "`{directory}` is left");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_span_that_is_sent_to_the_collector_can_be_read() -> Result<()> {
    with_bed("spans", async |bed: Bed| {
        let collector = Collector::start(&bed).await?;
        let trace = "5b8efff798038103d269b633813fc60c";
        let spans = json!([{
            "traceId": trace, "spanId": "eee19b7ec3c1b174", "name": "reconcile",
            "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661000000000",
        }]);
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]});
        // Through the API server, since this process is in no network of the cluster.
        let path = format!(
            "/api/v1/namespaces/{}/services/{}:4318/proxy/v1/traces",
            bed.namespace, COLLECTOR
        );
        let request = http::Request::post(path).header("content-type", "application/json");
        let request = request.body(serde_json::to_vec(&body)?)?;
        bed.client
            .request_text(request)
            .await
            .context("the collector does not take a span")?;
        let sent = |span: &Span| span.trace == trace;
        collector
            .spans("the span", |spans| spans.iter().any(sent))
            .await
            .map(drop)
    })
    .await
}

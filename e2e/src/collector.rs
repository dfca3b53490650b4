//! The OpenTelemetry Collector of `e2e/workloads/otel-collector.yaml`: what is sent to it can be read from its output.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, LogParams};
use kube::{Api, ResourceExt as _};
use serde_json::Value;

use crate::bed::Bed;

/// Name of its workload and of its Service.
pub const NAME: &str = "otel-collector";

/// Starts it in the namespace of a behaviour and returns its OTLP/HTTP endpoint, for Pods of any namespace.
pub async fn start(bed: &Bed) -> Result<String> {
    bed.workload(NAME).await?;
    Ok(format!("http://{NAME}.{}.svc.cluster.local:4318", bed.namespace))
}

/// All requests that it has received so far, as OTLP JSON: `resourceSpans`, `resourceMetrics` or `resourceLogs`.
pub async fn received(bed: &Bed) -> Result<Vec<Value>> {
    let pods: Api<Pod> = Api::namespaced(bed.client.clone(), &bed.namespace);
    let ours = ListParams::default().labels(&format!("app={NAME}"));
    let pod = pods
        .list(&ours)
        .await?
        .items
        .pop()
        .context("the collector has no Pod")?;
    let output = pods.logs(&pod.name_any(), &LogParams::default()).await?;
    // Lines that are no JSON are its own complaints; the last line may be on its way.
    Ok(output
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

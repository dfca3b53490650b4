//! How a workload is judged beyond what every check asks for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How strictly a workload is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Oracles {
    /// What it means for a run that the workload uses far more or far less CPU, memory, network or disk than in every
    /// baseline.
    #[serde(default)]
    pub resources: ResourceMode,
    /// Where the workload's containers expose metrics in the text format of Prometheus or OpenMetrics, over http. Where
    /// none is named, the endpoint that the annotations `prometheus.io/scrape`, `port` and `path` of its Pods name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub metrics: Vec<MetricsEndpoint>,
    /// Whether the TCP ports that the workload's containers declare are asked when a run is Ready: what a program does for who connects is seen in no recording where nobody does.
    #[serde(default)]
    pub ports: PortMode,
    /// Recommend nothing, with reason NotExercised, unless a probe of kind http, tcp or job passed in the recommended run
    /// and in every baseline, and the run did at least half of what the baselines did.
    #[serde(default)]
    pub require_exercise: bool,
}

/// What is done with the ports that containers declare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PortMode {
    /// Each is connected to. Who greets is greeted or taken leave of, who waits is asked for `/` by HTTP. A run whose port
    /// does not answer, or with a worse code, where it answers in every baseline, has failed.
    #[default]
    Ask,
    /// Nobody connects to them but the workload's own probes.
    Off,
}

/// An endpoint of a container that exposes metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricsEndpoint {
    /// Number of the port.
    #[schemars(range(min = 1, max = 65_535))]
    pub port: u16,
    /// Path, with a query if it needs one.
    #[serde(default = "default_path")]
    #[schemars(length(max = 256), regex(pattern = r"^/[!-~]*$"))]
    pub path: String,
    /// Container that findings name; by default the one that declares the port, else the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub container: Option<String>,
}

fn default_path() -> String {
    "/metrics".to_owned()
}

/// What differences in resources do to a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ResourceMode {
    /// They are listed, and two that point the same way are a warning.
    #[default]
    Flag,
    /// Each fails the run. For workloads that are driven with the same load in every run.
    Fail,
    /// They are not looked at.
    Off,
}

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

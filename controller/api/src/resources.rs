//! Requests and limits that are suggested from what was recorded.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done about requests and limits that containers lack.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ResourceAdvice {
    /// Nothing.
    Off,
    /// They are suggested beside the recommendation, and are no part of it.
    #[default]
    Suggest,
    /// One more run of the recommendation has them, too. If it passes, they are part of the patch.
    Test,
}

/// Requests and limits that a container lacks, from what it used in the baselines and in the recommended run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedResources {
    /// What 95 of 100 measurements stayed within. CPU is given no limit: it would only hold the container back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, String>,
    /// A quarter above the highest measurement.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, String>,
    /// Whether anything was asked of the workload while it was measured.
    #[serde(default)]
    pub exercised: Exercised,
    /// The workload was run with them and works.
    #[serde(default)]
    pub tested: bool,
}

/// Whether anything was asked of a workload while it was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Exercised {
    /// Nobody that Temper knows of drove it: under load it may use much more.
    #[default]
    Unknown,
    /// Probes of the check drove it in every run that was measured.
    Probed,
}

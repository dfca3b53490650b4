//! HardeningReport: what is kept of a check, at most 10 KiB.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CheckRef, Cost, FindingRecord, ProofFact, Recommendation, RunSummary, SettingStatus, SuggestedResources, TargetRef,
    Timings, Verification, schema,
};

/// The proof of a recommendation. Everything that a report shows people is rendered from it alone.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "temper.dev",
    version = "v1alpha1",
    kind = "HardeningReport",
    plural = "hardeningreports",
    singular = "hardeningreport",
    shortname = "hr",
    category = "temper",
    namespaced,
    derive = "PartialEq",
    printcolumn(name = "Target", type_ = "string", json_path = ".spec.target"),
    printcolumn(name = "Outcome", type_ = "string", json_path = ".spec.outcome"),
    printcolumn(name = "Level", type_ = "string", json_path = ".spec.verification.level"),
    printcolumn(name = "Proven", type_ = "string", json_path = ".spec.summary"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct HardeningReportSpec {
    /// The target as Kind/name.
    pub target: String,
    /// The workload.
    pub target_ref: TargetRef,
    /// The check that made this report.
    pub check: CheckRef,
    /// SHA-256 of the Pod template that was checked, in hex. Another hash means another workload: check again.
    pub template_hash: String,
    /// Reason of the check's Complete condition.
    pub outcome: String,
    /// Its message.
    pub message: String,
    /// Settings proven of settings applicable, as `5/7`.
    pub summary: String,
    /// The verdict on each setting.
    #[serde(default)]
    pub settings: Vec<SettingStatus>,
    /// What to put into the Pod template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<Recommendation>,
    /// Patch of the workload, for `kubectl patch --patch-file`: a strategic one, but for a custom kind a merge patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any_object")]
    pub patch: Option<serde_json::Value>,
    /// Requests and limits that containers lack, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, SuggestedResources>,
    /// How it was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// What the running processes of the verification run showed.
    #[serde(default)]
    pub proof: Vec<ProofFact>,
    /// Every run.
    #[serde(default)]
    pub runs: Vec<RunSummary>,
    /// Findings by run.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// CPU and memory of the baselines and of the verification run.
    #[serde(default)]
    pub series: Vec<Series>,
    /// What it cost.
    pub cost: Cost,
    /// When things happened.
    pub timings: Timings,
    /// The verdict stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub completed_at: Option<MicroTime>,
}

/// The findings of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Run.
    pub run: String,
    /// Its findings, first the cause.
    pub findings: Vec<FindingRecord>,
}

/// One measured curve, at most 60 points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// Run.
    pub run: String,
    /// Container.
    pub container: String,
    /// OpenTelemetry name: `container.cpu.usage` in cores, `container.memory.working_set` in bytes.
    pub metric: String,
    /// Points in the order of time.
    pub points: Vec<Point>,
}

/// A time, in seconds since the clone was Ready, and a value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Seconds since Ready; negative before.
    pub t: f64,
    /// Value in the unit of the metric.
    pub v: f64,
}

//! The workload, what was decided about it, and what that took.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PodSecurityContext, SecurityContext};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;
use temper_api::{Exercised, HardeningReport, HardeningReportSpec, SettingStatus, SuggestedResources};

use super::term::{End, Level, State};
use crate::{
    patch::{apply_command, namespace},
    rows::usual_reason,
};

/// A workload.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    /// API version of the workload.
    api_version: String,
    /// Kind of the workload.
    kind: String,
    /// Name of the workload.
    name: String,
    /// SHA-256 of the Pod template that was checked, in hex. Another hash means another workload: check again.
    pod_template_sha256: String,
}

impl From<&HardeningReportSpec> for Target {
    fn from(spec: &HardeningReportSpec) -> Self {
        Self {
            api_version: spec.target_ref.api_version.clone(),
            kind: spec.target_ref.kind.clone(),
            name: spec.target_ref.name.clone(),
            pod_template_sha256: spec.template_hash.clone(),
        }
    }
}

/// The verdict on one setting.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Setting {
    /// Id of the setting; the Pod Security Standards' check id where there is one.
    id: String,
    /// Container that it is about; none where it is about the Pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    /// What became of it.
    state: State,
    /// Run that decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// Why, in one sentence.
    why: String,
    /// What makes it possible, a sentence each.
    repairs: Vec<String>,
    /// Findings that do not fail it, a sentence each.
    warnings: Vec<String>,
}

/// The verdicts, in the order of the check.
pub(super) fn settings(settings: &[SettingStatus]) -> Vec<Setting> {
    let setting = |status: &SettingStatus| Setting {
        id: status.id.clone(),
        container: status.container.clone(),
        state: status.state.into(),
        run: status.run.clone(),
        why: status
            .message
            .clone()
            .unwrap_or_else(|| usual_reason(status.state).to_owned()),
        repairs: status.repairs.clone(),
        warnings: status.warnings.clone(),
    };
    settings.iter().map(setting).collect()
}

/// The settings to put into the Pod template, as Kubernetes spells them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recommendation {
    /// `spec.securityContext` of the Pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_object")]
    pod_security_context: Option<PodSecurityContext>,
    /// `securityContext` of each container, init containers too, by name.
    #[schemars(schema_with = "any_object")]
    containers: BTreeMap<String, SecurityContext>,
    /// `spec.automountServiceAccountToken` of the Pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    automount_service_account_token: Option<bool>,
    /// What else is changed so that the settings hold, a sentence each. The patch has it all.
    repairs: Vec<String>,
}

impl From<&temper_api::Recommendation> for Recommendation {
    fn from(recommendation: &temper_api::Recommendation) -> Self {
        let temper_api::Recommendation {
            pod_security_context,
            containers,
            automount_service_account_token,
            repairs,
        } = recommendation.clone();
        Self {
            pod_security_context,
            containers,
            automount_service_account_token,
            repairs,
        }
    }
}

/// The recommendation as what people apply.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Patch {
    /// The command that applies `strategicMerge` once it is in FILE.
    command: String,
    /// Strategic merge patch of the workload; of a custom kind, a merge patch.
    #[schemars(schema_with = "any_object")]
    strategic_merge: Value,
}

/// The patch that a report holds.
pub(super) fn patch(report: &HardeningReport) -> Option<Patch> {
    Some(Patch {
        command: apply_command(&report.spec.target_ref, namespace(report), "FILE"),
        strategic_merge: report.spec.patch.clone()?,
    })
}

/// Requests and limits that a container lacks.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resources {
    /// Requests, as Kubernetes spells them.
    requests: BTreeMap<String, String>,
    /// Limits, as Kubernetes spells them.
    limits: BTreeMap<String, String>,
    /// Probes drove the workload whenever it was measured; otherwise it may use more under load.
    probed: bool,
    /// The workload was run with them and works; the patch has them then.
    tested: bool,
}

/// What is suggested, by container.
pub(super) fn resources(resources: &BTreeMap<String, SuggestedResources>) -> BTreeMap<String, Resources> {
    let of = |(container, suggested): (&String, &SuggestedResources)| {
        let of_container = Resources {
            requests: suggested.requests.clone(),
            limits: suggested.limits.clone(),
            probed: suggested.exercised == Exercised::Probed,
            tested: suggested.tested,
        };
        (container.clone(), of_container)
    };
    resources.iter().map(of).collect()
}

/// How the recommendation was verified.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verification {
    /// The run that had the recommendation as a whole, recorded in full.
    run: String,
    /// How it ended.
    outcome: End,
    /// The level that the recommendation reaches.
    level: Level,
    /// The API server admitted its exact Pod in a namespace that enforces the level (a dry run).
    admitted: bool,
    /// What the API server answered where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

impl From<&temper_api::Verification> for Verification {
    fn from(verification: &temper_api::Verification) -> Self {
        Self {
            run: verification.run.clone(),
            outcome: verification.outcome.into(),
            level: verification.level.into(),
            admitted: verification.admitted,
            answer: verification.message.clone(),
        }
    }
}

/// What a check took.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    /// Runs started.
    runs: u32,
    /// Clone namespaces made, repeated attempts included.
    clones: u32,
    /// Seconds that clones existed, summed over all.
    #[serde(skip_serializing_if = "Option::is_none")]
    clone_seconds: Option<f64>,
}

impl From<&temper_api::Cost> for Cost {
    fn from(cost: &temper_api::Cost) -> Self {
        Self {
            runs: cost.runs,
            clones: cost.clones,
            clone_seconds: Some(cost.clone_seconds).filter(|seconds| seconds.is_finite()),
        }
    }
}

/// When things happened.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Timings {
    /// The first run was created, as RFC 3339. Seconds of runs count from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// The verdict stood, as RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    /// The slower baseline's own time to Ready, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_ready_seconds: Option<f64>,
    /// How long each run was recorded once it was Ready, in seconds.
    recording_seconds: u64,
}

impl From<&temper_api::Timings> for Timings {
    fn from(timings: &temper_api::Timings) -> Self {
        Self {
            started_at: timings.started_at.as_ref().map(|time| time.0.to_string()),
            completed_at: timings.completed_at.as_ref().map(|time| time.0.to_string()),
            baseline_ready_seconds: timings.baseline_ready_seconds.filter(|seconds| seconds.is_finite()),
            recording_seconds: timings.recording_seconds,
        }
    }
}

/// What Kubernetes defines.
fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}

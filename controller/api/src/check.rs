//! WorkloadHardeningCheck: what a user asks for, and what came of it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PodSecurityContext, SecurityContext};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, MicroTime};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Oracles, Outcome, PodSecurityLevel, Recommendation, ResourceAdvice, RunPhase, RunRole, SuggestedResources,
    TargetRef, annotation, schema,
};

/// Finds, by running clones of a workload, the strictest security settings under which it still works.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "temper.dev",
    version = "v1alpha1",
    kind = "WorkloadHardeningCheck",
    plural = "workloadhardeningchecks",
    singular = "workloadhardeningcheck",
    shortname = "whc",
    category = "temper",
    namespaced,
    status = "CheckStatus",
    derive = "PartialEq",
    printcolumn(name = "Target", type_ = "string", json_path = ".status.target"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Verified", type_ = "string", json_path = r#".status.conditions[?(@.type=="Verified")].status"#),
    printcolumn(name = "Level", type_ = "string", json_path = ".status.verification.level"),
    printcolumn(name = "Proven", type_ = "string", json_path = ".status.summary"),
    printcolumn(name = "Message", type_ = "string", json_path = r#".status.conditions[?(@.type=="Complete")].message"#, priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = kube::core::cel::Rule::new("self.metadata.name.size() <= 200").message(
        "metadata.name: at most 200 characters, because the names of its runs are made from it"
    )
)]
#[serde(rename_all = "camelCase")]
// Every field but `suspend` stays as it was created, and has a default so that none can come or go unseen.
pub struct WorkloadHardeningCheckSpec {
    /// The workload to harden, in the namespace of the check.
    #[schemars(extend("x-kubernetes-validations" = [schema::fixed()]))]
    pub target_ref: TargetRef,
    /// How long each run is recorded, counted from the moment that its clone is Ready. At least 10s, at most 24h.
    #[serde(default = "default_recording_duration")]
    #[schemars(length(min = 2, max = 16), regex(pattern = r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?$"))]
    #[schemars(extend("x-kubernetes-validations" = [
        schema::fixed(),
        {
            "rule": "duration(self) >= duration('10s') && duration(self) <= duration('24h')",
            "messageExpression": "\"spec.recordingDuration: '\" + self + \"' is not between 10s and 24h: write it like 90s, 5m or 1h30m\"",
            "message": "spec.recordingDuration must be between 10s and 24h: write it like 90s, 5m or 1h30m"
        }
    ]))]
    pub recording_duration: String,
    /// In which order runs are made.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-validations" = [schema::fixed()]))]
    pub run_mode: RunMode,
    /// Ids of the settings to try; all where none is named.
    #[serde(default)]
    #[schemars(schema_with = "schema::settings")]
    pub settings: Vec<String>,
    /// Part of every run, baselines too, wherever the workload says nothing itself; recommended with the rest.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-validations" = [schema::fixed()]))]
    pub security_context: BaseSecurityContext,
    /// User and group ids to try. What is left out is taken from the running image where it can be read, else 1000.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-validations" = [schema::fixed()]))]
    pub identity: Identity,
    /// How the recommendation as a whole is verified.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-validations" = [schema::fixed()]))]
    pub verification: VerificationMode,
    /// Start no run, and end those that have not ended. What has ended counts when the check goes on.
    #[serde(default)]
    pub suspend: bool,
    /// How far the clones are kept apart from everything else.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-validations" = [schema::fixed()]))]
    pub isolation: Isolation,
    /// How strictly the workload is judged.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-validations" = [schema::fixed()]))]
    pub oracles: Oracles,
    /// What is done about requests and limits that containers lack.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-validations" = [schema::fixed()]))]
    pub resources: ResourceAdvice,
}

fn default_recording_duration() -> String {
    "5m".to_owned()
}

/// In which order runs are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RunMode {
    /// Baselines and everything at once; single settings only where that fails. The fewest runs.
    #[default]
    Adaptive,
    /// Every single setting from the first wave on. The least time where much fails.
    Parallel,
    /// One clone at a time. The least load.
    Sequential,
}

/// How the recommendation as a whole is verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VerificationMode {
    /// The run that had the recommended settings, recorded in full, is the verification.
    #[default]
    Included,
    /// One more run of the same settings must pass.
    Independent,
}

/// What is part of every run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaseSecurityContext {
    /// Fields of the Pod's `securityContext`, as Kubernetes spells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any_object")]
    pub pod: Option<PodSecurityContext>,
    /// Fields of every container's `securityContext`, as Kubernetes spells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any_object")]
    pub container: Option<SecurityContext>,
}

/// Numeric ids to run as.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// User id, not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub run_as_user: Option<i64>,
    /// Group id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub run_as_group: Option<i64>,
    /// Group that owns the volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub fs_group: Option<i64>,
}

/// How far clones are kept apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Isolation {
    /// Which neighbours of the workload are cloned with it.
    #[serde(default)]
    pub dependencies: Dependencies,
    /// Where the Pods of a clone may connect to.
    #[serde(default)]
    pub egress: Egress,
    /// Mount hostPath and inline remote volumes of the source into its clones, too. They then share state with it.
    #[serde(default)]
    pub allow_shared: bool,
}

/// Which neighbours are cloned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Dependencies {
    /// All workloads of the namespace.
    #[default]
    Namespace,
    /// The workload alone.
    None,
}

/// Where clones may connect to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Egress {
    /// Cluster DNS and the clone itself.
    #[default]
    Deny,
    /// Also private addresses of the cluster's Pods and Services.
    ClusterOnly,
    /// Anywhere.
    Allow,
}

/// What came of a check.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckStatus {
    /// Generation that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The target as Kind/name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Where the check stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<CheckPhase>,
    /// Since when the check waits for its target, or went on after it was suspended or retried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub waiting_since: Option<MicroTime>,
    /// SHA-256 of the target's Pod template as it was accepted: a target that changes ends the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_hash: Option<String>,
    /// W3C trace id of the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Value of the annotation `temper.dev/retry` that this status answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retried: Option<String>,
    /// Settings proven of settings applicable, as `5/7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Accepted, Complete, Verified, Suspended, EgressFenced, CleanedUp.
    #[serde(default)]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Every run in the order of its start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunSummary>,
    /// The verdict on each setting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<SettingStatus>,
    /// What clones leave out or change for safety, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What to put into the Pod template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<Recommendation>,
    /// How the recommendation as a whole was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// Requests and limits that containers lack, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, SuggestedResources>,
    /// Name of the HardeningReport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// What the check cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// When things happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timings: Option<Timings>,
}

impl WorkloadHardeningCheck {
    /// The value of the annotation `temper.dev/retry` that its status does not answer yet.
    pub fn open_retry(&self) -> Option<&str> {
        let token = self.metadata.annotations.as_ref()?.get(annotation::RETRY)?;
        let answered = self.status.as_ref().and_then(|status| status.retried.as_ref());
        (answered != Some(token)).then_some(token)
    }
}

impl CheckStatus {
    /// The condition of a type, whatever it says.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.type_ == kind)
    }

    /// The condition of a type, if it is True.
    pub fn holds(&self, kind: &str) -> Option<&Condition> {
        self.condition(kind).filter(|condition| condition.status == "True")
    }
}

/// Where a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CheckPhase {
    /// Not yet accepted, or waiting for its target.
    Pending,
    /// Holds still until it is resumed.
    Suspended,
    /// Baselines and the candidate with every setting run.
    Recording,
    /// Settings are tried one by one.
    Searching,
    /// The recommendation as a whole runs.
    Verifying,
    /// Ended.
    Complete,
}

/// One run as its check remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    /// Short name within the check, such as `baseline-1`.
    pub name: String,
    /// What it was for.
    pub role: RunRole,
    /// Ids of the settings under test, each followed by a slash and a container where it is about one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
    /// What makes them possible, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<String>,
    /// It ended once it had been Ready for a while: not recorded in full, and nothing to recommend.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub screening: bool,
    /// Where it stands.
    pub phase: RunPhase,
    /// One sentence: the first finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Workers that it took, where more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Seconds from the start of the check to the start of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_seconds: Option<f64>,
    /// Seconds from the start of the clone to its being Ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_seconds: Option<f64>,
    /// Seconds from the start of the check to the end of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_seconds: Option<f64>,
}

/// What became of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SettingState {
    /// Part of the verified recommendation, and the running process showed it.
    Proven,
    /// Breaks the workload.
    Rejected,
    /// The node ignores it or cannot show it: not part of the recommendation.
    Unproven,
    /// The source has it already.
    AlreadySet,
    /// Under test.
    Pending,
}

/// The verdict on one setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingStatus {
    /// Id; the Pod Security Standards' check id where there is one.
    pub id: String,
    /// Container that it is about; none where it is about the Pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// What became of it.
    pub state: SettingState,
    /// Run that decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Why, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What makes it possible, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<String>,
    /// Findings that do not fail it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// How the recommendation was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// The run that had the recommendation as a whole, recorded in full.
    pub run: String,
    /// Its outcome.
    pub outcome: Outcome,
    /// The level of the Pod Security Standards that the recommendation reaches.
    pub level: PodSecurityLevel,
    /// The API server admitted its exact Pod in a namespace that enforces the level (a dry run).
    pub admitted: bool,
    /// What the API server answered where it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What a check cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Runs started.
    pub runs: u32,
    /// Clone namespaces made, repeated attempts included.
    pub clones: u32,
    /// Seconds that clones existed, summed over all.
    pub clone_seconds: f64,
}

/// When things happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Timings {
    /// The first run was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub started_at: Option<MicroTime>,
    /// The verdict stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub completed_at: Option<MicroTime>,
    /// The slower baseline's own time to Ready, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_ready_seconds: Option<f64>,
    /// The recording duration, in seconds.
    #[serde(default)]
    pub recording_seconds: u64,
}

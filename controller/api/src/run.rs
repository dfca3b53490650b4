//! CheckRun: one experiment.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    BaseSecurityContext, CheckRef, FindingRecord, Isolation, Learned, Oracles, Outcome, PodSecurityLevel, Probe,
    Repairs, SuggestedResources, TargetRef, schema,
};

/// One experiment: a clone of the target with the settings under test, recorded by one Job.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "temper.dev",
    version = "v1alpha1",
    kind = "CheckRun",
    plural = "checkruns",
    singular = "checkrun",
    shortname = "crun",
    category = "temper",
    namespaced,
    status = "CheckRunStatus",
    derive = "PartialEq",
    printcolumn(name = "Check", type_ = "string", json_path = ".spec.check.name"),
    printcolumn(name = "Role", type_ = "string", json_path = ".spec.role"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Attempt", type_ = "integer", json_path = ".status.attempt"),
    printcolumn(name = "Clone", type_ = "string", json_path = ".status.cloneNamespace", priority = 1),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.message", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = kube::core::cel::Rule::new("self.spec == oldSelf.spec").message(
        "spec: a run cannot be changed: its check creates another"
    )
)]
#[serde(rename_all = "camelCase")]
pub struct CheckRunSpec {
    /// The check that this run belongs to.
    pub check: CheckRef,
    /// Short name within the check, such as `baseline-1`.
    #[schemars(length(min = 1, max = 40))]
    pub run: String,
    /// What it is for.
    pub role: RunRole,
    /// The workload.
    pub target_ref: TargetRef,
    /// What is under test: ids of settings, each followed by a slash and a container where it is about one. None for a
    /// baseline.
    #[serde(default)]
    pub settings: Vec<String>,
    /// What makes them possible.
    #[serde(default)]
    pub repairs: Repairs,
    /// The run ends once it was Ready for a while: not recorded in full, and nothing to recommend.
    #[serde(default)]
    pub screening: bool,
    /// Requests and limits of containers that say none, by their names: the recommendation is tried with them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, SuggestedResources>,
    /// What is part of every run of the check.
    #[serde(default)]
    pub security_context: BaseSecurityContext,
    /// How long to record once the clone is Ready, in seconds.
    #[schemars(range(min = 10, max = 86_400))]
    pub recording_seconds: u64,
    /// How far the clone is kept apart.
    #[serde(default)]
    pub isolation: Isolation,
    /// How strictly the workload is judged.
    #[serde(default)]
    pub oracles: Oracles,
    /// What the workload is asked to learn whether it still does what it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub probes: Vec<Probe>,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RunRole {
    /// The workload as it is.
    Baseline,
    /// Some settings.
    Candidate,
    /// The recommendation as a whole.
    Verification,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RunPhase {
    /// Waits for a free place.
    #[default]
    Pending,
    /// Its namespace and objects are being made.
    Cloning,
    /// Its Pods start.
    Starting,
    /// Its Pods are Ready and recorded.
    Recording,
    /// Everything is recorded; the verdict waits for the baselines.
    Judging,
    /// The workload works.
    Passed,
    /// The workload does not work.
    Failed,
    /// It could not be decided.
    Inconclusive,
    /// Infrastructure failed.
    Error,
    /// Ended because its check did.
    Cancelled,
}

impl RunPhase {
    /// Whether the run has ended.
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Pending | Self::Cloning | Self::Starting | Self::Recording | Self::Judging => false,
            Self::Passed | Self::Failed | Self::Inconclusive | Self::Error | Self::Cancelled => true,
        }
    }
}

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckRunStatus {
    /// Generation that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Where it stands.
    #[serde(default)]
    pub phase: RunPhase,
    /// Counts the workers from 1; more than 1 where infrastructure failed.
    #[serde(default)]
    pub attempt: u32,
    /// The attempt that made the present clone: what earlier ones recorded is of another one and does not count.
    #[serde(default)]
    pub clone_attempt: u32,
    /// Clones that it took; more than 1 where a recording was lost.
    #[serde(default)]
    pub clones: u32,
    /// Why it ended without a verdict, one of the reasons of conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// One sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The namespace of the clone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clone_namespace: Option<String>,
    /// The run left Pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub started_at: Option<MicroTime>,
    /// Label selector of the target's Pods in the clone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_selector: Option<String>,
    /// How many of them must be Ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_pods: Option<u32>,
    /// What the clone leaves out or changes for safety, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The objects of the clone were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub cloned_at: Option<MicroTime>,
    /// Every Pod of the clone was Ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub ready_at: Option<MicroTime>,
    /// Ready without fault for so long that a failure would be a surprise: the search may build on it.
    #[serde(default)]
    pub promising: bool,
    /// It says what would fail it, while it is still recorded: the search does not wait for it.
    #[serde(default)]
    pub doubtful: bool,
    /// All that fails it, or will, is one message that may have come of chance, and no refusal: it counts only if the same run
    /// fails once more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub slight: bool,
    /// The worker had recorded everything; the verdict came after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub recorded_at: Option<MicroTime>,
    /// The run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub ended_at: Option<MicroTime>,
    /// Nothing that the run made was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub cleaned_at: Option<MicroTime>,
    /// The attempts before this one, in order, each ended by a failure of infrastructure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost_attempts: Vec<LostAttempt>,
    /// The verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The evidence, first the cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingRecord>,
    /// What the running processes showed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<ProofFact>,
    /// What it taught: of a baseline, what it was seen to do; of a candidate, what its failure asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<Learned>,
    /// Level of the Pod Security Standards of the Pods that ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<PodSecurityLevel>,
    /// The API server admits the exact Pod in a namespace that enforces the level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admitted: Option<bool>,
    /// What the API server answered where it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission_message: Option<String>,
}

/// An attempt that infrastructure ended. It began when the one before ended, the first when the run left Pending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LostAttempt {
    /// Counts from 1.
    pub attempt: u32,
    /// The objects of the clone were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub cloned_at: Option<MicroTime>,
    /// Every Pod of the clone was Ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub ready_at: Option<MicroTime>,
    /// Its worker was given up.
    #[schemars(schema_with = "schema::time")]
    pub ended_at: MicroTime,
    /// Why, in one sentence.
    pub message: String,
}

/// Whether the running process of a container shows a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProofFact {
    /// Container.
    pub container: String,
    /// Id of the setting.
    pub setting: String,
    /// The process shows it.
    pub shown: bool,
    /// What was read, such as `NoNewPrivs: 1`.
    pub fact: String,
}

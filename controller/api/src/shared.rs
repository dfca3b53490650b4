//! Types that more than one kind uses.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PodSecurityContext, SecurityContext};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema;

/// The workload under test, in the namespace of the object that names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetRef {
    /// API version of the workload.
    #[serde(default = "TargetRef::default_api_version")]
    #[schemars(length(max = 128))]
    pub api_version: String,
    /// Kind of the workload: Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, Pod, or one that the
    /// installation's `controller.templatePaths` lists.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Name of the workload.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

impl TargetRef {
    fn default_api_version() -> String {
        "apps/v1".to_owned()
    }
}

impl std::fmt::Display for TargetRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// The check that something belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckRef {
    /// Name of the check, in the same namespace.
    pub name: String,
    /// UID of the check.
    pub uid: String,
}

/// What an experiment showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Outcome {
    /// The workload works.
    Passed,
    /// The workload works and says something new: recommended, with the warnings listed.
    Warned,
    /// The workload does not work under the settings.
    Failed,
    /// What was recorded does not decide it.
    Inconclusive,
    /// Infrastructure failed; the settings are not to blame.
    Error,
}

/// How much a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FindingWeight {
    /// Fails the run.
    Fail,
    /// Listed with the recommendation.
    Warn,
    /// For information.
    Note,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingRecord {
    /// Id of the oracle, such as TC-03.
    pub oracle: String,
    /// Name of the rule within the oracle.
    pub rule: String,
    /// How much it counts.
    pub weight: FindingWeight,
    /// Container that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The masked log message, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// One line as it was logged, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// How often it was seen in each baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline_counts: Vec<u64>,
    /// How often it was seen in this run.
    #[serde(default)]
    pub count: u64,
    /// One sentence for people.
    pub message: String,
}

/// Levels of the Pod Security Standards, from least to most restrictive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum PodSecurityLevel {
    /// Unrestricted.
    Privileged,
    /// Prevents known privilege escalations.
    Baseline,
    /// Current hardening best practice.
    Restricted,
}

impl PodSecurityLevel {
    /// The value of the `pod-security.kubernetes.io/enforce` label.
    pub fn label_value(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// The settings to put into the Pod template, as Kubernetes spells them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recommendation {
    /// `spec.securityContext` of the Pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any_object")]
    pub pod_security_context: Option<PodSecurityContext>,
    /// `securityContext` of each container, init containers too, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::any_object")]
    pub containers: BTreeMap<String, SecurityContext>,
    /// `spec.automountServiceAccountToken` of the Pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automount_service_account_token: Option<bool>,
    /// What else is changed so that the settings hold: one sentence each. The patch has it all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<String>,
}

/// What makes settings possible that would break the workload by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Repairs {
    /// Group that owns the volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fs_group: Option<i64>,
    /// Ports below 1024 are open to every user, by the sysctl `net.ipv4.ip_unprivileged_port_start`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unprivileged_ports: bool,
    /// Of each container, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub containers: BTreeMap<String, Mend>,
}

/// What helps one container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mend {
    /// User to run as, not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// Group to run as, not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<i64>,
    /// User that it runs as in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_user: Option<i64>,
    /// Paths that are writable, each a volume that begins like this.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub directories: BTreeMap<String, Fill>,
    /// Capabilities that are added back after all were dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// Value of `HOME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
}

/// What a writable directory begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Fill {
    /// Nothing.
    Empty,
    /// What the image has at that path.
    Copied,
}

/// What a run taught about its workload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Learned {
    /// What a hardened run must have to do what this one was seen to do.
    #[serde(default)]
    pub required: Repairs,
    /// What may help a run that failed.
    #[serde(default)]
    pub helpful: Repairs,
}

//! Kinds of workload: where each holds its Pod template, and which patch it takes.

mod custom;
mod patch;

use std::fmt;

use serde_json::Value;

pub use custom::{Custom, Invalid};
pub use patch::Patch;

/// A kind with a Pod template. A bare Pod is its own template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Pods without a name of their own, rolled out.
    Deployment,
    /// Pods with ordinals and volumes of their own.
    StatefulSet,
    /// A Pod on every node.
    DaemonSet,
    /// Pods without a name of their own, as they are.
    ReplicaSet,
    /// Pods that run to their end.
    Job,
    /// Jobs at their times.
    CronJob,
    /// One Pod.
    Pod,
    /// A kind of somebody's operator, at whose Pod template the configuration points.
    Custom(Custom),
}

impl Kind {
    /// Those that every cluster has.
    pub const BUILT_IN: [Self; 7] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::Job,
        Self::CronJob,
        Self::Pod,
    ];

    /// The kind of this name in this API version, among those of every cluster and these.
    pub fn find(api_version: &str, name: &str, custom: &[Custom]) -> Option<Self> {
        let custom = custom.iter().cloned().map(Self::Custom);
        let mut all = Self::BUILT_IN.into_iter().chain(custom);
        all.find(|kind| kind.api_version() == api_version && kind.name() == name)
    }

    /// The built-in kind of an object, which says itself what it is.
    pub fn of(object: &Value) -> Option<Self> {
        let text = |field: &str| object.get(field).and_then(Value::as_str);
        Self::find(text("apiVersion")?, text("kind")?, &[])
    }

    /// API version, such as `apps/v1`.
    pub fn api_version(&self) -> &str {
        match self {
            Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::ReplicaSet => "apps/v1",
            Self::Job | Self::CronJob => "batch/v1",
            Self::Pod => "v1",
            Self::Custom(custom) => &custom.api_version,
        }
    }

    /// Name, as manifests spell it.
    pub fn name(&self) -> &str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Pod => "Pod",
            Self::Custom(custom) => &custom.name,
        }
    }

    /// JSON pointer to the Pod template: an object with the Pod's `metadata` and `spec`.
    pub fn template(&self) -> &str {
        match self {
            Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::ReplicaSet | Self::Job => "/spec/template",
            Self::CronJob => "/spec/jobTemplate/spec/template",
            Self::Pod => "",
            Self::Custom(custom) => &custom.template,
        }
    }

    /// JSON pointer to the Pod's `spec`.
    pub fn pod(&self) -> String {
        format!("{}/spec", self.template())
    }

    /// JSON pointer to the labels that the Pods get.
    pub fn labels(&self) -> String {
        format!("{}/metadata/labels", self.template())
    }

    /// JSON pointer to the number of Pods, where the object says one.
    pub fn replicas(&self) -> Option<&str> {
        match self {
            Self::Deployment | Self::StatefulSet | Self::ReplicaSet => Some("/spec/replicas"),
            Self::DaemonSet | Self::Job | Self::CronJob | Self::Pod => None,
            Self::Custom(custom) => custom.replicas.as_deref(),
        }
    }

    /// Whether the API server refuses to change the Pod template of an object that is there: a patch is for its
    /// manifest then.
    pub fn is_fixed(&self) -> bool {
        match self {
            Self::Pod | Self::Job => true,
            Self::Deployment
            | Self::StatefulSet
            | Self::DaemonSet
            | Self::ReplicaSet
            | Self::CronJob
            | Self::Custom(_) => false,
        }
    }
}

/// Such as `Job of batch/v1`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.name(), self.api_version())
    }
}

#[cfg(test)]
mod tests;

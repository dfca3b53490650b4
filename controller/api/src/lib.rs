//! The custom resources of group `temper.dev`, version `v1alpha1`, and the rules that the API server holds them to.
//!
//! ```text
//! WorkloadHardeningCheck ──owns──▶ CheckRun          both in the namespace of the workload
//!          │
//!          └──writes──▶ HardeningReport ◀──owns── the workload itself
//! ```
//!
//! This crate holds types and names. It decides nothing and talks to nobody.

#![allow(
    clippy::duplicated_attributes,
    reason = "the lint takes the columns of a kube attribute for repetitions"
)]

mod check;
mod names;
mod oracles;
mod probes;
mod report;
mod resources;
mod run;
mod schema;
mod shared;

pub use check::{
    BaseSecurityContext, CheckPhase, CheckStatus, Cost, Dependencies, Egress, Exercise, Identity, Isolation, RunMode,
    RunSummary, SettingState, SettingStatus, Timings, Verification, VerificationMode, WorkloadHardeningCheck,
    WorkloadHardeningCheckSpec,
};
pub use names::{MANAGER, SETTINGS, annotation, clone_name, condition, finalizer, label, reason};
pub use oracles::{MetricsEndpoint, Oracles, PortMode, ResourceMode};
pub use probes::{ExecProbe, Header, HttpProbe, JobProbe, Probe, ProbeMode, Scheme, TcpProbe};
pub use report::{Evidence, HardeningReport, HardeningReportSpec, Point, Series};
pub use resources::{Exercised, ResourceAdvice, SuggestedResources};
pub use run::{CheckRun, CheckRunSpec, CheckRunStatus, LostAttempt, ProofFact, RunPhase, RunRole};
pub use shared::{
    CheckRef, Fill, FindingRecord, FindingWeight, Learned, Mend, Outcome, PodSecurityLevel, Recommendation, Repairs,
    TargetRef,
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// The definitions of all kinds, in the order in which the chart installs them.
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![WorkloadHardeningCheck::crd(), CheckRun::crd(), HardeningReport::crd()]
}

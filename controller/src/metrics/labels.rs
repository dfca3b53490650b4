//! The labels. All values come from closed lists: no name of anybody's object is one.

use prometheus_client::encoding::EncodeLabelSet;

/// Kinds of objects that the janitor removes.
pub(super) const ORPHANS: [&str; 3] = ["Namespace", "Job", "ServiceAccount"];

/// Why a worker was lost: its Job failed, is gone, or ended before its time.
pub(super) const FAILED: &str = "failed";
pub(super) const GONE: &str = "gone";
pub(super) const ENDED_EARLY: &str = "ended_early";

/// Kind of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Kind {
    pub(crate) kind: &'static str,
}

/// Labels of a reconcile failure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Failure {
    /// Kind of the object.
    pub(crate) kind: &'static str,
    /// Category of the error.
    pub(crate) category: &'static str,
}

/// How a request failed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Category {
    pub(super) category: &'static str,
}

/// Why something ended or was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Reason {
    pub(super) reason: &'static str,
}

/// Labels of an ended run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Ended {
    pub(super) outcome: &'static str,
    pub(super) role: &'static str,
}

/// A phase of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfPhase {
    pub(super) phase: &'static str,
}

/// Labels of a finding. Oracles have a closed list of rules; a status holds them as texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Rule {
    pub(super) rule: String,
    pub(super) weight: String,
}

//! Every metric, registered in one place.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge};
use prometheus_client::registry::Registry;

/// Labels of a reconcile failure; both come from closed lists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Failure {
    /// Kind of the object.
    pub(crate) kind: &'static str,
    /// Category of the error.
    pub(crate) category: &'static str,
}

/// Labels of an ended run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Ended {
    /// Outcome.
    pub(crate) outcome: &'static str,
}

/// What the controller counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metrics {
    /// Reconciles that failed and are repeated.
    pub(crate) reconcile_failures: Family<Failure, Counter>,
    /// Runs that ended, by outcome.
    pub(crate) runs_ended: Family<Ended, Counter>,
    /// Places that runs hold.
    pub(crate) places_held: Gauge,
    /// Runs that wait for a place.
    pub(crate) runs_waiting: Gauge,
    /// Messages taken from JetStream.
    pub(crate) messages_ingested: Counter,
    /// Messages that are not what the wire says.
    pub(crate) messages_malformed: Counter,
}

impl Metrics {
    /// Makes the metrics and the registry that shows them.
    pub(crate) fn register() -> (Self, Registry) {
        let metrics = Self::default();
        let mut registry = Registry::with_prefix("temper");
        let Self {
            reconcile_failures,
            runs_ended,
            places_held,
            runs_waiting,
            messages_ingested,
            messages_malformed,
        } = metrics.clone();
        registry.register(
            "reconcile_failures",
            "Reconciles that failed and are repeated",
            reconcile_failures,
        );
        registry.register("runs_ended", "Runs that ended", runs_ended);
        registry.register("places_held", "Clones that exist", places_held);
        registry.register("runs_waiting", "Runs that wait for a place", runs_waiting);
        registry.register("messages_ingested", "Messages taken from JetStream", messages_ingested);
        registry.register(
            "messages_malformed",
            "Messages that could not be decoded",
            messages_malformed,
        );
        (metrics, registry)
    }
}

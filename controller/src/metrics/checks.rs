//! Checks by phase and reason, counted when somebody asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use kube::runtime::reflector::Store;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use temper_api::{CheckPhase, CheckStatus, WorkloadHardeningCheck, condition, reason};

/// Reasons of the condition Complete.
const REASONS: [&str; 25] = [
    reason::INVALID_SPEC,
    reason::TARGET_NOT_FOUND,
    reason::UNKNOWN_KIND,
    reason::TARGET_NOT_READY,
    reason::TARGET_DELETED,
    reason::TARGET_CHANGED,
    reason::TARGET_BUSY,
    reason::NAME_TAKEN,
    reason::SHARED_VOLUME,
    reason::CLONE_REFUSED,
    reason::CLONE_FAILED,
    reason::INFRASTRUCTURE_FAILED,
    reason::CANCELLED,
    reason::SUSPENDED,
    reason::RETRIED,
    reason::RECORDING,
    reason::SEARCHING,
    reason::VERIFYING,
    reason::VERIFIED,
    reason::NOTHING_PROVEN,
    reason::NOT_EXERCISED,
    reason::UNVERIFIED,
    reason::ALREADY_HARDENED,
    reason::BASELINE_UNSTABLE,
    reason::RUN_ERROR,
];

/// The reason as a label: a status could hold anything, a label must not.
pub(super) fn known(reason: &str) -> &'static str {
    REASONS.into_iter().find(|known| *known == reason).unwrap_or("Other")
}

/// The checks that the controller of checks watches.
#[derive(Clone, Default)]
pub(crate) struct Checks(Arc<OnceLock<Store<WorkloadHardeningCheck>>>);

impl Checks {
    pub(super) fn register(all: &mut Registry) -> Self {
        let checks = Self::default();
        all.register_collector(Box::new(checks.clone()));
        checks
    }

    /// Names the store that is counted. The first one stays.
    pub(crate) fn count(&self, store: Store<WorkloadHardeningCheck>) {
        let _ = self.0.set(store);
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Checks").field(&self.0.get().map(Store::len)).finish()
    }
}

impl Collector for Checks {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut counts: BTreeMap<_, i64> = BTreeMap::new();
        for check in self.0.get().map(Store::state).unwrap_or_default() {
            *counts.entry(labels(check.status.as_ref())).or_default() += 1;
        }
        let help = "Checks by phase and reason of their condition Complete";
        let mut metric = encoder.encode_descriptor("checks", help, None, MetricType::Gauge)?;
        for (labels, count) in counts {
            ConstGauge::new(count).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

fn labels(status: Option<&CheckStatus>) -> [(&'static str, &'static str); 2] {
    let phase = match status.and_then(|status| status.phase) {
        None | Some(CheckPhase::Pending) => "Pending",
        Some(CheckPhase::Suspended) => "Suspended",
        Some(CheckPhase::Recording) => "Recording",
        Some(CheckPhase::Searching) => "Searching",
        Some(CheckPhase::Verifying) => "Verifying",
        Some(CheckPhase::Complete) => "Complete",
    };
    let complete = status.and_then(|status| status.condition(condition::COMPLETE));
    let reason = complete.map_or("None", |complete| known(&complete.reason));
    [("phase", phase), ("reason", reason)]
}

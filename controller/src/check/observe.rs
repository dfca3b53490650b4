//! Reads the runs of a check.

use std::sync::Arc;

use kube::ResourceExt as _;
use temper_api::{CheckRun, Identity, RunPhase, RunRole, WorkloadHardeningCheck};
use temper_core::search;

use crate::context::Context;
use crate::run::observe::role;

/// The runs of a check, in the order of their creation.
pub(super) struct Seen {
    pub(super) runs: Vec<Arc<CheckRun>>,
}

impl Seen {
    /// The runs as the search sees them.
    pub(super) fn history(&self) -> Vec<search::Run> {
        let run = |run: &Arc<CheckRun>| search::Run {
            name: run.spec.run.clone(),
            role: role(run.spec.role),
            settings: super::settings(run),
            state: super::state(run),
        };
        self.runs.iter().map(run).collect()
    }

    /// What the baselines were seen to run as.
    pub(super) fn observed_identity(&self) -> Option<&Identity> {
        let mut baselines = self.runs.iter().filter(|run| run.spec.role == RunRole::Baseline);
        baselines.find_map(|run| run.status.as_ref()?.observed_identity.as_ref())
    }

    pub(super) fn run(&self, name: &str) -> Option<&CheckRun> {
        self.runs.iter().map(|run| &**run).find(|run| run.spec.run == name)
    }
}

/// The runs that count: not those that are being removed so that they can be made anew.
pub(super) fn observe(check: &WorkloadHardeningCheck, context: &Context) -> Seen {
    let mut runs = context.runs_of(&check.namespace().unwrap_or_default(), &check.uid().unwrap_or_default());
    runs.retain(|run| {
        let cancelled = run
            .status
            .as_ref()
            .is_some_and(|status| status.phase == RunPhase::Cancelled);
        run.metadata.deletion_timestamp.is_none() && !cancelled
    });
    runs.sort_by_cached_key(|run| {
        (
            run.creation_timestamp().map(|time| time.0),
            run.spec.role != RunRole::Baseline,
            run.spec.run.clone(),
        )
    });
    Seen { runs }
}

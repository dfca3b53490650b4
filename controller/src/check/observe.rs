//! Reads the runs of a check.

use kube::ResourceExt as _;
use temper_api::{CheckRun, Identity, RunRole, WorkloadHardeningCheck};
use temper_core::search;

use crate::context::Context;
use crate::error::Result;
use crate::run::observe::role;

/// The runs of a check, in the order of their creation.
pub(super) struct Seen {
    pub(super) runs: Vec<CheckRun>,
}

impl Seen {
    /// The runs as the search sees them.
    pub(super) fn history(&self) -> Vec<search::Run> {
        let run = |run: &CheckRun| search::Run {
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
        self.runs.iter().find(|run| run.spec.run == name)
    }
}

pub(super) async fn observe(check: &WorkloadHardeningCheck, context: &Context) -> Result<Seen> {
    let mut runs = context
        .runs_of(&check.namespace().unwrap_or_default(), &check.uid().unwrap_or_default())
        .await?;
    runs.sort_by_cached_key(|run| {
        (
            run.creation_timestamp().map(|time| time.0),
            run.spec.role != RunRole::Baseline,
            run.spec.run.clone(),
        )
    });
    Ok(Seen { runs })
}

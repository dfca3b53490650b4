//! Reads the runs of a check.

use kube::ResourceExt as _;
use temper_api::{CheckRun, Identity, RunPhase, RunRole, WorkloadHardeningCheck};
use temper_core::search;

use crate::context::Context;
use crate::error::Result;
use crate::run::observe::{follow, role};

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

    /// The baselines that passed.
    pub(super) fn baselines(&self) -> impl Iterator<Item = &CheckRun> {
        let passed = |run: &&CheckRun| {
            let phase = run.status.as_ref().map(|status| status.phase);
            run.spec.role == RunRole::Baseline && phase == Some(RunPhase::Passed)
        };
        self.runs.iter().filter(passed)
    }

    /// What the baselines that passed say of each other, as far as their recordings are read.
    pub(super) fn agreement(&self, context: &Context) -> Result<search::Agreement> {
        let mut recordings = Vec::new();
        for run in self.baselines() {
            follow(run, context)?;
            recordings.push(context.ingest.recording(&run.spec.check.uid, &run.spec.run));
        }
        Ok(search::agreement(&recordings.iter().collect::<Vec<_>>()))
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

//! Reads the runs of a check.

use std::sync::Arc;

use kube::ResourceExt as _;
use temper_api::{CheckRun, FindingWeight, RunPhase, RunRole, WorkloadHardeningCheck};
use temper_core::oracle::Oracle;
use temper_core::recording::Missing;
use temper_core::search;

use crate::context::Context;
use crate::error::Result;
use crate::repairs;
use crate::run::make::items;
use crate::run::observe::{extent, known, role};

/// The runs of a check, in the order of their creation.
pub(super) struct Seen {
    pub(super) runs: Vec<Arc<CheckRun>>,
    /// Those that ended because a check of theirs did: of one that goes on they are in the way.
    pub(super) cancelled: Vec<Arc<CheckRun>>,
}

/// Baselines that passed.
pub(super) struct Baselines<'a> {
    pub(super) passed: usize,
    /// What they say of each other.
    pub(super) agreement: search::Agreement,
    /// Those of which the stream has lost what was recorded.
    pub(super) lost: Vec<&'a CheckRun>,
}

impl Seen {
    /// The runs as the search sees them.
    pub(super) fn history(&self) -> Vec<search::Run> {
        let run = |run: &Arc<CheckRun>| search::Run {
            name: run.spec.run.clone(),
            role: role(run.spec.role),
            items: items(run),
            repairs: repairs::of(&run.spec.repairs),
            extent: extent(run),
            complains: complains(run),
            slight: run.status.as_ref().is_some_and(|status| status.slight),
            state: super::state(run),
        };
        self.searched().iter().map(run).collect()
    }

    /// The runs that the search asked for: not the one that tries requests and limits.
    pub(super) fn searched(&self) -> Vec<Arc<CheckRun>> {
        let searched = self.runs.iter().filter(|run| run.spec.resources.is_empty());
        searched.cloned().collect()
    }

    /// The baselines that passed.
    pub(super) fn passed(&self) -> impl Iterator<Item = &CheckRun> {
        let runs = self.runs.iter().map(|run| &**run);
        runs.filter(|run| run.spec.role == RunRole::Baseline && super::state(run) == search::State::Passed)
    }

    /// The baselines that passed, as far as their recordings are read.
    pub(super) fn baselines(&self, context: &Context) -> Result<Baselines<'_>> {
        let mut recordings = Vec::new();
        let mut lost = Vec::new();
        for run in self.passed() {
            let known = known(run, context)?;
            let is_gone = known.recording.ended().is_none() || known.recording.missing() == Some(Missing::Gone);
            if known.current && is_gone {
                lost.push(run);
            }
            recordings.push(known.recording);
        }
        Ok(Baselines {
            passed: recordings.len(),
            agreement: search::agreement(&recordings.iter().map(|recording| &**recording).collect::<Vec<_>>()),
            lost,
        })
    }

    pub(super) fn run(&self, name: &str) -> Option<&CheckRun> {
        self.runs.iter().map(|run| &**run).find(|run| run.spec.run == name)
    }
}

/// Whether a run that works says something new.
fn complains(run: &CheckRun) -> bool {
    let status = run.status.as_ref();
    let mut findings = status.into_iter().flat_map(|status| &status.findings);
    let logs = Oracle::Logs.to_string();
    status.is_some_and(|status| status.phase == RunPhase::Passed)
        && findings.any(|finding| finding.weight == FindingWeight::Warn && finding.oracle == logs)
}

/// The runs that count: not those that are being removed so that they can be made anew.
pub(super) fn observe(check: &WorkloadHardeningCheck, context: &Context) -> Seen {
    let runs = context.runs_of(&check.namespace().unwrap_or_default(), &check.uid().unwrap_or_default());
    let there = runs.into_iter().filter(|run| run.metadata.deletion_timestamp.is_none());
    let (cancelled, mut runs): (Vec<_>, Vec<_>) = there.partition(|run| {
        let status = run.status.as_ref();
        status.is_some_and(|status| status.phase == RunPhase::Cancelled)
    });
    runs.sort_by_cached_key(|run| {
        (
            run.creation_timestamp().map(|time| time.0),
            run.spec.role != RunRole::Baseline,
            run.spec.run.clone(),
        )
    });
    Seen { runs, cancelled }
}

//! Suggests requests and limits from the recordings of a check.

use std::collections::BTreeMap;

use temper_api::{Exercised, ResourceAdvice, RunRole, SuggestedResources, Verification, WorkloadHardeningCheck};
use temper_core::recording::Recording;
use temper_core::resources::{Exercise, exercise, suggest};

use super::observe::Seen;
use super::target::SourceWorkload;
use crate::context::Context;
use crate::error::Result;
use crate::run::observe::known;

/// What each container lacks, from the baselines that passed and the run that is recommended, if there is one.
pub(super) fn suggested(
    check: &WorkloadHardeningCheck,
    context: &Context,
    seen: &Seen,
    source: &SourceWorkload,
    verification: Option<&Verification>,
) -> Result<BTreeMap<String, SuggestedResources>> {
    if check.spec.resources == ResourceAdvice::Off {
        return Ok(BTreeMap::new());
    }
    let mut recordings = Vec::new();
    for run in &seen.runs {
        let is_baseline = run.spec.role == RunRole::Baseline && super::state(run) == temper_core::search::State::Passed;
        if is_baseline || verification.is_some_and(|verification| verification.run == run.spec.run) {
            recordings.push(known(run, context)?.recording);
        }
    }
    let recordings: Vec<&Recording> = recordings.iter().map(|recording| &**recording).collect();
    let exercised = match exercise(&recordings) {
        Exercise::Unknown => Exercised::Unknown,
        Exercise::Probed => Exercised::Probed,
    };
    let suggestions = suggest(&source.pod, &recordings).into_iter();
    let told = suggestions.map(|(container, suggestion)| {
        let (requests, limits) = suggestion.quantities();
        let told = SuggestedResources {
            requests,
            limits,
            exercised,
            tested: false,
        };
        (container, told)
    });
    Ok(told.collect())
}

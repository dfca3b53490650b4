//! Suggests requests and limits from the recordings of a check, and tries the recommendation with them where asked to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kube::runtime::controller::Action;
use temper_api::{Exercised, ResourceAdvice, SuggestedResources, Verification, WorkloadHardeningCheck};
use temper_core::recording::Recording;
use temper_core::resources::{Exercise, exercise, suggest};
use temper_core::search::{Conclusion, Extent, Role, Start, State};

use super::exercise::drivers;
use super::observe::Seen;
use super::target::SourceWorkload;
use crate::context::Context;
use crate::error::Result;
use crate::repairs;
use crate::run::make::items;
use crate::run::observe::known;

/// Name of the run that tries them. No run of a search has it.
const RUN: &str = "resources";

/// What is to be done about the recommendation before the check ends.
pub(super) enum Test {
    /// It is tried with these.
    Start(Start, BTreeMap<String, SuggestedResources>),
    /// Nothing yet.
    Wait(Action),
    /// Nothing more. Where it passed, the run that tried them is the recommendation.
    Over(Conclusion),
}

/// Whether the recommendation is still to be tried with the requests and limits that its recordings suggest.
pub(super) fn test(
    check: &WorkloadHardeningCheck,
    context: &Context,
    seen: &Seen,
    source: &SourceWorkload,
    conclusion: Conclusion,
) -> Result<Test> {
    let Conclusion::Verified {
        run: name,
        items: proven,
        budget_spent,
    } = &conclusion
    else {
        return Ok(Test::Over(conclusion));
    };
    if check.spec.resources != ResourceAdvice::Test {
        return Ok(Test::Over(conclusion));
    }
    if let Some(tried) = seen.run(RUN) {
        return Ok(match super::state(tried) {
            State::Passed => Test::Over(Conclusion::Verified {
                run: RUN.to_owned(),
                items: proven.clone(),
                budget_spent: *budget_spent,
            }),
            State::Open | State::Promising | State::Doubtful => Test::Wait(Action::await_change()),
            State::Screened | State::Failed | State::Inconclusive | State::Error => Test::Over(conclusion),
        });
    }
    let Some(proof) = seen.run(name) else {
        return Ok(Test::Over(conclusion));
    };
    let recorded = Recorded::of(seen, Some(name), context)?;
    if !recorded.current {
        // What a restarted controller reads again wakes runs, not the check.
        return Ok(Test::Wait(Action::requeue(Duration::from_secs(1))));
    }
    let resources = recorded.suggestions(check, source);
    if resources.is_empty() {
        return Ok(Test::Over(conclusion));
    }
    let start = Start {
        name: RUN.to_owned(),
        role: Role::Verification,
        items: items(proof),
        repairs: repairs::of(&proof.spec.repairs),
        extent: Extent::Full,
    };
    Ok(Test::Start(start, resources))
}

/// What each container lacks, from the baselines that passed and the run that is recommended, if there is one; or what
/// it was tried with.
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
    let name = verification.map(|verification| verification.run.as_str());
    if let Some(tried) = seen.run(RUN) {
        let mut resources = tried.spec.resources.clone();
        for suggested in resources.values_mut() {
            suggested.tested = name == Some(RUN);
        }
        return Ok(resources);
    }
    Ok(Recorded::of(seen, name, context)?.suggestions(check, source))
}

/// Why the recommendation does not have them, where it was tried with them.
pub(super) fn failed(seen: &Seen) -> Option<String> {
    let tried = seen.run(RUN).filter(|run| super::state(run) != State::Passed)?;
    let why = tried.status.as_ref().and_then(|status| status.message.as_deref());
    let why = why.unwrap_or("it gave no reason");
    Some(format!(
        "run `{RUN}` did not pass with the requests and limits that are suggested: {why}"
    ))
}

/// What is known of the runs that suggestions are made from.
struct Recorded {
    recordings: Vec<Arc<Recording>>,
    /// Everything of them has been read.
    current: bool,
}

impl Recorded {
    /// The baselines that passed, and the run of this name.
    fn of(seen: &Seen, name: Option<&str>, context: &Context) -> Result<Self> {
        let mut recorded = Self {
            recordings: Vec::new(),
            current: true,
        };
        for run in seen.passed().chain(name.and_then(|name| seen.run(name))) {
            let known = known(run, context)?;
            recorded.current &= known.current;
            recorded.recordings.push(known.recording);
        }
        Ok(recorded)
    }

    fn suggestions(
        &self,
        check: &WorkloadHardeningCheck,
        source: &SourceWorkload,
    ) -> BTreeMap<String, SuggestedResources> {
        let recordings: Vec<&Recording> = self.recordings.iter().map(|recording| &**recording).collect();
        let exercised = match exercise(&recordings, &drivers(&check.spec.probes)) {
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
        told.collect()
    }
}

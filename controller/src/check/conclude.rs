//! Ends a check: what is recommended, what each setting came to, and the report that proves it.

use std::collections::BTreeSet;

use kube::runtime::controller::Action;
use temper_api::{
    CheckPhase, CheckRun, CheckStatus, FindingWeight, Outcome, PodSecurityLevel, Recommendation, SettingState,
    SettingStatus, Verification, WorkloadHardeningCheck, condition, reason,
};
use temper_core::recommend::{self, recommend};
use temper_core::repair::Repairs;
use temper_core::search::{self, Conclusion};
use temper_core::setting::{Item, Scope};

use super::observe::Seen;
use super::target::SourceWorkload;
use super::{exercise, report, resources, status};
use crate::context::Context;
use crate::error::Result;
use crate::run::make::items as items_of;
use crate::{clock, repairs};

/// The check cannot be carried out.
pub(super) async fn reject(
    check: &WorkloadHardeningCheck,
    context: &Context,
    reason: &'static str,
    message: &str,
) -> Result<Action> {
    let mut new = check.status.clone().unwrap_or_default();
    new.phase = Some(CheckPhase::Complete);
    if new.template_hash.is_none() {
        status::set(check, &mut new, condition::ACCEPTED, false, reason, message);
    }
    status::set(check, &mut new, condition::COMPLETE, true, reason, message);
    status::set(check, &mut new, condition::VERIFIED, false, reason, message);
    status::write(check, context, new).await?;
    Ok(Action::await_change())
}

/// The search is over.
pub(super) async fn conclude(
    check: &WorkloadHardeningCheck,
    context: &Context,
    seen: &Seen,
    source: &SourceWorkload,
    seconds: u64,
    conclusion: Conclusion,
) -> Result<Action> {
    let mut new = status::current(check, context, seen, source, seconds);
    new.phase = Some(CheckPhase::Complete);
    new.cost = Some(status::cost(&seen.runs));
    if let Conclusion::Verified { run, .. } = &conclusion {
        new.exercise = exercise::of(check, context, seen, run);
    }
    let idle = new.exercise.as_ref().filter(|exercise| !exercise.exercised);
    let idle = idle
        .filter(|_| check.spec.oracles.require_exercise)
        .map(|exercise| exercise.message.clone());
    let is_recommended = matches!(conclusion, Conclusion::Verified { .. }) && idle.is_none();
    let end = match &conclusion {
        Conclusion::Verified { run, .. } if idle.is_some() => end(
            reason::NOT_EXERCISED,
            &format!("run `{run}` passed, but {}", idle.unwrap_or_default()),
        ),
        Conclusion::Verified { run, items, .. } => verified(&mut new, seen, source, run, items),
        Conclusion::AlreadyHardened => end(reason::ALREADY_HARDENED, "the workload has every setting already"),
        Conclusion::NothingProven { .. } => end(reason::NOTHING_PROVEN, "the workload works with none of the settings"),
        Conclusion::Unverified { run } => {
            let text = format!(
                "what passed once did not pass again in run `{run}`: {}",
                message(seen, run)
            );
            end(reason::UNVERIFIED, &text)
        }
        Conclusion::BaselineUnstable { runs, findings } => {
            let names = runs.join("`, `");
            let first = runs.first().map(String::as_str).unwrap_or_default();
            let text = if let Some(finding) = findings.first() {
                let how = finding.sentence();
                format!("the unchanged workload differs from run to run (`{names}`): {how}")
            } else {
                let why = message(seen, first);
                format!("the unchanged workload does not work in its clone `{names}`: {why}")
            };
            end(reason_of(seen, first, reason::BASELINE_UNSTABLE), &text)
        }
        Conclusion::Undecided { run } => {
            let text = format!("run `{run}` could not be carried out: {}", message(seen, run));
            end(reason_of(seen, run, reason::RUN_ERROR), &text)
        }
    };
    if !is_recommended {
        new.settings = verdicts(seen, source, None, &BTreeSet::new());
    }
    let count = |states: &[SettingState]| new.settings.iter().filter(|s| states.contains(&s.state)).count();
    let applicable = count(&[SettingState::Proven, SettingState::Rejected]);
    new.summary = Some(format!("{}/{applicable}", count(&[SettingState::Proven])));
    if let Some(timings) = &mut new.timings {
        let ready = new
            .runs
            .iter()
            .filter(|run| run.role == temper_api::RunRole::Baseline)
            .filter_map(|r| r.ready_seconds);
        timings.baseline_ready_seconds = ready.reduce(f64::max);
        timings.completed_at = Some(clock::stamp());
    }
    if matches!(
        conclusion,
        Conclusion::Verified { budget_spent: true, .. } | Conclusion::NothingProven { budget_spent: true }
    ) {
        let spent = format!("the search ended after {} runs: more settings may hold", search::BUDGET);
        new.notes.push(spent);
    }
    new.resources = resources::suggested(check, context, seen, source, new.verification.as_ref())?;
    new.notes.extend(resources::failed(seen));
    new.report = report::write(check, context, seen, source, &new, &end).await?;
    let is_verified = is_recommended || conclusion == Conclusion::AlreadyHardened;
    status::set(check, &mut new, condition::COMPLETE, true, &end.reason, &end.message);
    status::set(
        check,
        &mut new,
        condition::VERIFIED,
        is_verified,
        &end.reason,
        &end.message,
    );
    status::write(check, context, new).await?;
    Ok(Action::await_change())
}

/// How the check ended.
pub(super) struct End {
    pub(super) reason: String,
    pub(super) message: String,
}

fn end(reason: impl Into<String>, message: &str) -> End {
    End {
        reason: reason.into(),
        message: message.to_owned(),
    }
}

/// The run's own reason if it has one.
fn reason_of(seen: &Seen, run: &str, otherwise: &str) -> String {
    let own = seen.run(run).and_then(|run| run.status.as_ref()?.reason.clone());
    own.unwrap_or_else(|| otherwise.to_owned())
}

fn message(seen: &Seen, run: &str) -> String {
    let message = seen.run(run).and_then(|run| run.status.as_ref()?.message.clone());
    message.unwrap_or_else(|| "it gave no reason".to_owned())
}

fn verified(new: &mut CheckStatus, seen: &Seen, source: &SourceWorkload, name: &str, items: &BTreeSet<Item>) -> End {
    let run = seen.run(name);
    if let Some(run) = run {
        let recommendation = recommend(&source.pod, &report::hardened(source, run));
        new.recommendation = Some(Recommendation {
            pod_security_context: recommendation.pod,
            containers: recommendation.containers,
            automount_service_account_token: recommendation.automount_service_account_token,
            repairs: repairs::of(&run.spec.repairs).sentences(),
        });
    }
    let run_status = run.and_then(|run| run.status.clone()).unwrap_or_default();
    let proven = recommend::proven(items, &facts(run));
    let level = run_status.level.unwrap_or(PodSecurityLevel::Privileged);
    new.verification = Some(Verification {
        run: name.to_owned(),
        outcome: run_status.outcome.unwrap_or(Outcome::Inconclusive),
        level,
        admitted: run_status.admitted.unwrap_or(false),
        message: run_status.admission_message.clone(),
    });
    new.settings = verdicts(seen, source, run, &proven);
    let admitted = match run_status.admitted {
        Some(true) => "admitted at",
        Some(false) => "refused at",
        None => "not tried at",
    };
    let text = format!(
        "{} of {} settings are proven by run `{name}`, {admitted} level {}",
        proven.len(),
        source.applicable.len(),
        level.label_value()
    );
    end(reason::VERIFIED, &text)
}

/// What the processes of a run showed, as core knows it.
fn facts(run: Option<&CheckRun>) -> Vec<recommend::Fact> {
    let proof = run
        .and_then(|run| run.status.as_ref())
        .map(|status| status.proof.clone())
        .unwrap_or_default();
    let fact = |fact: temper_api::ProofFact| {
        let item = fact.setting.parse::<Item>().ok()?;
        let item = match item.setting.scope() {
            Scope::Pod => item,
            Scope::Container => item.setting.of(&fact.container),
        };
        Some(recommend::Fact {
            container: fact.container,
            item,
            shown: fact.shown,
            fact: fact.fact,
        })
    };
    proof.into_iter().filter_map(fact).collect()
}

/// The verdict on everything that was or could be tried, given the run that is recommended and what it proved.
fn verdicts(
    seen: &Seen,
    source: &SourceWorkload,
    recommended: Option<&CheckRun>,
    proven: &BTreeSet<Item>,
) -> Vec<SettingStatus> {
    let items = recommended.map(items_of).unwrap_or_default();
    let repairs = recommended
        .map(|run| repairs::of(&run.spec.repairs))
        .unwrap_or_default();
    Item::all(&source.pod)
        .filter_map(|item| verdict(seen, source, (recommended, &items, &repairs), proven, &item))
        .collect()
}

/// The verdict on one item; none on one that the check does not ask for, or the workload has no use for.
fn verdict(
    seen: &Seen,
    source: &SourceWorkload,
    (recommended, items, repairs): (Option<&CheckRun>, &BTreeSet<Item>, &Repairs),
    proven: &BTreeSet<Item>,
    item: &Item,
) -> Option<SettingStatus> {
    let (state, run, message) = if proven.contains(item) {
        (SettingState::Proven, recommended, None)
    } else if items.contains(item) {
        let why = "no process could be seen to have it: it stays in the recommendation that was run".to_owned();
        (SettingState::Unproven, recommended, Some(why))
    } else if source.already_set.contains(item) {
        (SettingState::AlreadySet, None, None)
    } else if let Some((_, why)) = source.excluded.iter().find(|(excluded, _)| excluded == item) {
        (SettingState::Unproven, None, Some((*why).to_owned()))
    } else if source.applicable.contains(item) {
        let (state, run) = decisive(seen, item);
        let why = run.and_then(|run| run.status.as_ref()?.message.clone());
        (state, run, why)
    } else {
        return None;
    };
    let is_proven = state == SettingState::Proven;
    let of_item = BTreeSet::from([item.clone()]);
    Some(SettingStatus {
        id: item.setting.to_string(),
        container: item.container.clone(),
        state,
        run: run.map(|run| run.spec.run.clone()),
        message,
        repairs: if is_proven {
            repairs.of(&of_item).sentences()
        } else {
            Vec::new()
        },
        warnings: match run {
            Some(run) if is_proven => warnings(seen, run, &of_item),
            _ => Vec::new(),
        },
    })
}

/// The smallest failed run that had the item says most about it. Without one nothing speaks against it, but that it
/// could not be tried.
fn decisive<'a>(seen: &'a Seen, item: &Item) -> (SettingState, Option<&'a CheckRun>) {
    let smallest = |is_wanted: fn(search::State) -> bool| {
        let runs = seen.runs.iter().map(|run| &**run);
        // Of two of one size, the later one had more repairs.
        runs.filter(|run| items_of(run).contains(item) && is_wanted(super::state(run)))
            .rev()
            .min_by_key(|run| run.spec.settings.len())
    };
    match smallest(|state| state == search::State::Failed) {
        Some(run) => (SettingState::Rejected, Some(run)),
        None => (SettingState::Unproven, smallest(|state| state != search::State::Passed)),
    }
}

/// Warnings of the run that had the item alone; of the whole if there was none.
fn warnings(seen: &Seen, whole: &CheckRun, item: &BTreeSet<Item>) -> Vec<String> {
    let mut runs = seen.runs.iter().map(|run| &**run);
    let alone = runs.find(|run| items_of(run) == *item);
    let status = alone.unwrap_or(whole).status.as_ref();
    let findings = status.into_iter().flat_map(|status| &status.findings);
    findings
        .filter(|finding| finding.weight == FindingWeight::Warn)
        .map(|finding| finding.message.clone())
        .collect()
}

//! Ends a check: what is recommended, what each setting came to, and the report that proves it.

use std::collections::BTreeSet;

use kube::runtime::controller::Action;
use temper_api::{
    CheckPhase, CheckRun, CheckStatus, FindingWeight, Outcome, PodSecurityLevel, Recommendation, SettingState,
    SettingStatus, Verification, WorkloadHardeningCheck, condition, reason,
};
use temper_core::recommend::{self, recommend};
use temper_core::search::{self, Conclusion};
use temper_core::setting::Setting;

use super::observe::Seen;
use super::target::SourceWorkload;
use super::{report, status};
use crate::context::Context;
use crate::error::Result;
use crate::run::make::settings as settings_of;
use crate::{clock, identity};

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
    let end = match &conclusion {
        Conclusion::Verified { run, settings, .. } => verified(&mut new, check, seen, source, run, settings),
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
    let proven: BTreeSet<String> = new
        .settings
        .iter()
        .filter(|s| s.state == SettingState::Proven)
        .map(|s| s.id.clone())
        .collect();
    if !matches!(conclusion, Conclusion::Verified { .. }) {
        new.settings = rejected(seen, source, &BTreeSet::new(), &BTreeSet::new());
    }
    let applicable = new
        .settings
        .iter()
        .filter(|s| matches!(s.state, SettingState::Proven | SettingState::Rejected))
        .count();
    new.summary = Some(format!("{}/{applicable}", proven.len()));
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
    new.report = report::write(check, context, seen, source, &new, &end).await?;
    let is_verified = matches!(conclusion, Conclusion::Verified { .. } | Conclusion::AlreadyHardened);
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

fn verified(
    new: &mut CheckStatus,
    check: &WorkloadHardeningCheck,
    seen: &Seen,
    source: &SourceWorkload,
    name: &str,
    settings: &BTreeSet<Setting>,
) -> End {
    let run = seen.run(name);
    let ids = run.map(|run| identity::of(&run.spec.identity)).unwrap_or_default();
    let base = crate::run::make::base(&check.spec.security_context);
    let recommendation = recommend(&source.pod, &base, settings, &ids);
    new.recommendation = Some(Recommendation {
        pod_security_context: recommendation.pod,
        containers: recommendation.containers,
        automount_service_account_token: recommendation.automount_service_account_token,
    });
    let run_status = run.and_then(|run| run.status.clone()).unwrap_or_default();
    let facts = facts(run);
    let proven = recommend::proven(settings, &facts);
    let level = run_status.level.unwrap_or(PodSecurityLevel::Privileged);
    new.verification = Some(Verification {
        run: name.to_owned(),
        outcome: run_status.outcome.unwrap_or(Outcome::Inconclusive),
        level,
        admitted: run_status.admitted.unwrap_or(false),
        message: run_status.admission_message.clone(),
    });
    new.settings = rejected(seen, source, settings, &proven);
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
        let setting = fact.setting.parse().ok()?;
        Some(recommend::Fact {
            container: fact.container,
            setting,
            shown: fact.shown,
            fact: fact.fact,
        })
    };
    proof.into_iter().filter_map(fact).collect()
}

/// The verdict on every setting, given those of the recommendation and those that were proven.
fn rejected(
    seen: &Seen,
    source: &SourceWorkload,
    recommended: &BTreeSet<Setting>,
    proven: &BTreeSet<Setting>,
) -> Vec<SettingStatus> {
    let mut list = Vec::new();
    for setting in Setting::all() {
        let (state, run, message) = if proven.contains(&setting) {
            (SettingState::Proven, verdict_run(seen, recommended), None)
        } else if recommended.contains(&setting) {
            let why = "no process could be seen to have it: it stays in the recommendation that was run".to_owned();
            (SettingState::Unproven, verdict_run(seen, recommended), Some(why))
        } else if source.already_set.contains(&setting) {
            (SettingState::AlreadySet, None, None)
        } else if let Some((_, why)) = source.excluded.iter().find(|(excluded, _)| *excluded == setting) {
            (SettingState::Unproven, None, Some((*why).to_owned()))
        } else if source.applicable.contains(&setting) {
            let (state, run) = decisive(seen, setting);
            let why = run.and_then(|run| run.status.as_ref()?.message.clone());
            (state, run, why)
        } else {
            // The check does not ask for it.
            continue;
        };
        let warnings = match state {
            SettingState::Proven => run.map(|run| warnings(seen, run, setting)).unwrap_or_default(),
            SettingState::Rejected | SettingState::Unproven | SettingState::AlreadySet | SettingState::Pending => {
                Vec::new()
            }
        };
        list.push(SettingStatus {
            id: setting.to_string(),
            state,
            run: run.map(|run| run.spec.run.clone()),
            message,
            warnings,
        });
    }
    list
}

fn verdict_run<'a>(seen: &'a Seen, settings: &BTreeSet<Setting>) -> Option<&'a CheckRun> {
    let passed = |run: &&CheckRun| settings_of(run) == *settings && super::state(run) == search::State::Passed;
    seen.runs.iter().map(|run| &**run).find(passed)
}

/// The smallest failed run that had the setting says most about it. Without one nothing speaks against the setting,
/// but that it could not be tried.
fn decisive(seen: &Seen, setting: Setting) -> (SettingState, Option<&CheckRun>) {
    let smallest = |is_wanted: fn(search::State) -> bool| {
        let runs = seen.runs.iter().map(|run| &**run);
        runs.filter(|run| settings_of(run).contains(&setting) && is_wanted(super::state(run)))
            .min_by_key(|run| run.spec.settings.len())
    };
    match smallest(|state| state == search::State::Failed) {
        Some(run) => (SettingState::Rejected, Some(run)),
        None => (SettingState::Unproven, smallest(|state| state != search::State::Passed)),
    }
}

/// Warnings of the run that had the setting alone; of the whole if there was none.
fn warnings(seen: &Seen, whole: &CheckRun, setting: Setting) -> Vec<String> {
    let mut runs = seen.runs.iter().map(|run| &**run);
    let alone = runs.find(|run| settings_of(run) == BTreeSet::from([setting]));
    let status = alone.unwrap_or(whole).status.as_ref();
    let findings = status.into_iter().flat_map(|status| &status.findings);
    findings
        .filter(|finding| finding.weight == FindingWeight::Warn)
        .map(|finding| finding.message.clone())
        .collect()
}

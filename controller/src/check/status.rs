//! Writes a check's status.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, MicroTime, Time};
use kube::ResourceExt as _;
use temper_api::{
    CheckPhase, CheckRun, CheckStatus, Cost, Egress, RunSummary, SettingState, SettingStatus, Timings,
    WorkloadHardeningCheck, annotation, condition, reason,
};

use super::observe::Seen;
use super::target::SourceWorkload;
use crate::context::Context;
use crate::error::Result;
use crate::{announce, clock, repairs, trace};

/// Whether the check has ended.
pub(super) fn is_complete(check: &WorkloadHardeningCheck) -> bool {
    !super::is_open(check)
}

/// Writes the whole status, if it changed.
pub(super) async fn write(check: &WorkloadHardeningCheck, context: &Context, mut status: CheckStatus) -> Result<()> {
    status.observed_generation = check.metadata.generation;
    if super::is_open(check) {
        // A check that has not ended is not repeated: whatever was asked for until now is answered.
        status.retried = check.annotations().get(annotation::RETRY).cloned();
    }
    status.target = Some(check.spec.target_ref.to_string());
    if check.status.as_ref() == Some(&status) {
        return Ok(());
    }
    let complete = status.holds(condition::COMPLETE).filter(|_| super::is_open(check));
    let ends = complete.map(|complete| complete.reason.clone());
    if ends.is_some() {
        trace::check_ended(check, &status, context).await;
    }
    context.write_status(check, &status).await?;
    if let Some(reason) = ends {
        let age = check
            .creation_timestamp()
            .map(|created| jiff::Timestamp::now().duration_since(created.0));
        context
            .metrics
            .check_ended(&reason, age.unwrap_or_default().as_secs_f64());
    }
    announce::check(check, &status, context).await;
    Ok(())
}

/// A check that is deleted before its end leaves no hole in its trace either.
pub(super) async fn deleted(check: &WorkloadHardeningCheck, context: &Context) {
    if super::is_open(check) {
        let status = check.status.clone().unwrap_or_default();
        trace::check_ended(check, &status, context).await;
    }
}

/// Sets a condition; its time changes only with its status.
pub(super) fn set(
    check: &WorkloadHardeningCheck,
    status: &mut CheckStatus,
    kind: &str,
    value: bool,
    reason: &str,
    message: &str,
) {
    let value = if value { "True" } else { "False" };
    let old = status.conditions.iter().position(|condition| condition.type_ == kind);
    let old = old.map(|index| status.conditions.remove(index));
    let since = old
        .filter(|old| old.status == value)
        .map(|old| old.last_transition_time);
    // Conditions have whole seconds.
    let now = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap_or_default();
    status.conditions.push(Condition {
        type_: kind.to_owned(),
        status: value.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        observed_generation: check.metadata.generation,
        last_transition_time: since.unwrap_or(Time(now)),
    });
    status.conditions.sort_by(|a, b| a.type_.cmp(&b.type_));
}

/// Whether nobody noted yet since when the check waits for its target.
pub(super) fn is_waiting_unknown(check: &WorkloadHardeningCheck) -> bool {
    check
        .status
        .as_ref()
        .is_none_or(|status| status.waiting_since.is_none())
}

/// Notes that the check waits from now on: it was created, resumed or retried.
pub(super) async fn waits(check: &WorkloadHardeningCheck, context: &Context) -> Result<()> {
    let mut status = check.status.clone().unwrap_or_default();
    status.waiting_since = Some(clock::stamp());
    status.phase.get_or_insert(CheckPhase::Pending);
    if status.condition(condition::SUSPENDED).is_some() {
        set(
            check,
            &mut status,
            condition::SUSPENDED,
            false,
            reason::RESUMED,
            "spec.suspend is false: the check goes on",
        );
    }
    write(check, context, status).await
}

/// Whether the target was found fit and the runs may start.
pub(super) fn is_accepted(check: &WorkloadHardeningCheck) -> bool {
    check
        .status
        .as_ref()
        .is_some_and(|status| status.template_hash.is_some())
}

/// The target is fit: from now on it must stay as it is.
pub(super) async fn accept(check: &WorkloadHardeningCheck, context: &Context, source: &SourceWorkload) -> Result<()> {
    let mut status = check.status.clone().unwrap_or_default();
    status.template_hash = Some(source.template_hash.clone());
    status.trace_id = Some(trace::of_check(check).to_string());
    status.phase = Some(CheckPhase::Recording);
    set(
        check,
        &mut status,
        condition::ACCEPTED,
        true,
        reason::ACCEPTED,
        "spec and target are fit",
    );
    write(check, context, status).await
}

/// Nothing but the token is left of what came of the check before.
pub(super) async fn begin_again(check: &WorkloadHardeningCheck, context: &Context, token: &str) -> Result<()> {
    let mut status = CheckStatus {
        retried: Some(token.to_owned()),
        phase: Some(CheckPhase::Pending),
        ..CheckStatus::default()
    };
    let message = format!("annotation {} asked for another try", annotation::RETRY);
    set(
        check,
        &mut status,
        condition::COMPLETE,
        false,
        reason::RETRIED,
        &message,
    );
    write(check, context, status).await
}

/// The check holds still.
pub(super) async fn suspended(check: &WorkloadHardeningCheck, context: &Context, seen: &Seen) -> Result<()> {
    let mut status = check.status.clone().unwrap_or_default();
    status.phase = Some(CheckPhase::Suspended);
    // How long it waits for its target counts anew when it goes on.
    status.waiting_since = None;
    let start = started(&seen.runs);
    status.runs = seen
        .runs
        .iter()
        .filter(|run| super::is_ended(run))
        .map(|run| summary(run, start))
        .collect();
    let message = "spec.suspend is true: what has ended counts, the rest is run again once it is false";
    set(
        check,
        &mut status,
        condition::SUSPENDED,
        true,
        reason::SUSPENDED,
        message,
    );
    set(
        check,
        &mut status,
        condition::COMPLETE,
        false,
        reason::SUSPENDED,
        message,
    );
    write(check, context, status).await
}

/// The target is not fit yet.
pub(super) async fn waiting(
    check: &WorkloadHardeningCheck,
    context: &Context,
    reason: &str,
    message: &str,
) -> Result<()> {
    let mut status = check.status.clone().unwrap_or_default();
    status.phase = Some(CheckPhase::Pending);
    set(check, &mut status, condition::ACCEPTED, false, reason, message);
    set(check, &mut status, condition::COMPLETE, false, reason, message);
    write(check, context, status).await
}

/// Runs are under way.
pub(super) async fn progress(
    check: &WorkloadHardeningCheck,
    context: &Context,
    seen: &Seen,
    source: &SourceWorkload,
    seconds: u64,
) -> Result<()> {
    let status = current(check, context, seen, source, seconds);
    write(check, context, status).await
}

/// The status that the runs as they stand amount to.
pub(super) fn current(
    check: &WorkloadHardeningCheck,
    context: &Context,
    seen: &Seen,
    source: &SourceWorkload,
    seconds: u64,
) -> CheckStatus {
    let mut status = check.status.clone().unwrap_or_default();
    let (phase, why) = super::phase(&seen.runs);
    status.phase = Some(phase);
    let ended = seen.runs.iter().filter(|run| super::is_ended(run)).count();
    let message = format!("{ended} of {} runs have ended", seen.runs.len());
    set(check, &mut status, condition::COMPLETE, false, why, &message);
    fenced(check, context, &mut status);
    let start = started(&seen.runs);
    status.runs = seen.runs.iter().map(|run| summary(run, start)).collect();
    let notes = seen
        .runs
        .iter()
        .filter_map(|run| Some(run.status.as_ref()?.notes.clone()));
    status.notes = notes.flatten().collect::<BTreeSet<String>>().into_iter().collect();
    status.timings = Some(Timings {
        started_at: start.map(MicroTime),
        completed_at: None,
        baseline_ready_seconds: None,
        recording_seconds: seconds,
    });
    let pending = source.applicable.iter().map(|item| SettingStatus {
        id: item.setting.to_string(),
        container: item.container.clone(),
        state: SettingState::Pending,
        run: None,
        message: None,
        repairs: Vec::new(),
        warnings: Vec::new(),
    });
    status.settings = pending.collect();
    status
}

fn fenced(check: &WorkloadHardeningCheck, context: &Context, status: &mut CheckStatus) {
    let (value, reason, message) = if check.spec.isolation.egress == Egress::Allow {
        (
            false,
            reason::EGRESS_ALLOWED,
            "spec.isolation.egress is Allow: clones may connect to anywhere",
        )
    } else if context.fenced {
        (
            true,
            reason::POLICY_ENGINE_FOUND,
            "a network policy engine runs in the cluster and closes the clones",
        )
    } else {
        (
            false,
            reason::NO_POLICY_ENGINE,
            "no known network policy engine runs in the cluster: the NetworkPolicies of the clones are not enforced",
        )
    };
    set(check, status, condition::EGRESS_FENCED, value, reason, message);
}

/// When the first run was created.
pub(super) fn started(runs: &[Arc<CheckRun>]) -> Option<jiff::Timestamp> {
    runs.iter()
        .filter_map(|run| run.creation_timestamp().map(|time| time.0))
        .min()
}

fn summary(run: &CheckRun, start: Option<jiff::Timestamp>) -> RunSummary {
    let status = run.status.clone().unwrap_or_default();
    let since = |from: Option<jiff::Timestamp>, time: &Option<MicroTime>| {
        let seconds = time.as_ref()?.0.duration_since(from?).as_secs_f64();
        Some((seconds * 10.0).round() / 10.0)
    };
    RunSummary {
        name: run.spec.run.clone(),
        role: run.spec.role,
        settings: run.spec.settings.clone(),
        repairs: repairs::of(&run.spec.repairs).sentences(),
        screening: run.spec.screening,
        phase: status.phase,
        message: status.message.clone(),
        attempts: (status.attempt > 1).then_some(status.attempt),
        started_seconds: since(start, &status.started_at),
        ready_seconds: since(status.started_at.as_ref().map(|time| time.0), &status.ready_at),
        ended_seconds: since(start, &status.ended_at),
    }
}

/// What the runs cost. Told at the end: a status that counts seconds would change with every look at it.
pub(super) fn cost(runs: &[Arc<CheckRun>]) -> Cost {
    let now = jiff::Timestamp::now();
    let mut cost = Cost::default();
    let mut seconds = 0.0;
    for status in runs.iter().filter_map(|run| run.status.as_ref()) {
        if let Some(started) = &status.started_at {
            cost.clones += status.clones;
            let end = status.ended_at.as_ref().map_or(now, |time| time.0);
            seconds += end.duration_since(started.0).as_secs_f64();
        }
    }
    cost.runs = u32::try_from(runs.len()).unwrap_or(u32::MAX);
    cost.clone_seconds = seconds.round();
    cost
}

/// The runs are gone, or not yet; and what keeps them.
pub(super) async fn cleaned(
    check: &WorkloadHardeningCheck,
    context: &Context,
    gone: bool,
    obstacle: Option<&str>,
) -> Result<()> {
    let mut status = check.status.clone().unwrap_or_default();
    let (reason, message) = match (gone, obstacle) {
        (true, _) => (
            reason::CLEANED_UP,
            "nothing that the check made is left but its report".to_owned(),
        ),
        (false, None) => (reason::CLEANING_UP, "clones are being removed".to_owned()),
        (false, Some(obstacle)) => (
            reason::CLEAN_UP_BLOCKED,
            format!("{obstacle}: mend that, and the rest follows by itself"),
        ),
    };
    set(check, &mut status, condition::CLEANED_UP, gone, reason, &message);
    write(check, context, status).await
}

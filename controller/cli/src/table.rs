//! A check as text for people.

mod grid;
#[cfg(test)]
mod tests;

use comfy_table::{Cell, Color};
use temper_api::{CheckPhase, CheckStatus, RunPhase, SettingState, WorkloadHardeningCheck, condition, reason};
use temper_report::{RunRow, SettingRow, Verdict, outcome, plain, role, run_phase, run_rows, seconds, setting_rows};

pub(crate) use self::grid::Look;
use self::grid::{drawn, table, tinted};
use crate::standing::{Standing, condition_of, holds};

/// Everything that is known of a check.
pub(crate) fn status(check: &WorkloadHardeningCheck, namespace: &str, look: Look) -> String {
    let standing = Standing::of(check.status.as_ref());
    let name = plain(check.metadata.name.as_deref().unwrap_or_default());
    let target = plain(&check.spec.target_ref.to_string());
    let mut lines = vec![format!(
        "{target} in namespace {namespace}: {}",
        headline(check.status.as_ref(), standing)
    )];
    if let Some(status) = &check.status {
        lines.extend(summary(status).into_iter().map(|line| format!("  {line}")));
        let parts = [
            settings(&setting_rows(&status.settings), look),
            runs(&run_rows(&status.runs), look),
            conditions(status, standing, look),
            costs(status),
        ];
        for part in parts.into_iter().flatten() {
            lines.extend([String::new(), part]);
        }
    }
    let steps = next_steps(check, &name, namespace, standing);
    if !steps.is_empty() {
        lines.extend([String::new(), format!("next: {}", steps.join("\n      "))]);
    }
    lines.join("\n") + "\n"
}

fn headline(status: Option<&CheckStatus>, standing: Standing) -> String {
    let reason = status.and_then(|status| condition_of(status, condition::COMPLETE));
    let reason = reason.map_or_else(String::new, |complete| format!(" ({})", plain(&complete.reason)));
    match (standing, status.and_then(|status| status.phase)) {
        (Standing::Ended(Verdict::Undecided), _) => format!("{}{reason}", Verdict::Undecided.word()),
        (Standing::Ended(verdict), _) => verdict.word().to_owned(),
        (Standing::Refused, _) => format!("not accepted{reason}"),
        (Standing::Running, Some(CheckPhase::Pending)) => format!("pending{reason}"),
        (Standing::Running, Some(phase)) => format!("{phase:?}").to_lowercase(),
        (Standing::Running, None) => "not yet seen by the controller".to_owned(),
    }
}

fn summary(status: &CheckStatus) -> Vec<String> {
    let mut lines = Vec::new();
    let mut facts = Vec::new();
    if let Some(summary) = &status.summary {
        facts.push(format!("{} settings proven", plain(summary)));
    }
    if let Some(verification) = &status.verification {
        let admitted = if verification.admitted { "admitted" } else { "refused" };
        facts.push(format!(
            "level {}, {admitted} by a dry run",
            verification.level.label_value()
        ));
        facts.push(format!(
            "verified by run {}: {}",
            plain(&verification.run),
            outcome(verification.outcome)
        ));
    }
    if !facts.is_empty() {
        lines.push(facts.join("; "));
    }
    let message = condition_of(status, condition::COMPLETE).map(|complete| plain(&complete.message));
    lines.extend(message.filter(|message| !message.is_empty()));
    if let Some(message) = status
        .verification
        .as_ref()
        .and_then(|verification| verification.message.as_deref())
    {
        lines.push(format!("the API server answered: {}", plain(message)));
    }
    lines
}

fn settings(rows: &[SettingRow], look: Look) -> Option<String> {
    let mut table = table(&["SETTING", "STATE", "RUN", "WHY"], look);
    for row in rows {
        let colour = match row.state {
            SettingState::Proven => Some(Color::Green),
            SettingState::Rejected => Some(Color::Red),
            SettingState::Unproven => Some(Color::Yellow),
            SettingState::AlreadySet | SettingState::Pending => None,
        };
        let warnings = row.warnings.iter().map(|warning| format!("warning: {warning}"));
        let why = std::iter::once(row.why.clone())
            .chain(warnings)
            .collect::<Vec<_>>()
            .join("\n");
        table.add_row(vec![
            Cell::new(&row.id),
            tinted(row.word, colour, look),
            Cell::new(&row.run),
            Cell::new(why),
        ]);
    }
    drawn(&table)
}

fn runs(rows: &[RunRow], look: Look) -> Option<String> {
    let mut table = table(&["RUN", "ROLE", "PHASE", "READY", "LASTED", "MESSAGE"], look);
    let span = |value: Option<f64>| Cell::new(value.map_or_else(|| "–".to_owned(), seconds));
    for row in rows {
        let colour = match row.phase {
            RunPhase::Passed => Some(Color::Green),
            RunPhase::Failed => Some(Color::Red),
            RunPhase::Inconclusive | RunPhase::Error => Some(Color::Yellow),
            RunPhase::Pending
            | RunPhase::Cloning
            | RunPhase::Starting
            | RunPhase::Recording
            | RunPhase::Judging
            | RunPhase::Cancelled => None,
        };
        table.add_row(vec![
            Cell::new(&row.name),
            Cell::new(role(row.role)),
            tinted(run_phase(row.phase), colour, look),
            span(row.ready_after()),
            span(row.lasted()),
            Cell::new(&row.message),
        ]);
    }
    drawn(&table)
}

/// What is not as it should be, beyond what the verdict itself says.
fn conditions(status: &CheckStatus, standing: Standing, look: Look) -> Option<String> {
    let mut table = table(&["CONDITION", "STATUS", "REASON", "MESSAGE"], look);
    let complete = condition_of(status, condition::COMPLETE);
    for condition in status.conditions.iter().filter(|condition| !holds(condition)) {
        let told = complete.is_some_and(|complete| complete.reason == condition.reason);
        let usual = match condition.type_.as_str() {
            condition::COMPLETE => true,
            condition::VERIFIED => standing == Standing::Running,
            condition::CLEANED_UP => condition.reason == reason::CLEANING_UP,
            _ => false,
        };
        if !told && !usual {
            let cells = [
                &condition.type_,
                &condition.status,
                &condition.reason,
                &condition.message,
            ];
            table.add_row(cells.map(|text| plain(text)));
        }
    }
    drawn(&table)
}

fn costs(status: &CheckStatus) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(cost) = &status.cost {
        parts.push(format!(
            "{} runs, {} clones, {} of clone time",
            cost.runs,
            cost.clones,
            seconds(cost.clone_seconds)
        ));
    }
    if let Some(timings) = &status.timings {
        if let (Some(start), Some(end)) = (&timings.started_at, &timings.completed_at) {
            let total = seconds(end.0.duration_since(start.0).as_secs_f64());
            parts.push(format!(
                "{total} to the verdict with recordings of {} s",
                timings.recording_seconds
            ));
        }
        if let Some(ready) = timings.baseline_ready_seconds {
            parts.push(format!("baseline Ready after {}", seconds(ready)));
        }
    }
    (!parts.is_empty()).then(|| format!("cost: {}", parts.join("; ")))
}

fn next_steps(check: &WorkloadHardeningCheck, name: &str, namespace: &str, standing: Standing) -> Vec<String> {
    let page = format!("kubectl temper report {name} -n {namespace} -f report.html");
    let has_report = check.status.as_ref().is_some_and(|status| status.report.is_some());
    match standing {
        Standing::Ended(Verdict::Verified) if has_report => {
            let target = &check.spec.target_ref;
            let kind = plain(&target.kind).to_lowercase();
            vec![
                format!("kubectl temper patch {name} -n {namespace} -f patch.yaml"),
                format!(
                    "kubectl patch {kind} {} -n {namespace} --patch-file patch.yaml",
                    plain(&target.name)
                ),
                page,
            ]
        }
        Standing::Ended(_) if has_report => vec![page],
        Standing::Ended(_) => Vec::new(),
        Standing::Refused => vec![format!(
            "kubectl delete whc {name} -n {namespace}, then mend it and check again"
        )],
        Standing::Running => vec![format!("kubectl temper status {name} -n {namespace} --watch")],
    }
}

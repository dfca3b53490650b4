//! A check as text for people.

pub(crate) mod grid;
mod news;
mod next;
#[cfg(test)]
mod tests;

use comfy_table::{Cell, Color};
use kube::ResourceExt;
use temper_api::{CheckPhase, CheckStatus, RunPhase, SettingState, WorkloadHardeningCheck, annotation, condition};
use temper_report::{
    RunRow, SettingRow, Verdict, known_seconds, outcome, plain, resource_sentences, role, run_rows, seconds,
    setting_rows,
};

pub(crate) use self::{grid::Look, news::News};
use self::{
    grid::{drawn, table, tinted},
    news::events,
    next::next_steps,
};
use crate::standing::Standing;

/// Everything that is known of a check.
pub(crate) fn status(check: &WorkloadHardeningCheck, namespace: &str, news: &News, look: Look) -> String {
    let standing = Standing::of(check.status.as_ref());
    let name = plain(check.metadata.name.as_deref().unwrap_or_default());
    let target = plain(&check.spec.target_ref.to_string());
    let mut lines = vec![format!(
        "{target} in namespace {namespace}: {}{}",
        headline(check.status.as_ref(), standing),
        outstanding(check, standing).map_or_else(String::new, |wish| format!(", {wish}"))
    )];
    if let Some(status) = &check.status {
        lines.extend(summary(status).into_iter().map(|line| format!("  {line}")));
        let parts = [
            settings(&setting_rows(&status.settings), look),
            runs(&run_rows(&status.runs), look),
            conditions(status, look),
            resources(status),
            notes(status),
            costs(status),
        ];
        for part in parts.into_iter().flatten() {
            lines.extend([String::new(), part]);
        }
    }
    if let Some(events) = events(news, look) {
        lines.extend([String::new(), events]);
    }
    let steps = next_steps(check, &name, namespace, standing);
    if !steps.is_empty() {
        lines.extend([String::new(), format!("next: {}", steps.join("\n      "))]);
    }
    lines.join("\n") + "\n"
}

fn headline(status: Option<&CheckStatus>, standing: Standing) -> String {
    let reason = status.and_then(|status| status.condition(condition::COMPLETE));
    let reason = reason.map_or_else(String::new, |complete| format!(" ({})", plain(&complete.reason)));
    match (standing, status.and_then(|status| status.phase)) {
        (Standing::Ended(Verdict::Undecided), _) => format!("{}{reason}", Verdict::Undecided.word()),
        (Standing::Ended(verdict), _) => verdict.word().to_owned(),
        (Standing::Refused, _) => format!("not accepted{reason}"),
        (Standing::Cancelled, _) => "cancelled, no verdict".to_owned(),
        (Standing::Suspended, _) => "suspended".to_owned(),
        (Standing::Running, Some(CheckPhase::Pending)) => format!("pending{reason}"),
        (Standing::Running, Some(phase)) => format!("{phase:?}").to_lowercase(),
        (Standing::Running, None) => "not yet seen by the controller".to_owned(),
    }
}

/// What was asked of a check, and it has not done yet.
fn outstanding(check: &WorkloadHardeningCheck, standing: Standing) -> Option<&'static str> {
    let annotations = check.annotations();
    if check.metadata.deletion_timestamp.is_some() {
        Some("being deleted")
    } else if standing.is_final() {
        check.open_retry().map(|_| "asked to begin anew")
    } else if annotations.contains_key(annotation::CANCEL) {
        Some("asked to end")
    } else if check.spec.suspend && standing == Standing::Running {
        Some("asked to hold still")
    } else if !check.spec.suspend && standing == Standing::Suspended {
        Some("asked to go on")
    } else {
        None
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
    let message = status
        .condition(condition::COMPLETE)
        .map(|complete| plain(&complete.message));
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
            tinted(&row.ended(), colour, look),
            Cell::new(known_seconds(row.ready_after())),
            Cell::new(known_seconds(row.lasted())),
            Cell::new(&row.message),
        ]);
    }
    drawn(&table)
}

/// Every condition with its reason; its message only where the lines above do not say it.
fn conditions(status: &CheckStatus, look: Look) -> Option<String> {
    let mut table = table(&["CONDITION", "STATUS", "REASON", "MESSAGE"], look);
    let told = status
        .condition(condition::COMPLETE)
        .map_or("", |complete| complete.message.as_str());
    for condition in &status.conditions {
        let message = Some(&condition.message).filter(|message| *message != told);
        table.add_row([
            plain(&condition.type_),
            plain(&condition.status),
            plain(&condition.reason),
            message.map(|message| plain(message)).unwrap_or_default(),
        ]);
    }
    drawn(&table)
}

fn resources(status: &CheckStatus) -> Option<String> {
    let lines = resource_sentences(&status.resources);
    (!lines.is_empty()).then(|| format!("resources: {}", lines.join("\n           ")))
}

fn notes(status: &CheckStatus) -> Option<String> {
    let notes: Vec<String> = status
        .notes
        .iter()
        .map(|note| format!("note: {}", plain(note)))
        .collect();
    (!notes.is_empty()).then(|| notes.join("\n"))
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

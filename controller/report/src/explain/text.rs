//! An explanation for people.

use super::{Explained, Explanation, Proof, Repair, Standards, Try};
use crate::{
    json::term::{End, State},
    words::{count, plain},
};

/// How a try is told: a few at most, as a search may have many.
const TRIES: usize = 6;

/// A heading, then a paragraph for each setting.
pub(super) fn text(explanation: &Explanation) -> String {
    let heading = format!("{}: {}\n", plain(&explanation.target), plain(&explanation.outcome));
    let paragraphs = explanation.settings.iter().map(paragraph);
    std::iter::once(heading)
        .chain(paragraphs)
        .collect::<Vec<_>>()
        .join("\n")
}

fn paragraph(setting: &Explained) -> String {
    let mut lines = vec![head(setting), format!("  {}", setting.meaning)];
    let mut say = |label: &str, text: &str| lines.push(format!("  {label}: {}", plain(text)));
    say("why", &setting.why);
    if let Some(line) = &setting.line {
        say("line", line);
    }
    for Proof { container, shown, fact } in &setting.proof {
        say(
            if *shown { "shown" } else { "not shown" },
            &format!("container `{container}`: {fact}"),
        );
    }
    for change in &setting.changes {
        say("patch", &format!("{}: {}", change.field, change.value));
    }
    for Repair { what, fields } in &setting.repairs {
        let places = if fields.is_empty() {
            String::new()
        } else {
            format!(", at {}", fields.join(" and "))
        };
        say("repair", &format!("{what}{places}"));
    }
    for warning in &setting.warnings {
        say("warning", warning);
    }
    if !setting.tried.is_empty() {
        say("runs", &tries(&setting.tried));
    }
    if let Some(needs) = setting.needs {
        say("needs", needs);
    }
    if let Some(standards) = standards(&setting.standards) {
        say("asked for by", &standards);
    }
    lines.join("\n") + "\n"
}

fn head(setting: &Explained) -> String {
    let of = setting
        .container
        .as_ref()
        .map(|name| format!(" of container {name}"))
        .unwrap_or_default();
    let state = match setting.state {
        State::Proven => "proven",
        State::Rejected => "rejected",
        State::Unproven => "unproven",
        State::AlreadySet => "already set",
        State::Pending => "pending",
    };
    let repaired = if setting.repairs.is_empty() {
        String::new()
    } else {
        format!(" with {}", count(setting.repairs.len(), "repair"))
    };
    let run = setting
        .run
        .as_ref()
        .map(|run| format!(", by run {run}"))
        .unwrap_or_default();
    plain(&format!("{}{of}: {state}{repaired}{run}", setting.id))
}

fn tries(tried: &[Try]) -> String {
    let one = |Try {
                   run,
                   outcome,
                   screening,
                   others,
                   repairs,
               }: &Try| {
        let outcome = match outcome {
            End::Passed if *screening => "passed the screening",
            End::Passed => "passed",
            End::Warned => "passed with warnings",
            End::Failed => "failed",
            End::Inconclusive => "stayed undecided",
            End::Error => "could not be carried out",
            End::Cancelled => "ended early",
            End::Open => "has not ended",
        };
        let mut how = Vec::new();
        if *others > 0 {
            how.push(count(*others, "other setting"));
        }
        if *repairs > 0 {
            how.push(count(*repairs, "repair"));
        }
        if how.is_empty() {
            format!("`{run}` {outcome}")
        } else {
            format!("`{run}` with {} {outcome}", how.join(" and "))
        }
    };
    let mut told: Vec<String> = tried.iter().take(TRIES).map(one).collect();
    let more = tried.len().saturating_sub(TRIES);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told.join("; ")
}

fn standards(standards: &Standards) -> Option<String> {
    let Standards {
        pod_security,
        cis,
        nsa,
        kubescape,
        trivy,
    } = standards;
    let control = pod_security
        .as_ref()
        .map(|control| format!("Pod Security Standards, {} (level {})", control.control, control.level));
    let lists = [
        ("CIS", cis),
        ("NSA and CISA", nsa),
        ("Kubescape", kubescape),
        ("Trivy", trivy),
    ];
    let lists = lists
        .into_iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(who, ids)| format!("{who} {}", ids.join(", ")));
    let told: Vec<String> = control.into_iter().chain(lists).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

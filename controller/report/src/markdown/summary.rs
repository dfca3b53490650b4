//! What came of it, and what it cost.

use temper_api::HardeningReport;

use super::text::{code, prose, sentence, table};
use crate::{
    patch::namespace,
    verdict::verdict,
    words::{self, admission, count, moment, seconds, seconds_to_verdict},
};

/// What came of it, for somebody who reads nothing else.
pub(super) fn head(report: &HardeningReport) -> Vec<String> {
    let spec = &report.spec;
    let mut blocks = vec![
        format!(
            "## Hardening of {} in namespace {}",
            prose(&spec.target),
            prose(namespace(report))
        ),
        format!("**{}**: {}", verdict(report).word(), sentence(&spec.message)),
    ];
    let mut rows = vec![["Settings proven".to_owned(), prose(&spec.summary)]];
    if let Some(verification) = &spec.verification {
        rows.push([
            "Pod Security level".to_owned(),
            format!(
                "**{}**, {}",
                verification.level.label_value(),
                admission(verification.admitted)
            ),
        ]);
        if let Some(answer) = &verification.message {
            rows.push(["The API server answered".to_owned(), code(answer)]);
        }
        rows.push([
            "Verified by run".to_owned(),
            format!("{}, {}", code(&verification.run), words::outcome(verification.outcome)),
        ]);
    }
    if let Some(exercise) = &spec.exercise {
        rows.push([
            words::exercised(exercise.exercised).to_owned(),
            prose(&exercise.message),
        ]);
    }
    let timings = &spec.timings;
    let mut cost = format!(
        "{} of {} s each, {} of clone time",
        count(spec.cost.runs as usize, "run"),
        timings.recording_seconds,
        seconds(spec.cost.clone_seconds)
    );
    if let Some(total) = seconds_to_verdict(timings) {
        cost = format!("{cost}, {} to the verdict", seconds(total));
    }
    rows.push(["Cost".to_owned(), cost]);
    blocks.push(table(["Fact", "Value"], rows));
    blocks
}

/// Where it comes from, and for what it holds.
pub(super) fn foot(report: &HardeningReport) -> Vec<String> {
    let spec = &report.spec;
    let when = spec
        .completed_at
        .as_ref()
        .map_or_else(String::new, |time| format!(", {}", moment(time)));
    vec![format!(
        "HardeningReport {} of check {}{when}. It holds for the Pod template with SHA-256 {} and no other.",
        code(report.metadata.name.as_deref().unwrap_or_default()),
        code(&spec.check.name),
        code(&spec.template_hash)
    )]
}

//! The verdict on each setting, and the patch.

use temper_api::{HardeningReport, SettingState, SettingStatus};

use super::text::{code, fenced, sentence, table};
use crate::{
    error::Error,
    patch::{apply_command, namespace, verified_patch},
    rows::{SettingRow, setting_rows},
};

/// The verdict on each setting.
pub(super) fn verdicts(settings: &[SettingStatus]) -> Vec<String> {
    let heading = "### Settings".to_owned();
    if settings.is_empty() {
        return vec![heading, "No setting was judged.".to_owned()];
    }
    let row = |row: SettingRow| {
        let warnings = row
            .warnings
            .iter()
            .map(|warning| format!("<br>⚠️ {}", sentence(warning)));
        [
            code(&row.id),
            format!("{} {}", mark(row.state), row.word),
            if row.run.is_empty() {
                String::new()
            } else {
                code(&row.run)
            },
            std::iter::once(sentence(&row.why)).chain(warnings).collect(),
        ]
    };
    let rows = setting_rows(settings).into_iter().map(row);
    vec![heading, table(["Setting", "Verdict", "Decided by run", "Why"], rows)]
}

/// The patch, and how to apply it.
pub(super) fn patch(report: &HardeningReport) -> Result<Vec<String>, Error> {
    let heading = "### Patch".to_owned();
    let Some(patch) = verified_patch(report)? else {
        return Ok(vec![
            heading,
            "There is no patch, because nothing was verified.".to_owned(),
        ]);
    };
    let how = format!(
        "Save it as FILE, then: {}",
        code(&apply_command(&report.spec.target_ref, namespace(report), "FILE"))
    );
    Ok(vec![heading, how, fenced("yaml", &patch)])
}

/// A sign beside the word, for who only skims.
fn mark(state: SettingState) -> &'static str {
    match state {
        SettingState::Proven => "✅",
        SettingState::Rejected => "❌",
        SettingState::Unproven => "❔",
        SettingState::AlreadySet => "☑️",
        SettingState::Pending => "⏳",
    }
}

//! What changed from one status to the next, a line each.

use std::collections::BTreeMap;

use temper_api::{CheckPhase, CheckStatus, RunPhase, SettingState, condition, reason};
use temper_report::{plain, run_phase, seconds, setting_rows, setting_state};

/// What was already told of a check.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    phase: Option<CheckPhase>,
    refusal: Option<(String, String)>,
    runs: BTreeMap<String, RunPhase>,
    settings: BTreeMap<String, SettingState>,
}

impl Progress {
    /// Lines for what is new, at `elapsed` seconds since the check was created.
    pub(crate) fn advance(&mut self, status: &CheckStatus, elapsed: f64) -> Vec<String> {
        let mut told = Vec::new();
        let news = status.phase.filter(|phase| self.phase.replace(*phase) != Some(*phase));
        if let Some(phase) = news.filter(|phase| *phase != CheckPhase::Complete) {
            told.push(phase_sentence(phase).to_owned());
        }
        told.extend(self.refusal(status));
        for run in &status.runs {
            if self.runs.insert(run.name.clone(), run.phase) != Some(run.phase) {
                told.push(with(
                    &format!("run {}: {}", run.name, run_phase(run.phase)),
                    run.message.as_deref(),
                ));
            }
        }
        for (setting, row) in status.settings.iter().zip(setting_rows(&status.settings)) {
            let before = self.settings.insert(row.id.clone(), setting.state);
            // What is pending or was there before is no news.
            let decided = !matches!(setting.state, SettingState::Pending | SettingState::AlreadySet);
            if decided && before != Some(setting.state) {
                let line = format!("setting {}: {}", row.id, setting_state(setting.state));
                told.push(with(&line, setting.message.as_deref()));
            }
        }
        // The end comes last.
        if let Some(phase) = news.filter(|phase| *phase == CheckPhase::Complete) {
            let message = status
                .condition(condition::COMPLETE)
                .map(|complete| complete.message.as_str());
            told.push(with(phase_sentence(phase), message));
        }
        told.into_iter()
            .map(|line| format!("{:>9}  {}", seconds(elapsed.max(0.0)), plain(&line)))
            .collect()
    }

    /// Why the check was not accepted, if that is new.
    fn refusal(&mut self, status: &CheckStatus) -> Option<String> {
        // A check that was cancelled is not accepted any more, which is no refusal.
        let accepted = status
            .condition(condition::ACCEPTED)
            .filter(|accepted| accepted.status != "True" && accepted.reason != reason::CANCELLED);
        let refusal = accepted.map(|accepted| (accepted.reason.clone(), accepted.message.clone()));
        let before = std::mem::replace(&mut self.refusal, refusal);
        let (reason, message) = self.refusal.as_ref().filter(|_| self.refusal != before)?;
        Some(format!("not accepted: {reason}: {message}"))
    }
}

fn with(line: &str, message: Option<&str>) -> String {
    message.map_or_else(|| line.to_owned(), |message| format!("{line}: {message}"))
}

fn phase_sentence(phase: CheckPhase) -> &'static str {
    match phase {
        CheckPhase::Pending => "pending: not yet accepted, or waiting for its target",
        CheckPhase::Suspended => "suspended: it holds still until it is resumed",
        CheckPhase::Recording => "recording: baselines and the candidate with every setting run",
        CheckPhase::Searching => "searching: settings are tried one by one",
        CheckPhase::Verifying => "verifying: the recommendation as a whole runs",
        CheckPhase::Complete => "complete",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn only_what_is_new_is_told() {
        let mut progress = Progress::default();
        let mut lines = Vec::new();
        for (elapsed, name) in [
            (0.4, "waiting"),
            (20.0, "running"),
            (20.0, "running"),
            (40.0, "suspended"),
            (150.0, "verified"),
        ] {
            lines.push(format!("-- {name}"));
            lines.extend(progress.advance(sample::check(name).status.as_ref().unwrap(), elapsed));
        }
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_cancelled_check_was_not_refused() {
        let lines = Progress::default().advance(sample::check("cancelled").status.as_ref().unwrap(), 1.0);
        assert_eq!(
            lines,
            ["    1.0 s  complete: annotation temper.dev/cancel ended the check"]
        );
    }
}

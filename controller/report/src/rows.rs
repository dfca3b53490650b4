//! The rows that every table of settings and runs shows, whatever it is drawn with.

use std::collections::BTreeSet;

use temper_api::{RunPhase, RunRole, RunSummary, SettingState, SettingStatus};

use crate::words::{self, plain};

/// One setting and its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
    /// Id, followed by a slash and the container where several are told apart.
    pub id: String,
    /// What became of it.
    pub state: SettingState,
    /// The same in words.
    pub word: &'static str,
    /// The run that decided it; empty where none did.
    pub run: String,
    /// Why, and what makes it possible.
    pub why: String,
    /// Findings that do not fail it.
    pub warnings: Vec<String>,
}

impl SettingRow {
    fn of(status: &SettingStatus, is_one_of_several: bool) -> Self {
        let container = status.container.as_deref().filter(|_| is_one_of_several);
        let why = status.message.as_deref();
        let why = why.map_or_else(|| usual_reason(status.state).to_owned(), plain);
        let why: Vec<String> = std::iter::once(why)
            .chain(status.repairs.iter().map(|repair| plain(repair)))
            .collect();
        Self {
            id: plain(&container.map_or_else(|| status.id.clone(), |name| format!("{}/{name}", status.id))),
            state: status.state,
            word: words::setting_state(status.state),
            run: status.run.as_deref().map(plain).unwrap_or_default(),
            why: why.join("; "),
            warnings: status.warnings.iter().map(|warning| plain(warning)).collect(),
        }
    }
}

/// What a state means where the check gave no reason.
pub(crate) fn usual_reason(state: SettingState) -> &'static str {
    match state {
        SettingState::Proven => "the workload works with it, and the running process shows it",
        SettingState::Rejected => "the workload does not work with it",
        SettingState::Unproven => "the running process does not show it",
        SettingState::AlreadySet => "the workload has it already",
        SettingState::Pending => "under test",
    }
}

/// The rows of a table of settings, in the order of the check.
pub fn setting_rows(settings: &[SettingStatus]) -> Vec<SettingRow> {
    let containers: BTreeSet<&str> = settings
        .iter()
        .filter_map(|status| status.container.as_deref())
        .collect();
    let several = containers.len() > 1;
    settings.iter().map(|status| SettingRow::of(status, several)).collect()
}

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// Short name within the check.
    pub name: String,
    /// What it was for.
    pub role: RunRole,
    /// Where it stands.
    pub phase: RunPhase,
    /// The settings under test.
    pub settings: Vec<String>,
    /// What makes them possible, a sentence each.
    pub repairs: Vec<String>,
    /// It ended once it had been Ready for a while.
    pub screening: bool,
    /// Seconds from the start of the check to the start of the run.
    pub start: Option<f64>,
    /// Seconds from the start of the check to the clone's being Ready.
    pub ready: Option<f64>,
    /// Seconds from the start of the check to the end of the run.
    pub end: Option<f64>,
    /// One sentence; empty where there is nothing to say.
    pub message: String,
    /// Workers that it took.
    pub attempts: u32,
}

impl RunRow {
    /// Where it stands, and how often it was tried where more than once. What was screened without fault was not recorded
    /// in full, and is not told to have passed.
    pub fn ended(&self) -> String {
        let is_screened = self.screening && self.phase == RunPhase::Passed;
        let phase = if is_screened {
            "screened"
        } else {
            words::run_phase(self.phase)
        };
        if self.attempts > 1 {
            format!("{phase}, attempt {}", self.attempts)
        } else {
            phase.to_owned()
        }
    }

    /// How long the run took.
    pub fn lasted(&self) -> Option<f64> {
        Some(self.end? - self.start?)
    }

    /// How long the clone took to become Ready.
    pub fn ready_after(&self) -> Option<f64> {
        Some(self.ready? - self.start?)
    }
}

impl From<&RunSummary> for RunRow {
    fn from(run: &RunSummary) -> Self {
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        let start = finite(run.started_seconds);
        Self {
            name: plain(&run.name),
            role: run.role,
            phase: run.phase,
            settings: run.settings.iter().map(|setting| plain(setting)).collect(),
            repairs: run.repairs.iter().map(|repair| plain(repair)).collect(),
            screening: run.screening,
            start,
            // The summary counts it from the start of the clone; a timeline needs one clock.
            ready: start.zip(finite(run.ready_seconds)).map(|(start, ready)| start + ready),
            end: finite(run.ended_seconds),
            message: run.message.as_deref().map(plain).unwrap_or_default(),
            attempts: run.attempts.unwrap_or(1),
        }
    }
}

/// The rows of a table of runs, in the order of the check.
pub fn run_rows(runs: &[RunSummary]) -> Vec<RunRow> {
    runs.iter().map(RunRow::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_run_has_one_clock() {
        let rows = run_rows(&sample::nginx().spec.runs);
        let failed = rows.iter().find(|row| row.name == "read-only-root").unwrap();
        assert_eq!(failed.start, Some(13.2));
        assert_eq!(failed.ready, None);
        assert_eq!(failed.lasted().map(words::seconds).as_deref(), Some("6.6 s"));
        assert!(rows[0].ready > rows[0].start);
    }

    #[test]
    fn a_setting_without_a_message_still_says_why() {
        let rows = setting_rows(&[SettingStatus {
            id: "runAs\u{1b}[1mNonRoot".to_owned(),
            container: None,
            repairs: Vec::new(),
            state: SettingState::AlreadySet,
            run: None,
            message: None,
            warnings: vec!["two\nlines".to_owned()],
        }]);
        assert_eq!(rows[0].id, r"runAs\u{1b}[1mNonRoot");
        assert_eq!(rows[0].why, "the workload has it already");
        assert_eq!(rows[0].warnings, ["two lines"]);
    }
}

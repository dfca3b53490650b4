//! How a check ended, in figures.

use anyhow::{Context, Result};
use temper_api::{CheckStatus, RunPhase, RunRole, condition};

use super::truth::Entry;

/// Times of a check that no watch saw end, in seconds by this process' clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clocked {
    /// From the answer to its creation to the watch event that it is complete.
    pub(super) verdict: f64,
    /// From the first Pod of the slower baseline to its being Ready, where both were seen.
    pub(super) baseline_ready: Option<f64>,
}

/// What a check says of itself at its end, and when that was.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) level: Option<String>,
    pub(super) entries: Vec<Entry>,
    pub(super) runs: u32,
    pub(super) clones: u32,
    pub(super) clone_seconds: f64,
    pub(super) recording_seconds: f64,
    pub(super) seconds: f64,
    pub(super) baseline_ready_seconds: Option<f64>,
    /// Whether the first candidate passed, and no other was needed.
    pub(super) first_passed: bool,
    /// Seconds from the start of the first candidate that failed to its end.
    pub(super) failure_seconds: Option<f64>,
}

impl Ending {
    pub(super) fn of(status: &CheckStatus, clocked: Clocked) -> Result<Self> {
        let complete = status.condition(condition::COMPLETE);
        let text = |of: fn(&k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition) -> &String| {
            complete.map(of).cloned().unwrap_or_default()
        };
        // Read as the API has it, so that a field that only newer checks have is no reason to fail.
        let entries = serde_json::from_value(serde_json::to_value(&status.settings)?);
        let cost = status.cost.clone().unwrap_or_default();
        let timings = status.timings.clone().unwrap_or_default();
        let candidates = || status.runs.iter().filter(|run| run.role != RunRole::Baseline);
        let failed = candidates().find(|run| run.phase == RunPhase::Failed);
        let verification = status.verification.as_ref();
        Ok(Self {
            reason: text(|condition| &condition.reason),
            message: text(|condition| &condition.message),
            level: verification.map(|verification| format!("{:?}", verification.level)),
            entries: entries.context("status.settings: not as expected")?,
            runs: cost.runs,
            clones: cost.clones,
            clone_seconds: cost.clone_seconds,
            recording_seconds: f64::from(u32::try_from(timings.recording_seconds).unwrap_or(u32::MAX)),
            seconds: clocked.verdict,
            baseline_ready_seconds: clocked.baseline_ready.or(timings.baseline_ready_seconds),
            first_passed: candidates().count() == 1 && candidates().all(|run| run.phase == RunPhase::Passed),
            failure_seconds: failed.and_then(|run| Some(run.ended_seconds? - run.started_seconds?)),
        })
    }

    /// (verdict − creation − the baseline's own time to Ready) ÷ recordingDuration, where something was recorded.
    pub(super) fn ratio(&self) -> Option<f64> {
        let ready = self.baseline_ready_seconds?;
        (self.recording_seconds > 0.0).then(|| (self.seconds - ready) / self.recording_seconds)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// A check that recorded for a minute: two baselines, one candidate that failed, one that passed.
    pub(in crate::search) fn ending() -> Ending {
        let run = |name: &str, role: &str, phase: &str, [from, to]: [f64; 2]| json!({"name": name, "role": role, "phase": phase, "startedSeconds": from, "endedSeconds": to});
        let status: CheckStatus = serde_json::from_value(json!({
            "conditions": [{
                "type": "Complete", "status": "True", "reason": "Verified", "message": "m",
                "lastTransitionTime": "2026-01-01T00:00:00Z"
            }],
            "runs": [
                run("baseline-1", "Baseline", "Passed", [0.0, 62.0]),
                run("baseline-2", "Baseline", "Passed", [0.0, 62.0]),
                run("all", "Verification", "Failed", [0.5, 4.5]),
                run("repaired", "Verification", "Passed", [4.5, 68.0])
            ],
            "settings": [
                {"id": "runAsNonRoot", "state": "Proven"},
                {"id": "readOnlyRootFilesystem", "state": "Rejected", "message": "m"},
                {"id": "seccompProfile_restricted", "state": "AlreadySet"}
            ],
            "verification": {"run": "repaired", "outcome": "Passed", "level": "Baseline", "admitted": true},
            "cost": {"runs": 4, "clones": 4, "cloneSeconds": 200.0},
            "timings": {"recordingSeconds": 60}
        }))
        .unwrap();
        let clocked = Clocked {
            verdict: 72.0,
            baseline_ready: Some(3.0),
        };
        Ending::of(&status, clocked).unwrap()
    }

    #[test]
    fn a_ratio_leaves_out_what_the_workload_itself_takes() {
        let ending = ending();
        assert_eq!(ending.ratio(), Some(69.0 / 60.0));
        assert_eq!(ending.failure_seconds, Some(4.0));
        assert_eq!(
            (ending.reason.as_str(), ending.level.as_deref()),
            ("Verified", Some("Baseline"))
        );
        assert!(!ending.first_passed);
        assert_eq!(
            Ending {
                recording_seconds: 0.0,
                ..ending
            }
            .ratio(),
            None
        );
    }
}

//! The words of the JSON form. They are promises, so they are spelt here and not where they come from.

use schemars::JsonSchema;
use serde::Serialize;
use temper_api::{FindingWeight, Outcome, PodSecurityLevel, RunPhase, RunRole, SettingState};

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Verdict {
    /// A recommendation was run as a whole, recorded in full and passed.
    Verified,
    /// The workload has every setting already.
    AlreadyHardened,
    /// The settings were judged and none holds.
    NothingProven,
    /// The settings could not be judged.
    Undecided,
}

impl From<crate::Verdict> for Verdict {
    fn from(verdict: crate::Verdict) -> Self {
        match verdict {
            crate::Verdict::Verified => Self::Verified,
            crate::Verdict::AlreadyHardened => Self::AlreadyHardened,
            crate::Verdict::NothingProven => Self::NothingProven,
            crate::Verdict::Undecided => Self::Undecided,
        }
    }
}

/// What became of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    /// Part of the verified recommendation, and the running process showed it.
    Proven,
    /// Breaks the workload.
    Rejected,
    /// No process could be seen to have it.
    Unproven,
    /// The workload has it already.
    AlreadySet,
    /// Not yet judged.
    Pending,
}

impl From<SettingState> for State {
    fn from(state: SettingState) -> Self {
        match state {
            SettingState::Proven => Self::Proven,
            SettingState::Rejected => Self::Rejected,
            SettingState::Unproven => Self::Unproven,
            SettingState::AlreadySet => Self::AlreadySet,
            SettingState::Pending => Self::Pending,
        }
    }
}

/// What a run was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Role {
    /// The workload as it is.
    Baseline,
    /// Some settings.
    Candidate,
    /// What may become the recommendation, as a whole.
    Verification,
}

impl From<RunRole> for Role {
    fn from(role: RunRole) -> Self {
        match role {
            RunRole::Baseline => Self::Baseline,
            RunRole::Candidate => Self::Candidate,
            RunRole::Verification => Self::Verification,
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum End {
    /// The workload works.
    Passed,
    /// The workload works and says something new.
    Warned,
    /// The workload does not work.
    Failed,
    /// What was recorded does not decide it.
    Inconclusive,
    /// Infrastructure failed; the settings are not to blame.
    Error,
    /// Ended because its check did.
    Cancelled,
    /// Had not ended when the report was written.
    Open,
}

impl From<RunPhase> for End {
    fn from(phase: RunPhase) -> Self {
        match phase {
            RunPhase::Passed => Self::Passed,
            RunPhase::Failed => Self::Failed,
            RunPhase::Inconclusive => Self::Inconclusive,
            RunPhase::Error => Self::Error,
            RunPhase::Cancelled => Self::Cancelled,
            RunPhase::Pending | RunPhase::Cloning | RunPhase::Starting | RunPhase::Recording | RunPhase::Judging => {
                Self::Open
            }
        }
    }
}

impl From<Outcome> for End {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Warned => Self::Warned,
            Outcome::Failed => Self::Failed,
            Outcome::Inconclusive => Self::Inconclusive,
            Outcome::Error => Self::Error,
        }
    }
}

/// How much a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Weight {
    /// Fails the run.
    Fail,
    /// Listed with the recommendation.
    Warn,
    /// For information.
    Note,
}

impl From<FindingWeight> for Weight {
    fn from(weight: FindingWeight) -> Self {
        match weight {
            FindingWeight::Fail => Self::Fail,
            FindingWeight::Warn => Self::Warn,
            FindingWeight::Note => Self::Note,
        }
    }
}

/// A level of the Pod Security Standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Level {
    /// Unrestricted.
    Privileged,
    /// Prevents known privilege escalations.
    Baseline,
    /// Current hardening best practice.
    Restricted,
}

impl From<PodSecurityLevel> for Level {
    fn from(level: PodSecurityLevel) -> Self {
        match level {
            PodSecurityLevel::Privileged => Self::Privileged,
            PodSecurityLevel::Baseline => Self::Baseline,
            PodSecurityLevel::Restricted => Self::Restricted,
        }
    }
}

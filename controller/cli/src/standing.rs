//! Where a check stands, and the exit code that follows.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use temper_api::{CheckPhase, CheckStatus, condition, reason};
use temper_report::Verdict;

use crate::advice::COULD_NOT_JUDGE;

/// Where a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Work goes on, or will once its target is Ready.
    Running,
    /// It holds still until it is resumed.
    Suspended,
    /// Somebody ended it before it had a verdict.
    Cancelled,
    /// It ended before anything ran: spec or target must be changed.
    Refused,
    /// It has ended.
    Ended(Verdict),
}

impl Standing {
    /// Where the check with this status stands.
    pub(crate) fn of(status: Option<&CheckStatus>) -> Self {
        let Some(status) = status else { return Self::Running };
        let complete = condition_of(status, condition::COMPLETE);
        if status.phase != Some(CheckPhase::Complete) && !complete.is_some_and(holds) {
            return if status.phase == Some(CheckPhase::Suspended) {
                Self::Suspended
            } else {
                Self::Running
            };
        }
        if complete.is_some_and(|complete| complete.reason == reason::CANCELLED) {
            return Self::Cancelled;
        }
        if condition_of(status, condition::ACCEPTED).is_some_and(|accepted| !holds(accepted)) {
            return Self::Refused;
        }
        let verified = condition_of(status, condition::VERIFIED).is_some_and(holds);
        Self::Ended(Verdict::new(
            complete.map_or("", |complete| complete.reason.as_str()),
            verified,
        ))
    }

    /// Whether there is nothing to wait for.
    pub(crate) fn is_final(self) -> bool {
        match self {
            Self::Running | Self::Suspended => false,
            Self::Cancelled | Self::Refused | Self::Ended(_) => true,
        }
    }

    /// Documented exit code: 0 passed, 1 verdict failed, 2 could not judge, or not yet.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Ended(verdict) => verdict.exit_code(),
            Self::Running | Self::Suspended | Self::Cancelled | Self::Refused => COULD_NOT_JUDGE,
        }
    }
}

/// The condition of a type.
pub(crate) fn condition_of<'a>(status: &'a CheckStatus, kind: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|condition| condition.type_ == kind)
}

/// Whether a condition is true.
pub(crate) fn holds(condition: &Condition) -> bool {
    condition.status == "True"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn standing(name: &str) -> (Standing, u8) {
        let standing = Standing::of(sample::check(name).status.as_ref());
        (standing, standing.exit_code())
    }

    #[test]
    fn every_ending_has_its_code() {
        assert_eq!(standing("verified"), (Standing::Ended(Verdict::Verified), 0));
        assert_eq!(standing("hardened"), (Standing::Ended(Verdict::AlreadyHardened), 0));
        assert_eq!(standing("nothing-proven"), (Standing::Ended(Verdict::NothingProven), 1));
        assert_eq!(standing("unstable"), (Standing::Ended(Verdict::Undecided), 2));
        assert_eq!(standing("refused"), (Standing::Refused, 2));
        assert_eq!(standing("running"), (Standing::Running, 2));
        assert_eq!(standing("suspended"), (Standing::Suspended, 2));
        assert_eq!(standing("cancelled"), (Standing::Cancelled, 2));
        assert_eq!(standing("waiting"), (Standing::Running, 2));
        assert_eq!(Standing::of(None), Standing::Running);
    }

    #[test]
    fn complete_without_a_reason_is_no_success() {
        let status = CheckStatus {
            phase: Some(CheckPhase::Complete),
            ..CheckStatus::default()
        };
        assert_eq!(Standing::of(Some(&status)).exit_code(), 2);
    }
}

//! Where a check stands, and the exit code that follows.

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
        if status.phase != Some(CheckPhase::Complete) && status.holds(condition::COMPLETE).is_none() {
            return if status.phase == Some(CheckPhase::Suspended) {
                Self::Suspended
            } else {
                Self::Running
            };
        }
        let complete = status.condition(condition::COMPLETE);
        if complete.is_some_and(|complete| complete.reason == reason::CANCELLED) {
            return Self::Cancelled;
        }
        if status.condition(condition::ACCEPTED).is_some() && status.holds(condition::ACCEPTED).is_none() {
            return Self::Refused;
        }
        Self::Ended(Verdict::new(
            complete.map_or("", |complete| complete.reason.as_str()),
            status.holds(condition::VERIFIED).is_some(),
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

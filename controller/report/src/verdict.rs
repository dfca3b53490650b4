//! What a check came to, in four words.

use temper_api::{HardeningReport, reason};

use crate::words::dependable;

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A recommendation was run as a whole, recorded in full and passed.
    Verified,
    /// The workload has every setting already.
    AlreadyHardened,
    /// The settings were judged and none holds.
    NothingProven,
    /// The settings could not be judged.
    Undecided,
}

impl Verdict {
    /// From the reason of the Complete condition, and whether a verification stands behind it.
    pub fn new(outcome: &str, verified: bool) -> Self {
        match outcome {
            reason::ALREADY_HARDENED => Self::AlreadyHardened,
            reason::NOTHING_PROVEN => Self::NothingProven,
            reason::VERIFIED if verified => Self::Verified,
            _ => Self::Undecided,
        }
    }

    /// Two words at most.
    pub fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::AlreadyHardened => "already hardened",
            Self::NothingProven => "nothing proven",
            Self::Undecided => "undecided",
        }
    }

    /// Documented exit code: 0 passed, 1 verdict failed, 2 could not judge.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Verified | Self::AlreadyHardened => 0,
            Self::NothingProven => 1,
            Self::Undecided => 2,
        }
    }
}

/// Whether a run of the recommendation as a whole stands behind a report.
///
/// The outcome alone is not trusted: without a verification that passed, nothing is called verified.
pub fn is_verified(report: &HardeningReport) -> bool {
    let passed = report
        .spec
        .verification
        .as_ref()
        .is_some_and(|verification| dependable(verification.outcome));
    report.spec.outcome == reason::VERIFIED && passed
}

/// What the check of this report came to.
pub fn verdict(report: &HardeningReport) -> Verdict {
    Verdict::new(&report.spec.outcome, is_verified(report))
}

#[cfg(test)]
mod tests {
    use temper_api::Outcome;

    use super::*;
    use crate::sample;

    #[test]
    fn an_outcome_without_a_passed_verification_is_not_verified() {
        let mut report = sample::nginx();
        assert_eq!(verdict(&report), Verdict::Verified);
        report.spec.verification.as_mut().unwrap().outcome = Outcome::Failed;
        assert_eq!(verdict(&report), Verdict::Undecided);
        report.spec.verification = None;
        assert_eq!(verdict(&report), Verdict::Undecided);
    }

    #[test]
    fn codes() {
        let codes = [
            reason::ALREADY_HARDENED,
            reason::NOTHING_PROVEN,
            reason::BASELINE_UNSTABLE,
            "Unheard",
        ]
        .map(|reason| Verdict::new(reason, false).exit_code());
        assert_eq!(codes, [0, 1, 2, 2]);
        assert_eq!(Verdict::new(reason::VERIFIED, true).exit_code(), 0);
    }
}

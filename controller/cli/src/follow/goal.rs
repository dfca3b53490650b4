//! What somebody who follows a check waits for.

use temper_api::{CheckPhase, CheckStatus};

use crate::standing::Standing;

/// What somebody who follows a check waits for. Each is reached, too, once nothing can come of it any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Goal {
    /// The check has ended.
    End,
    /// The check has ended anew, after it took up this value of the annotation `temper.dev/retry`.
    EndOfRetry(String),
    /// The check holds still.
    Stillness,
}

impl Goal {
    /// Whether a status says something about what is waited for.
    pub(super) fn concerns(&self, status: &CheckStatus) -> bool {
        match self {
            Self::End | Self::Stillness => true,
            Self::EndOfRetry(token) => status.retried.as_ref() == Some(token),
        }
    }

    /// Whether there is nothing to wait for any more, given a status that concerns it.
    pub(super) fn is_reached(&self, status: &CheckStatus) -> bool {
        let ended = Standing::of(Some(status)).is_final();
        match self {
            Self::End | Self::EndOfRetry(_) => ended,
            Self::Stillness => ended || status.phase == Some(CheckPhase::Suspended),
        }
    }

    /// What has not come true where it was waited for in vain.
    pub(super) fn missed(&self) -> &'static str {
        match self {
            Self::End | Self::EndOfRetry(_) => "had not ended",
            Self::Stillness => "did not hold still",
        }
    }
}

//! What can fail in a reconcile, and what is to be done about it.

use strum::IntoStaticStr;

/// A reconcile that is repeated.
#[derive(Debug, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Error {
    #[error("failed to read {what}")]
    Read { what: &'static str, source: kube::Error },
    #[error("failed to apply {what}")]
    Apply { what: String, source: kube::Error },
    #[error("failed to remove {what}")]
    Remove { what: String, source: kube::Error },
    #[error("failed to write the status")]
    Status { source: kube::Error },
    #[error("failed to purge recordings")]
    Purge {
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the API server did not answer within {seconds} s")]
    Timeout { seconds: u64 },
    #[error(transparent)]
    Subject(#[from] temper_proto::subject::InvalidToken),
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A closed list, for metrics.
    pub(crate) fn category(&self) -> &'static str {
        self.into()
    }

    /// How a request to the API server failed, from a closed list, for metrics; none if none did.
    pub(crate) fn request(&self) -> Option<&'static str> {
        let source = match self {
            Self::Read { source, .. }
            | Self::Apply { source, .. }
            | Self::Remove { source, .. }
            | Self::Status { source } => source,
            Self::Timeout { .. } => return Some("timeout"),
            Self::Purge { .. } | Self::Subject(_) => return None,
        };
        let kube::Error::Api(status) = source else {
            return Some("transport");
        };
        Some(match status.code {
            401 | 403 => "forbidden",
            404 | 410 => "not_found",
            409 => "conflict",
            400 | 422 => "invalid",
            429 => "throttled",
            500.. => "server",
            _ => "other",
        })
    }

    /// Whether somebody else changed the object in the meantime, which the next look will see.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Self::Read { source, .. }
            | Self::Apply { source, .. }
            | Self::Remove { source, .. }
            | Self::Status { source } => {
                matches!(source, kube::Error::Api(status) if status.is_conflict())
            }
            Self::Purge { .. } | Self::Timeout { .. } | Self::Subject(_) => false,
        }
    }
}

/// An error with all of its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        // Some libraries repeat the cause in their own words.
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

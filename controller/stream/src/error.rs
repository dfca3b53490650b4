//! Why a recording cannot be read from the stream.

use temper_proto::subject::InvalidToken;

/// What reading comes to.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Kubernetes does not give something.
    #[error("failed to {verb} {what} in namespace `{namespace}`")]
    Kubernetes {
        /// Verb of the right that it takes.
        verb: &'static str,
        /// Resource, with its name where it has one.
        what: String,
        /// Where.
        namespace: String,
        /// Why.
        source: Box<kube::Error>,
    },
    /// No Temper, or one with a NATS of somebody else.
    #[error("no NATS Pod of Temper is in namespace `{namespace}`")]
    NoServer {
        /// Where it was looked for.
        namespace: String,
    },
    /// A Secret that is not the chart's.
    #[error("Secret `{secret}` has no `{key}`")]
    NoCredentials {
        /// The Secret.
        secret: String,
        /// What it lacks.
        key: &'static str,
    },
    /// No port of this machine is free.
    #[error("failed to listen on a local port")]
    Listen {
        /// Why.
        source: std::io::Error,
    },
    /// NATS does not answer through the forwarded port, or does not let us in.
    #[error("failed to connect to NATS in Pod `{pod}`")]
    Connect {
        /// The Pod.
        pod: String,
        /// Why.
        source: async_nats::Error,
    },
    /// The stream does not give its messages.
    #[error("failed to read the stream of recordings")]
    Read {
        /// Why.
        source: async_nats::Error,
    },
    /// The stream stopped before it had told everything.
    #[error("the stream ended with {left} messages unread")]
    Ended {
        /// Messages that it still had.
        left: u64,
    },
    /// A name that no run has.
    #[error(transparent)]
    Name(#[from] InvalidToken),
}

//! The wire between worker and controller: protobuf messages, NATS subjects, headers and message ids.
//!
//! Worker and controller share nothing but this crate.
//!
//! ```text
//! temper.rec.<check uid>.<run>.<attempt>.<kind>
//! ```

pub mod subject;

/// The generated messages of `proto/temper/v1/recording.proto`.
#[allow(
    missing_docs,
    clippy::pedantic,
    clippy::derive_partial_eq_without_eq,
    reason = "generated from the .proto file, which holds the documentation"
)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/temper.v1.rs"));
}

pub use prost::Message;

/// Name of the one JetStream stream that holds all recordings.
pub const STREAM: &str = "TEMPER_RECORDINGS";

/// Header with the W3C trace context of the run that a message belongs to.
pub const TRACEPARENT: &str = "traceparent";

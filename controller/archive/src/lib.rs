//! Recordings outside of a cluster: from the wire to the samples that core folds, and as plain files that people can
//! read.
//!
//! ```text
//! JetStream ─▶ sample ─▶ Recording          what the controller does
//!                └─▶ Writer ─▶ files ─▶ read ─▶ the same Recording
//!                  log.txt, log.ts, … ─▶ read     (recordings of other origin)
//! ```
//!
//! A recording is read in blocks and folded in bounded chunks: how long it is makes no difference to the memory that
//! this takes. `docs/recording-files.md` describes the files.

mod decode;
mod error;
mod export;
mod files;
mod log;
mod pilot;
mod rows;
mod runs;
mod time;

pub use decode::sample;
pub use error::{Error, Result};
pub use export::Writer;
pub use files::{About, VERSION};
pub use runs::{Run, Runs, Scope, read};

#[cfg(test)]
mod tests;

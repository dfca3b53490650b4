//! The decisions of Temper: what to try, what a clone holds, what a recording shows, when a run has ended, what to
//! recommend.
//!
//! Nothing here does IO, reads a clock or awaits: time is an argument, and the same input gives the same bytes.
//! A test holds the crate to that: it reaches no tokio, kube, async-nats or prost.
//!
//! ```text
//! Samples ─fold▶ Recording ─judge▶ Verdict ─search▶ next runs … ─▶ Conclusion ─recommend▶ patch
//! ```

pub mod clone;
pub mod kind;
pub mod level;
pub mod logs;
pub mod oracle;
pub mod recommend;
pub mod recording;
pub mod run;
pub mod search;
pub mod setting;
pub mod spec;
pub mod trace;

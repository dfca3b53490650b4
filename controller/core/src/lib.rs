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
pub mod repair;
pub mod resources;
pub mod run;
pub mod search;
pub mod setting;
pub mod spec;
pub mod trace;

/// The first four bytes of SHA-256: for names that tell texts apart.
fn digest(text: &str) -> u32 {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(text.as_bytes());
    digest.iter().take(4).fold(0, |mark, byte| mark << 8 | u32::from(*byte))
}

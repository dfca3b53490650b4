//! What people read of a check: a `HardeningReport` as a page, as Markdown, as JSON, as a patch, and as rows
//! that other faces print.
//!
//! ```text
//! HardeningReport ──▶ html        one self-contained page
//!                 ──▶ markdown    what a pull request shows
//!                 ──▶ json        a stable form for programs
//!                 ──▶ patch_yaml  what `kubectl patch --patch-file` takes
//!                 ──▶ rows        what tables have in common
//!                 ──▶ explain     why each setting came to what it came to
//! ```
//!
//! Value in, text out: this crate reads no file, no clock and no cluster. Everything in a report is taken to be hostile,
//! because log lines are written by the workload under test and reports by whoever may create one.

mod error;
mod explain;
mod html;
mod json;
mod manual;
mod markdown;
mod patch;
mod quotes;
mod resources;
mod rows;
mod usage;
mod verdict;
mod waves;
mod words;

#[cfg(test)]
mod sample;

pub use error::Error;
pub use explain::{Explanation, Known, explain};
pub use html::html;
pub use json::{json, json_schema};
pub use manual::settings_page;
pub use markdown::markdown;
pub use patch::{apply_command, patch_yaml, recommendation_yaml};
pub use resources::resource_sentences;
pub use rows::{RunRow, SettingRow, run_rows, setting_rows};
pub use verdict::{Verdict, is_verified, verdict};
pub use words::{dependable, known_seconds, outcome, plain, role, run_phase, seconds, setting_state};

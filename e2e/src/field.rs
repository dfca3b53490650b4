//! Labelled recordings of real programs on the real cluster: what the oracle is measured with.
//!
//! ```text
//! catalogue ─▶ case ─▶ namespace + Pod ◀── requests ── driver ─▶ probes ─▶ label
//!                             ▲                                            │
//!                          worker ─▶ JetStream ─▶ log, times, usage ───────┴──▶ PROGRAM/SETTING/N
//! ```
//!
//! The worker is the product's own, in a Pod as the controller would make it, but without a controller: a check would
//! search, and what is wanted here are many short runs under settings that no search would try. The label comes from
//! clients that never read a log.

mod archive;
mod case;
mod catalogue;
mod change;
mod clients;
mod label;
mod pod;
mod record;
mod stage;
mod summary;
mod worker;

pub use archive::{Archived, Meta};
pub use case::{Case, cases};
pub use catalogue::{Catalogue, Program};
pub use clients::Clients;
pub use label::{Probes, Verdict};
pub use record::record;
pub use stage::Stage;
pub use summary::Summary;

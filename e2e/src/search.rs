//! What the search finds, and what it costs, on real workloads in the forms in which people deploy them.
//!
//! ```text
//! catalogue │ manifests ─▶ subject ─▶ namespace + workload ◀── client asks ──┐
//!                                          │                                 ├─▶ row ─▶ table, summary
//!                                        check ─▶ status, patch ─▶ workload ─┘
//! ```
//!
//! What ought to come out is written in the catalogue before anything runs, and what does come out otherwise is told
//! and not corrected. Times are those of this process' clock, between events of watches.

mod archives;
mod catalogue;
mod clock;
mod ending;
mod foreign;
mod home;
mod manifest;
mod play;
mod row;
mod seed;
mod standing;
mod subject;
mod summary;
mod table;
mod truth;
mod workload;

pub use archives::load;
pub use catalogue::catalogue;
pub use foreign::{Foreign, read};
pub use play::Stage;
pub use row::Row;
pub use subject::{Asked, Subject};
pub use summary::Summary;
pub use table::table;
pub use truth::Truth;

//! Measures the oracle offline: on labelled recordings, by injected changes, and for its speed.
//!
//! Every rule that is compared, ours and the peers', judges the same files in the same run. What is printed is what
//! was measured; nothing here decides whether it is good enough.

pub mod inject;
pub mod interval;
pub mod labelled;
pub mod loghub;
pub mod matrix;
pub mod mutation;
pub mod packed;
pub mod peer;
pub mod run;
pub mod score;

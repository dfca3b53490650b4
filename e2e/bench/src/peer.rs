//! Rules of others, judging the same files: what a new rule must beat.

mod difference;
mod drain;
mod juicer;
mod words;

use crate::run::Run;

/// A rule: whether it flags a run, given baselines of the same program.
pub type Rule = fn(&[&Run], &Run) -> bool;

/// The rules by the name that is printed, each with the baselines that its authors use.
pub const PEERS: [(&str, usize, Rule); 5] = [
    ("seed's rule: Drain, any unmatched line", 2, drain::flags),
    ("LogJuicer's rule: cosine distance over 0.3", 2, juicer::flags),
    ("masked lines that no baseline has", 2, difference::flags),
    ("more error words than any baseline", 2, words::flags),
    ("floor: died, or never Ready", 2, |_, run| {
        run.died || run.ready.is_none()
    }),
];

//! What is run: each program unchanged several times, and under each of its settings twice.

use std::fmt;

use super::catalogue::{Catalogue, Program};
use super::change::Change;
use super::label::Verdict;

/// Name of the setting that is none.
pub(super) const UNCHANGED: &str = "none";
/// Runs of it: two baselines to learn from, and re-runs that must not be flagged.
const UNCHANGED_RUNS: u32 = 20;
/// Runs of a program under a setting: a label that does not repeat is none.
const REPEATS: u32 = 2;

/// One run.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// Name of the program.
    pub name: &'a str,
    /// The program.
    pub program: &'a Program,
    /// Name of the setting.
    pub setting: &'a str,
    /// What it changes.
    pub change: Change,
    /// What is expected.
    pub expected: Verdict,
    /// Which repeat, from 1.
    pub repeat: u32,
}

impl fmt::Display for Case<'_> {
    /// Its folder.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.name, self.setting, self.repeat)
    }
}

impl Case<'_> {
    /// What the requests are drawn from: no two runs of a program ask for the same.
    pub(super) fn seed(&self) -> u32 {
        let of_setting = self.setting.bytes().fold(7_u32, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(byte.into()) % 100_000
        });
        of_setting * 100 + self.repeat
    }
}

/// All runs of a catalogue, in turn one of each program: what is heavy is not all at once.
pub fn cases(catalogue: &Catalogue) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for (name, program) in &catalogue.programs {
        let changed = program.settings.iter().map(|one| {
            let change = one.change.clone().unwrap_or_default();
            (one.setting.as_str(), change, one.expect, REPEATS)
        });
        let unchanged = (UNCHANGED, Change::default(), Verdict::Works, UNCHANGED_RUNS);
        let of_program = std::iter::once(unchanged).chain(changed);
        let of_program = of_program.flat_map(|(setting, change, expected, repeats)| {
            (1..=repeats).map(move |repeat| Case {
                name,
                program,
                setting,
                change: change.clone(),
                expected,
                repeat,
            })
        });
        cases.extend(of_program.enumerate());
    }
    cases.sort_by_key(|(turn, _)| *turn);
    cases.into_iter().map(|(_, case)| case).collect()
}

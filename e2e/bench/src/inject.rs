//! Changes made to logs of runs that work: what a judge must find, and what it must not mind. Section 8 of the
//! oracle's design.

mod benign;
mod bytes;
mod harm;
mod random;

use crate::run::{Line, Run};

/// A change: the new log, or nothing where the log has no place for it.
pub type Change = fn(&Subject<'_>) -> Option<Vec<Line>>;

/// A row of the matrix.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What is changed.
    pub name: &'static str,
    /// Whether it must be found.
    pub is_harm: bool,
    /// How.
    pub change: Change,
}

/// What is changed.
#[derive(Debug)]
pub struct Subject<'a> {
    run: &'a Run,
    seed: u64,
}

impl<'a> Subject<'a> {
    /// A run that works; the seed decides what is random.
    pub fn new(run: &'a Run, seed: u64) -> Self {
        Self { run, seed }
    }

    /// Seconds until the workload worked.
    fn ready(&self) -> f64 {
        self.run.ready.unwrap_or_default()
    }

    /// The log with every line changed.
    fn each(&self, change: impl FnMut(&Line) -> Line) -> Vec<Line> {
        self.run.lines.iter().map(change).collect()
    }

    /// The log with every line's text changed; nothing if that changes none.
    fn each_text(&self, mut change: impl FnMut(&str) -> String) -> Option<Vec<Line>> {
        let lines = self.each(|line| {
            let text = std::str::from_utf8(&line.text).map(&mut change);
            Line {
                at: line.at,
                text: text.map_or_else(|_| line.text.clone(), String::into_bytes),
            }
        });
        (lines != self.run.lines).then_some(lines)
    }

    /// The log with one more line at a share of the time after readiness.
    fn with(&self, share: f64, text: &str) -> Vec<Line> {
        let end = self.run.lines.iter().map(|line| line.at).fold(self.ready(), f64::max);
        let at = self.ready() + (end - self.ready()) * share;
        let mut lines = self.run.lines.clone();
        let place = lines.partition_point(|line| line.at <= at);
        let more = text.lines().map(|text| Line {
            at,
            text: text.as_bytes().to_vec(),
        });
        lines.splice(place..place, more);
        lines
    }
}

/// The matrix.
pub fn rows() -> Vec<Row> {
    let benign = benign::ROWS
        .iter()
        .chain(&bytes::ROWS)
        .map(|(name, change)| (*name, false, *change));
    let harm = harm::ROWS.iter().map(|(name, change)| (*name, true, *change));
    benign
        .chain(harm)
        .map(|(name, is_harm, change)| Row { name, is_harm, change })
        .collect()
}

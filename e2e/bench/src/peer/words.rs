//! The rule of thumb: count the lines with an error word.

use crate::run::Run;

const WORDS: [&str; 9] = [
    "error",
    "fail",
    "fatal",
    "panic",
    "denied",
    "refused",
    "cannot",
    "exception",
    "not permitted",
];

pub(super) fn flags(baselines: &[&Run], run: &Run) -> bool {
    let most = baselines.iter().map(|run| count(run)).max().unwrap_or(0);
    count(run) > most
}

fn count(run: &Run) -> usize {
    let bad = |line: &&crate::run::Line| {
        let text = String::from_utf8_lossy(&line.text).to_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    };
    run.lines.iter().filter(bad).count()
}

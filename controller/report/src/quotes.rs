//! What a sentence quotes. Messages put names and log lines between backticks; every format shows them in its own way.

use temper_api::FindingRecord;

/// A part of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Words.
    Prose(&'a str),
    /// What stood between two backticks.
    Code(&'a str),
}

/// The parts of a sentence, in order; none is empty. Backticks without partners quote nothing.
pub(crate) fn parts(sentence: &str) -> Vec<Part<'_>> {
    if sentence.matches('`').count() % 2 == 1 {
        return vec![Part::Prose(sentence)];
    }
    let parts = sentence.split('`').enumerate().map(|(index, text)| {
        if index % 2 == 0 {
            Part::Prose(text)
        } else {
            Part::Code(text)
        }
    });
    parts
        .filter(|(Part::Prose(text) | Part::Code(text))| !text.is_empty())
        .collect()
}

/// The log message of a finding and the line as it was logged, each if the sentence about it does not quote it already.
pub(crate) fn news(finding: &FindingRecord) -> [Option<&str>; 2] {
    [&finding.template, &finding.example].map(|line| {
        let line = line.as_deref();
        line.filter(|line| !finding.message.contains(line))
    })
}

#[cfg(test)]
mod tests {
    use super::{Part::*, *};

    #[test]
    fn pairs_quote_and_others_do_not() {
        assert_eq!(
            parts("container `nginx` ended: `exit 1`"),
            [Prose("container "), Code("nginx"), Prose(" ended: "), Code("exit 1")]
        );
        assert_eq!(parts("it's 5` long"), [Prose("it's 5` long")]);
        assert_eq!(parts("``"), []);
    }
}

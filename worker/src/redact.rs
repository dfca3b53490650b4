//! No secret value leaves a clone: what is published passes through here first.
//!
//! Two finders mark spans of the text, and their union is replaced: the exact values of the clone's Secrets in every
//! form that programs tend to print, and patterns of things that are secret wherever they come from.

mod pattern;
mod value;

use std::borrow::Cow;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use pattern::Patterns;

/// What stands where a secret stood.
pub(crate) const MASK: &[u8] = b"[redacted]";

/// Longest text that one exact pattern can match, and so how far a text must be known beyond a cut.
pub(crate) const LOOK_AHEAD: usize = value::BLOCK * 2;

/// Longest private key, in lines, that is followed from its first line to its last.
const KEY_LINES: u32 = 400;

/// Finds secrets in bytes.
#[derive(Debug)]
pub(crate) struct Redactor {
    exact: Option<AhoCorasick>,
    patterns: Patterns,
}

/// The values cannot be searched for, because they are too many.
#[derive(Debug, thiserror::Error)]
#[error("failed to index the clone's Secrets")]
pub(crate) struct Error(#[from] aho_corasick::BuildError);

impl Redactor {
    /// Builds the finders from the values of all Secrets of the clone.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Error> {
        let patterns = value::patterns(secrets);
        // Overlapping search, which wants standard matches: two secrets that share bytes are both covered.
        let exact = if patterns.is_empty() {
            None
        } else {
            let mut builder = AhoCorasick::builder();
            builder
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::ContiguousNFA));
            Some(builder.build(&patterns)?)
        };
        Ok(Self {
            exact,
            patterns: Patterns::new()?,
        })
    }

    /// The text without its secrets.
    pub(crate) fn redact<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        self.redact_cut(text, text.len())
    }

    /// The first `limit` bytes of the text without their secrets; a secret across the limit is masked whole.
    pub(crate) fn redact_cut<'a>(&self, text: &'a [u8], limit: usize) -> Cow<'a, [u8]> {
        let mut spans = Vec::new();
        self.patterns.find(text, &mut spans);
        if let Some(exact) = &self.exact {
            spans.extend(exact.find_overlapping_iter(text).map(|found| found.range()));
        }
        replace(text, spans, limit)
    }

    /// As [`Redactor::redact`], for text that is UTF-8.
    pub(crate) fn redact_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.redact(text.as_bytes())).into_owned()
    }
}

/// Replaces the union of the spans, up to a limit.
fn replace(text: &[u8], mut spans: Vec<Range<usize>>, limit: usize) -> Cow<'_, [u8]> {
    let kept = text.get(..limit).unwrap_or(text);
    spans.retain(|span| span.start < kept.len() && !span.is_empty());
    if spans.is_empty() {
        return Cow::Borrowed(kept);
    }
    spans.sort_unstable_by_key(|span| span.start);
    let mut clean = Vec::with_capacity(kept.len());
    let mut done = 0;
    for span in spans {
        if span.start > done || clean.is_empty() {
            clean.extend_from_slice(kept.get(done..span.start).unwrap_or_default());
            clean.extend_from_slice(MASK);
        }
        done = done.max(span.end);
    }
    clean.extend_from_slice(kept.get(done..).unwrap_or_default());
    Cow::Owned(clean)
}

/// Redacts the lines of one log in their order, so that a private key is followed across lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Lines of a private key that were seen since its first.
    key: Option<u32>,
}

impl Lines {
    /// The first `limit` bytes of the next line, without secrets.
    pub(crate) fn redact<'a>(&mut self, redactor: &Redactor, line: &'a [u8], limit: usize) -> Cow<'a, [u8]> {
        if self.advance(line) {
            Cow::Borrowed(MASK)
        } else {
            redactor.redact_cut(line, limit)
        }
    }

    /// Takes notice of a line; true if it belongs to a private key that began on an earlier one.
    pub(crate) fn advance(&mut self, line: &[u8]) -> bool {
        if let Some(seen) = self.key {
            let ends = pattern::key_end(line).is_some() || seen >= KEY_LINES;
            self.key = if ends { None } else { Some(seen + 1) };
            true
        } else {
            self.key = pattern::opens_key(line).then_some(0);
            false
        }
    }
}

#[cfg(test)]
mod tests;

//! Things that are secret wherever they come from: keys, tokens, passwords.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};

const BEGIN: &[u8] = b"-----BEGIN ";
const PRIVATE: &[u8] = b"PRIVATE KEY-----";
const END: &[u8] = b"-----END ";

/// Longest name of a kind of private key, such as `OPENSSH `.
const LABEL: usize = 40;

/// Shortest credential after `Bearer` or `Basic`.
const MIN_CREDENTIAL: usize = 8;

/// What follows a trigger word.
#[derive(Debug, Clone, Copy)]
enum Trigger {
    /// A credential, such as after `Bearer`.
    Scheme,
    /// A JSON web token, which begins with an encoded brace.
    Jwt,
    /// The authority of a URL.
    Url,
    /// A value, after `=` or `:`, that is secret in any form.
    Password,
    /// A value that is secret unless it reads like prose.
    Token,
    /// A PEM block.
    Pem,
}

const TRIGGERS: [(&str, Trigger); 16] = [
    ("bearer ", Trigger::Scheme),
    ("basic ", Trigger::Scheme),
    ("eyJ", Trigger::Jwt),
    ("://", Trigger::Url),
    ("password", Trigger::Password),
    ("passwd", Trigger::Password),
    ("passphrase", Trigger::Password),
    ("api_key", Trigger::Password),
    ("api-key", Trigger::Password),
    ("apikey", Trigger::Password),
    ("access_key", Trigger::Password),
    ("accesskey", Trigger::Password),
    ("private_key", Trigger::Password),
    ("secret", Trigger::Token),
    ("token", Trigger::Token),
    ("-----BEGIN ", Trigger::Pem),
];

/// Finds what looks secret.
#[derive(Debug)]
pub(super) struct Patterns(AhoCorasick);

impl Patterns {
    pub(super) fn new() -> Result<Self, BuildError> {
        let mut builder = AhoCorasick::builder();
        builder
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::ContiguousNFA));
        Ok(Self(builder.build(TRIGGERS.iter().map(|(word, _)| word))?))
    }

    /// Adds the span of each finding.
    pub(super) fn find(&self, text: &[u8], spans: &mut Vec<Range<usize>>) {
        for found in self.0.find_overlapping_iter(text) {
            let Some((_, trigger)) = TRIGGERS.get(found.pattern().as_usize()) else {
                continue;
            };
            let whole = text.get(found.start()..).unwrap_or_default();
            let rest = text.get(found.end()..).unwrap_or_default();
            let after = |span: Range<usize>| found.end() + span.start..found.end() + span.end;
            spans.extend(match trigger {
                Trigger::Scheme => credential(rest).map(after),
                Trigger::Jwt => {
                    let end = whole.starts_with(b"eyJ").then(|| jwt(rest)).flatten();
                    end.map(|length| found.start()..found.end() + length)
                }
                Trigger::Url => password_in_url(rest).map(after),
                Trigger::Password => value(rest, false).map(after),
                Trigger::Token => value(rest, true).map(after),
                Trigger::Pem => private_key(whole).map(|length| found.start()..found.start() + length),
            });
        }
    }
}

/// The line begins a private key and does not end it.
pub(super) fn opens_key(line: &[u8]) -> bool {
    let Some(begin) = position(line, BEGIN) else {
        return false;
    };
    let rest = line.get(begin..).unwrap_or_default();
    private_key(rest).is_some() && key_end(rest).is_none()
}

/// Where the line ends a private key.
pub(super) fn key_end(line: &[u8]) -> Option<usize> {
    let end = position(line, END)?;
    let close = position(line.get(end..)?, PRIVATE)?;
    Some(end + close + PRIVATE.len())
}

/// A private key on one line, as JSON prints it; one that does not end here takes the rest of the line.
fn private_key(text: &[u8]) -> Option<usize> {
    let label = text.get(BEGIN.len()..)?;
    position(label.get(..LABEL).unwrap_or(label), PRIVATE)?;
    Some(key_end(text).unwrap_or(text.len()))
}

/// A word after `Bearer` or `Basic` that no sentence has.
fn credential(rest: &[u8]) -> Option<Range<usize>> {
    let length = run(rest, |byte| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(&byte));
    let token = rest.get(..length)?;
    (length >= MIN_CREDENTIAL && !prose(token)).then_some(0..length)
}

/// Letters only, and not many: a word.
fn prose(text: &[u8]) -> bool {
    text.len() < 20
        && text
            .iter()
            .all(|&byte| byte.is_ascii_alphabetic() || b".-_/".contains(&byte))
}

/// Length of a token after its first three letters.
fn jwt(rest: &[u8]) -> Option<usize> {
    let part = |from: usize| {
        let text = rest.get(from..).unwrap_or_default();
        run(text, |byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let header = part(0);
    if header < 5 || rest.get(header) != Some(&b'.') {
        return None;
    }
    let end = header + 1 + part(header + 1);
    match rest.get(end) {
        _ if end < header + 3 => None,
        Some(b'.') => Some(end + 1 + part(end + 1)),
        Some(_) | None => Some(end),
    }
}

/// The password of `user:password@host`.
fn password_in_url(rest: &[u8]) -> Option<Range<usize>> {
    let length = run(rest, |byte| !byte.is_ascii_whitespace() && !b"/?#\"'<>".contains(&byte));
    let authority = rest.get(..length)?;
    let at = authority.iter().rposition(|&byte| byte == b'@')?;
    let colon = authority.get(..at)?.iter().position(|&byte| byte == b':')?;
    (colon + 1 < at).then_some(colon + 1..at)
}

/// The value after a name, as in `name=value`, `name: value` and `"name": "value"`.
fn value(rest: &[u8], spare_prose: bool) -> Option<Range<usize>> {
    let is_key = |from: usize| {
        rest.get(from..from + 3)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"key"))
    };
    let mut at = match rest.first()? {
        b'_' | b'-' if is_key(1) => 4,
        _ if is_key(0) => 3,
        _ => 0,
    };
    let quoted_name = quote(rest, at);
    at += quoted_name.map_or(0, |(length, _)| length);
    at += spaces(rest, at);
    let assigned = match rest.get(at)? {
        b'=' if rest.get(at + 1) != Some(&b'=') => true,
        b':' => false,
        _ => return None,
    };
    at += 1;
    at += spaces(rest, at);
    if let Some((length, mark)) = quote(rest, at) {
        let start = at + length;
        let body = rest.get(start..)?;
        // The quotes of JSON within JSON are escaped, and so the first backslash ends them.
        let end = if length == 2 {
            run(body, |byte| byte != b'\\')
        } else {
            until_quote(body, mark)
        };
        return (end > 0).then_some(start..start + end);
    }
    let word = rest.get(at..)?;
    let length = run(word, |byte| {
        !byte.is_ascii_whitespace() && !b",;&\"')}]<>".contains(&byte)
    });
    let plain = !assigned && (spare_prose || quoted_name.is_some()) && prose(word.get(..length)?);
    (length > 0 && !plain).then_some(at..at + length)
}

/// Length of an opening quote, which may be escaped, and its mark.
fn quote(text: &[u8], at: usize) -> Option<(usize, u8)> {
    match (text.get(at), text.get(at + 1)) {
        (Some(&mark @ (b'"' | b'\'')), _) => Some((1, mark)),
        (Some(b'\\'), Some(&mark @ (b'"' | b'\''))) => Some((2, mark)),
        _ => None,
    }
}

fn until_quote(text: &[u8], mark: u8) -> usize {
    let mut escaped = false;
    run(text, |byte| {
        let ends = byte == mark && !escaped;
        escaped = byte == b'\\' && !escaped;
        !ends
    })
}

fn spaces(text: &[u8], at: usize) -> usize {
    run(text.get(at..).unwrap_or_default(), |byte| byte == b' ' || byte == b'\t')
}

fn run(text: &[u8], mut holds: impl FnMut(u8) -> bool) -> usize {
    text.iter().position(|&byte| !holds(byte)).unwrap_or(text.len())
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

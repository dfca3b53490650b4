//! No secret value leaves a clone: lines are redacted before they are published.
//!
//! Exact values of the clone's Secrets, as they are and in Base64, and what looks like a credential by its form.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;

const REDACTED: &[u8] = b"[redacted]";

/// Shorter values are words like `true` or `root`, and would redact every log to pieces.
const SHORTEST: usize = 6;

/// Names whose value is a credential.
const NAMES: [&[u8]; 7] = [
    b"password",
    b"passwd",
    b"secret",
    b"token",
    b"api_key",
    b"apikey",
    b"authorization",
];

/// Knows the secret values of one clone.
#[derive(Debug)]
pub(crate) struct Redactor {
    values: AhoCorasick,
}

impl Redactor {
    /// Collects every value of these Secrets.
    pub(crate) fn new(secrets: &[Secret]) -> Result<Self, aho_corasick::BuildError> {
        let mut values = BTreeSet::new();
        for value in secrets
            .iter()
            .filter_map(|secret| secret.data.as_ref())
            .flat_map(|data| data.values())
        {
            let bytes = value.0.trim_ascii();
            values.insert(bytes.to_vec());
            values.insert(base64(bytes).into_bytes());
            // A log has lines: a value of several lines leaks one at a time.
            values.extend(
                bytes
                    .split(|byte| *byte == b'\n')
                    .map(|line| line.trim_ascii().to_vec()),
            );
        }
        values.retain(|value| value.len() >= SHORTEST);
        Ok(Self {
            values: AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(values)?,
        })
    }

    /// The line without what must not leave.
    pub(crate) fn redact(&self, line: Vec<u8>) -> Vec<u8> {
        // Replacing one value may join the ends of another: until none is left.
        let mut line = line;
        while self.values.is_match(&line) {
            line = self
                .values
                .replace_all_bytes(&line, &vec![REDACTED; self.values.patterns_len()]);
        }
        by_form(&line)
    }
}

/// Redacts what is a credential by its form: after a telling name, in a URL, or a JSON web token.
fn by_form(line: &[u8]) -> Vec<u8> {
    if line.starts_with(b"-----BEGIN") && contains(line, b"PRIVATE KEY") {
        return REDACTED.to_vec();
    }
    let mut out: Vec<u8> = Vec::with_capacity(line.len());
    let mut telling = false;
    for (separator, word) in words(line) {
        let bearer = separator == b" " && ends_with_ignore_case(&out, b"bearer");
        out.extend_from_slice(separator);
        let assigned =
            separator.iter().all(|byte| b"=: \"'".contains(byte)) && separator.iter().any(|byte| b"=:".contains(byte));
        let token = word.starts_with(b"eyJ") && word.len() > 20;
        let scheme = word.eq_ignore_ascii_case(b"bearer") || word.eq_ignore_ascii_case(b"basic");
        if !word.is_empty() && ((telling && assigned && !scheme) || bearer || token) {
            out.extend_from_slice(REDACTED);
        } else if let Some(host) = credentials_in_url(word) {
            out.extend_from_slice(REDACTED);
            out.extend_from_slice(host);
        } else {
            out.extend_from_slice(word);
        }
        telling = NAMES.iter().any(|name| ends_with_ignore_case(word, name));
    }
    out
}

fn ends_with_ignore_case(word: &[u8], name: &[u8]) -> bool {
    word.len() >= name.len()
        && word
            .get(word.len() - name.len()..)
            .is_some_and(|end| end.eq_ignore_ascii_case(name))
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

/// `//user:password@host` begins like a path and has an @ after a colon: what follows the @.
fn credentials_in_url(word: &[u8]) -> Option<&[u8]> {
    let rest = word.strip_prefix(b"//")?;
    let at = rest.iter().position(|byte| *byte == b'@')?;
    rest.get(..at)?.contains(&b':').then(|| rest.get(at..)).flatten()
}

/// Splits a line into pairs of what separates and what is separated; together they are the line.
fn words(line: &[u8]) -> Vec<(&[u8], &[u8])> {
    const SEPARATORS: &[u8] = b" \t\"'=,;{}[]()&?";
    let mut pairs = Vec::new();
    let (mut start, mut middle, mut in_word, mut in_url) = (0, 0, false, false);
    for (at, byte) in line.iter().enumerate() {
        // The colon of `//user:password@` belongs to the word.
        let separates = SEPARATORS.contains(byte) || (*byte == b':' && !in_url);
        if in_word && separates {
            pairs.push((
                line.get(start..middle).unwrap_or_default(),
                line.get(middle..at).unwrap_or_default(),
            ));
            (start, in_word, in_url) = (at, false, false);
        } else if !in_word && !separates {
            (middle, in_word) = (at, true);
        }
        in_url |= in_word && line.get(middle..=at).is_some_and(|word| word.starts_with(b"//"));
    }
    let middle = if in_word { middle } else { line.len() };
    pairs.push((
        line.get(start..middle).unwrap_or_default(),
        line.get(middle..).unwrap_or_default(),
    ));
    pairs
}

/// Base64 of RFC 4648 with padding, as Secrets are written.
fn base64(bytes: &[u8]) -> String {
    let value = serde_json::to_value(ByteString(bytes.to_vec())).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redactor(value: &[u8]) -> Redactor {
        let data = [("key".to_owned(), ByteString(value.to_vec()))];
        Redactor::new(&[Secret {
            data: Some(data.into()),
            ..Secret::default()
        }])
        .unwrap()
    }

    fn redacted(line: &str) -> String {
        String::from_utf8(redactor(b"hunter2hunter2").redact(line.as_bytes().to_vec())).unwrap()
    }

    #[test]
    fn values_go_in_every_form() {
        assert_eq!(redacted("login with hunter2hunter2 done"), "login with [redacted] done");
        assert_eq!(redacted("aHVudGVyMmh1bnRlcjI="), "[redacted]");
    }

    #[test]
    fn credentials_go_by_their_form() {
        assert_eq!(redacted("DB_PASSWORD=abc next"), "DB_PASSWORD=[redacted] next");
        assert_eq!(
            redacted(r#"{"password":"abc","user":"jo"}"#),
            r#"{"password":"[redacted]","user":"jo"}"#
        );
        assert_eq!(
            redacted("Authorization: Bearer abc.def"),
            "Authorization: Bearer [redacted]"
        );
        assert_eq!(
            redacted("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x ok"),
            "got [redacted] ok"
        );
        assert_eq!(redacted("postgres://jo:abc@db:5432/x"), "postgres:[redacted]@db:5432/x");
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        for line in [
            "GET /index.html HTTP/1.1 200",
            "token bucket is full",
            "listening on http://0.0.0.0:80",
            "a: b = c",
            "",
        ] {
            assert_eq!(redacted(line), line);
        }
    }

    proptest! {
        #[test]
        fn no_value_survives(value in "[a-zA-Z0-9/+]{6,40}", before in "[ -~]{0,40}", after in "[ -~]{0,40}") {
            prop_assume!(!String::from_utf8_lossy(REDACTED).contains(&value));
            let line = format!("{before}{value}{after}");
            let clean = redactor(value.as_bytes()).redact(line.into_bytes());
            prop_assert!(!contains(&clean, value.as_bytes()));
        }
    }
}

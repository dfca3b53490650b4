//! The forms in which programs print the value of a Secret.

use std::collections::BTreeSet;

/// Shorter values are words, ports and flags, and would mask half of every log.
const MIN: usize = 6;

/// Shorter lines of a longer value are structure, not secrets.
const MIN_LINE: usize = 12;

/// Long values are searched for in blocks of this size, so that no pattern is longer than two of them.
pub(super) const BLOCK: usize = 256;

/// No line that is kept is longer than this, so more of a value need not be known.
const MAX: usize = 64 * 1024;

/// Values that are configuration, whatever they are kept in.
const HARMLESS: [&str; 8] = [
    "enabled",
    "disabled",
    "default",
    "localhost",
    "unknown",
    "verify-full",
    "require",
    "prefer",
];

/// All patterns for these values.
pub(super) fn patterns<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> BTreeSet<Vec<u8>> {
    let mut patterns = BTreeSet::new();
    for value in values {
        let trimmed = value.trim_ascii();
        forms(value, &mut patterns);
        forms(trimmed, &mut patterns);
        if trimmed.contains(&b'\n') {
            let lines = trimmed.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
            for line in lines.filter(|line| line.len() >= MIN_LINE && !line.starts_with(b"-----")) {
                forms(line, &mut patterns);
            }
        }
        if trimmed.starts_with(b"{")
            && let Ok(json) = serde_json::from_slice(trimmed)
        {
            leaves(&json, &mut patterns);
        }
    }
    patterns
}

/// A value as it is, in base64, and escaped for JSON and for URLs.
fn forms(value: &[u8], patterns: &mut BTreeSet<Vec<u8>>) {
    if value.len() < MIN || harmless(value) {
        return;
    }
    let value = value.get(..MAX).unwrap_or(value);
    add(value, patterns);
    add(&base64(value, b'+', b'/'), patterns);
    add(&base64(value, b'-', b'_'), patterns);
    if let Ok(text) = std::str::from_utf8(value) {
        if let Ok(quoted) = serde_json::to_string(text) {
            let escaped = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            add(escaped.unwrap_or_default().as_bytes(), patterns);
        }
        add(&percent(value), patterns);
    }
}

fn add(form: &[u8], patterns: &mut BTreeSet<Vec<u8>>) {
    if form.len() < MIN {
        return;
    }
    if form.len() <= BLOCK * 2 {
        patterns.insert(form.to_vec());
        return;
    }
    patterns.extend(form.chunks_exact(BLOCK).map(<[u8]>::to_vec));
    patterns.extend(form.get(form.len() - BLOCK..).map(<[u8]>::to_vec));
}

/// What the mask itself contains cannot be masked.
fn harmless(value: &[u8]) -> bool {
    HARMLESS.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(value))
        || super::MASK.windows(value.len()).any(|window| window == value)
}

/// The strings of a JSON document, such as the passwords of an image registry.
fn leaves(json: &serde_json::Value, patterns: &mut BTreeSet<Vec<u8>>) {
    match json {
        serde_json::Value::String(text) => forms(text.as_bytes(), patterns),
        serde_json::Value::Array(items) => items.iter().for_each(|item| leaves(item, patterns)),
        serde_json::Value::Object(fields) => fields.values().for_each(|item| leaves(item, patterns)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

/// Without padding, which matches the padded form as well.
fn base64(value: &[u8], plus: u8, slash: u8) -> Vec<u8> {
    let digit = |bits: u32| {
        let bits = u8::try_from(bits & 63).unwrap_or_default();
        match bits {
            0..=25 => b'A' + bits,
            26..=51 => b'a' + bits - 26,
            52..=61 => b'0' + bits - 52,
            62 => plus,
            _ => slash,
        }
    };
    let mut out = Vec::with_capacity(value.len().div_ceil(3) * 4);
    for group in value.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        let digits = [18, 12, 6, 0].iter().map(|shift| digit(bits >> shift));
        out.extend(digits.take(group.len() + 1));
    }
    out
}

/// Escaped as a part of a URL.
fn percent(value: &[u8]) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let hex = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or_default();
    let mut out = Vec::with_capacity(value.len());
    for &byte in value {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            out.extend([b'%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_base64() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes(), b'+', b'/'), coded.as_bytes());
        }
        assert_eq!(base64(&[0xfb, 0xff], b'-', b'_'), b"-_8");
    }

    #[test]
    fn harmless_and_short_values_are_no_patterns() {
        let none: [&[u8]; 6] = [b"true", b"5432", b"Disabled", b"redacted", b"[redacted]", b"short"];
        assert!(patterns(none).is_empty());
    }

    #[test]
    fn no_pattern_is_longer_than_the_look_ahead() {
        let long: Vec<u8> = (0..100_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let all = patterns([long.as_slice()]);
        assert!(all.iter().all(|pattern| pattern.len() <= super::super::LOOK_AHEAD));
        assert!(!all.is_empty());
    }
}

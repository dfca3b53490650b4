//! The fields of a JSON object and of a logfmt line.

use std::ops::Range;

use super::class::{at, run};
use super::keys;
use super::text::closing;

/// Objects in objects that are read as such.
pub(super) const MAX_DEPTH: u32 = 16;

/// Where a field's name and value stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// With its quotes, if it has some.
    pub(super) key: Range<usize>,
    /// Without the blanks around it.
    pub(super) value: Range<usize>,
}

/// The fields of the JSON object that begins at a place; where it ends. Of one that was cut, those before the cut.
pub(super) fn object(text: &[u8], open: usize, to: usize, fields: &mut Vec<Field>) -> Option<usize> {
    let before = fields.len();
    let mut place = blanks(text, open + 1);
    loop {
        if place >= to {
            return cut(text, to, fields.len() > before);
        }
        if at(text, place) != b'"' {
            return None;
        }
        let Some(close) = closing(text, place, to) else {
            return cut(text, to, fields.len() > before);
        };
        let key = place..close + 1;
        let colon = blanks(text, close + 1);
        if colon >= to {
            return cut(text, to, fields.len() > before);
        }
        if at(text, colon) != b':' {
            return None;
        }
        let start = blanks(text, colon + 1);
        let Some(end) = value(text, start, to) else {
            fields.push(Field { key, value: start..to });
            return cut(text, to, fields.len() > before);
        };
        if end == start {
            return None;
        }
        fields.push(Field { key, value: start..end });
        let next = blanks(text, end);
        match at(text, next) {
            b',' => place = blanks(text, next + 1),
            b'}' if next < to => return Some(next + 1),
            _ if next >= to => return cut(text, to, fields.len() > before),
            _ => return None,
        }
    }
}

/// A line that was cut ends where the text does.
fn cut(text: &[u8], to: usize, has_fields: bool) -> Option<usize> {
    (to == text.len() && has_fields).then_some(to)
}

/// Where a value ends; none if the text ends before it.
fn value(text: &[u8], start: usize, to: usize) -> Option<usize> {
    match at(text, start) {
        b'"' => closing(text, start, to).map(|close| close + 1),
        b'{' | b'[' => bracketed(text, start, to),
        _ => {
            let end = run(text, start, |byte| {
                !matches!(byte, b',' | b'}' | b']' | b' ' | b'"' | b'{' | b':')
            });
            (end < to).then_some(end)
        }
    }
}

fn bracketed(text: &[u8], open: usize, to: usize) -> Option<usize> {
    let mut depth = 0_u32;
    let mut place = open;
    while place < to {
        match at(text, place) {
            b'"' => place = closing(text, place, to)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        place += 1;
        if depth == 0 {
            return Some(place);
        }
    }
    None
}

fn blanks(text: &[u8], from: usize) -> usize {
    run(text, from, |byte| byte == b' ')
}

/// Whether a text is logfmt through and through: `key=value key="several words"`, at least two of them.
pub(super) fn logfmt(text: &[u8], fields: &mut Vec<Field>) -> bool {
    let mut place = 0;
    while place < text.len() {
        let equals = run(text, place, is_key);
        if equals == place || at(text, equals) != b'=' {
            return false;
        }
        let start = equals + 1;
        let end = match at(text, start) {
            b'"' => closing(text, start, text.len()).map_or(text.len(), |close| close + 1),
            _ => run(text, start, |byte| byte != b' '),
        };
        if end < text.len() && at(text, end) != b' ' {
            return false;
        }
        fields.push(Field {
            key: place..equals,
            value: start..end,
        });
        place = blanks(text, end);
    }
    fields.len() > 1
}

fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@' | b'/')
}

/// Whether a field's value is the time of the line, in whatever form. What took some seconds is none.
pub(super) fn is_time(name: &[u8], value: &[u8]) -> bool {
    if !keys::is_time(name) || matches!(at(value, 0), b'{' | b'[') {
        return false;
    }
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_epoch = run(value, 0, |byte| byte.is_ascii_digit()) >= 10;
    is_epoch || digits >= 6 && value.contains(&b':') || digits == 8 && value.contains(&b'-')
}

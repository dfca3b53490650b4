//! Bytes that a log may hold, and a judge must not trip over.

use temper_core::logs::{Names, mask};

use super::{Change, Subject};
use crate::run::Line;

pub(super) const ROWS: [(&str, Change); 7] = [
    ("CRLF", |subject| Some(subject.each(|line| appended(line, b"\r")))),
    ("no UTF-8 in a value", |subject| value(subject, &[0xff, 0xfe, b'x'])),
    ("NUL in a value", |subject| value(subject, &[0, b'x'])),
    ("a value of 8 KiB", |subject| value(subject, &[b'x'; 8 * 1024])),
    ("a line of 1 MiB", |subject| value(subject, &[b'x'; 1 << 20])),
    ("UTF-16", |subject| {
        let mut lines = subject.with(0.5, "configuration reloaded");
        let line = lines.iter_mut().find(|line| line.text == b"configuration reloaded")?;
        line.text = line.text.iter().flat_map(|byte| [*byte, 0]).collect();
        Some(lines)
    }),
    ("partial last line", |subject| {
        let mut lines = subject.run.lines.clone();
        let last = lines.iter_mut().rev().find(|line| line.text.len() > 20)?;
        last.text.truncate(last.text.len() - 7);
        Some(lines)
    }),
];

fn appended(line: &Line, bytes: &[u8]) -> Line {
    Line {
        at: line.at,
        text: [&line.text, bytes].concat(),
    }
}

/// Puts bytes behind the last value of a line in the middle of the log: behind its last digit, if that is no code that tells
/// good from bad.
fn value(subject: &Subject<'_>, bytes: &[u8]) -> Option<Vec<Line>> {
    let mut lines = subject.run.lines.clone();
    let middle = lines.len() / 2;
    let (line, at) = lines
        .iter_mut()
        .skip(middle)
        .find_map(|line| value_of(&line.text).map(|at| (line, at + 1)))?;
    line.text.splice(at..at, bytes.iter().copied());
    Some(lines)
}

/// Where the last digit of a line is, if another one in its place is the same message.
fn value_of(text: &[u8]) -> Option<usize> {
    let at = text.iter().rposition(u8::is_ascii_digit)?;
    let mut other = text.to_vec();
    let digit = other.get_mut(at)?;
    *digit = b'0' + b'9' - *digit;
    let template = |text: &[u8]| mask(text, &Names::default()).template;
    (template(text) == template(&other)).then_some(at)
}

//! Words with digits: numbers, ids, addresses, times, durations and sizes.

use super::address;
use super::class::{at, before, digits, is_alnum, is_separator, part, run, run_back};
use super::keys;
use super::text::Pass;
use super::time::time;

/// Digits of a status, a code or a level at most.
const MAX_TELLING: usize = 5;

/// Hexadecimal digits that are an id at least.
const MIN_HEX: usize = 8;

/// Hexadecimal digits that are an id if there are digits before letters.
const MIN_MIXED: usize = 6;

/// What Kubernetes appends to names has this many characters at least.
const MIN_SUFFIX: usize = 5;

/// Masks what the digit at a place belongs to; where to go on.
pub(super) fn mask(pass: &mut Pass<'_>, digit: usize) -> usize {
    let text = pass.text();
    let start = run_back(text, pass.floor(), digit, is_alnum);
    if start < digit {
        return mixed(pass, start, digit);
    }
    let end = digits(text, digit);
    let after = at(text, end);
    // A clock has two colons, the addresses that begin like one have more.
    if after == b':'
        && at(text, digit + 8) != b':'
        && let Some(found) = time(text, pass.floor(), digit)
    {
        return pass.replace(found.start, found.end, "<ts>");
    }
    let may_be_mac = end - digit == 2 && matches!(after, b'a'..=b'f' | b'A'..=b'F');
    if (after == b':' || before(text, digit) == b':' || may_be_mac)
        && let Some(found) = address::colons(text, pass.floor(), digit)
    {
        return pass.replace(found.start, found.end, "<ip>");
    }
    if let Some(found) = time(text, pass.floor(), digit) {
        return pass.replace(found.start, found.end, "<ts>");
    }
    if after == b'.'
        && let Some(end) = address::v4(text, digit)
    {
        return pass.replace(digit, end, "<ip>");
    }
    if is_alnum(after) {
        return with_letters(pass, digit, end);
    }
    number(pass, digit, end)
}

/// A number that no letter touches.
fn number(pass: &mut Pass<'_>, start: usize, end: usize) -> usize {
    let text = pass.text();
    if end - start <= MAX_TELLING && keys::tells(text, start, end) || is_priority(text, start, end) {
        return end;
    }
    if matches!(end - start, 8 | 9)
        && let Some(end) = uuid(text, start)
    {
        return pass.replace(start, end, "<uuid>");
    }
    let mut end = end;
    while at(text, end) == b'.' && at(text, end + 1).is_ascii_digit() {
        end = digits(text, end + 1);
    }
    if is_alnum(at(text, end)) {
        return with_letters(pass, start, end);
    }
    if at(text, end) == b'%' {
        end += 1;
    }
    let placeholder = match unit_after(text, end) {
        Some((unit, after)) => {
            end = after;
            unit
        }
        None => "<num>",
    };
    pass.replace(signed(text, pass.floor(), start), end, placeholder)
}

/// The sign before a number that begins a word.
fn signed(text: &[u8], floor: usize, start: usize) -> usize {
    let is_signed = start > floor && matches!(before(text, start), b'-' | b'+');
    if is_signed
        && (start < 2 || is_separator(at(text, start - 2)) || matches!(at(text, start - 2), b'_' | b':' | b'/'))
    {
        start - 1
    } else {
        start
    }
}

/// The priority that a syslog message begins with.
fn is_priority(text: &[u8], start: usize, end: usize) -> bool {
    start == 1 && at(text, 0) == b'<' && at(text, end) == b'>' && end < 5
}

/// A number with letters right after it: a duration, a size, an id.
fn with_letters(pass: &mut Pass<'_>, start: usize, end: usize) -> usize {
    let text = pass.text();
    let run_end = run(text, end, is_alnum);
    let suffix = part(text, end, run_end);
    if let Some(end) = exponent(text, end) {
        return pass.replace(signed(text, pass.floor(), start), end, "<num>");
    }
    if matches!(suffix, [b'x' | b'X', _, ..]) && part(text, start, end) == b"0" {
        let is_code = run_end - start <= 10 && keys::tells(text, start, run_end);
        return if is_code {
            run_end
        } else {
            pass.replace(start, run_end, "<hex>")
        };
    }
    let is_hex = run_end - start >= MIN_HEX && part(text, start, run_end).iter().all(u8::is_ascii_hexdigit);
    if !is_hex && let Some((placeholder, end)) = measure(text, start) {
        return pass.replace(signed(text, pass.floor(), start), end, placeholder);
    }
    mixed(pass, start, start)
}

/// `1e-05`
fn exponent(text: &[u8], end: usize) -> Option<usize> {
    if !matches!(at(text, end), b'e' | b'E') {
        return None;
    }
    let is_signed = matches!(at(text, end + 1), b'+' | b'-');
    let last = digits(text, end + 1 + usize::from(is_signed));
    (is_signed && last > end + 2 && !is_alnum(at(text, last))).then_some(last)
}

/// A duration of one or several parts, or a size.
fn measure(text: &[u8], start: usize) -> Option<(&'static str, usize)> {
    let mut end = start;
    let mut parts = 0;
    let mut placeholder = "<duration>";
    while at(text, end).is_ascii_digit() {
        end = digits(text, end);
        if at(text, end) == b'.' {
            end = digits(text, end + 1);
        }
        let unit_end = run(text, end, |byte| is_alnum(byte) && !byte.is_ascii_digit());
        placeholder = unit(part(text, end, unit_end))?;
        end = unit_end;
        parts += 1;
    }
    (!is_alnum(at(text, end)) && (parts == 1 || placeholder == "<duration>")).then_some((placeholder, end))
}

fn unit(word: &[u8]) -> Option<&'static str> {
    match word {
        b"ns" | b"us" | b"ms" | b"s" | b"m" | b"h" | b"d" | b"w" | b"sec" | b"secs" | b"min" | b"mins" | b"hr"
        | b"hrs" | b"\xc2\xb5s" | b"\xce\xbcs" => Some("<duration>"),
        b"B" | b"b" | b"k" | b"K" | b"M" | b"G" | b"T" | b"kB" | b"KB" | b"MB" | b"GB" | b"TB" | b"kb" | b"mb"
        | b"gb" | b"KiB" | b"MiB" | b"GiB" | b"TiB" | b"Ki" | b"Mi" | b"Gi" | b"Ti" => Some("<size>"),
        _ => None,
    }
}

/// A unit that stands by itself after a number: the same value now has one and now another.
fn unit_after(text: &[u8], end: usize) -> Option<(&'static str, usize)> {
    if at(text, end) != b' ' || !is_alnum(at(text, end + 1)) {
        return None;
    }
    let unit_end = run(text, end + 1, is_alnum);
    let word = part(text, end + 1, unit_end);
    let is_clear =
        matches!(word.len(), 2 | 3) && !matches!(word, b"hr" | b"hrs" | b"min") || matches!(word, b"s" | b"B");
    is_clear.then(|| unit(word)).flatten().map(|unit| (unit, unit_end))
}

/// A run of letters and digits: an id, or a word whose numbers are masked.
fn mixed(pass: &mut Pass<'_>, start: usize, digit: usize) -> usize {
    let text = pass.text();
    let end = run(text, digit, is_alnum);
    let word = part(text, start, end);
    if start == 0
        && let Some(found) = klog(text)
    {
        return pass.replace(1, found, "<ts>");
    }
    if matches!(word.len(), 8 | 9)
        && let Some(end) = uuid(text, start)
    {
        return pass.replace(start, end, "<uuid>");
    }
    if at(text, end) == b':'
        && word.len() <= 4
        && let Some(found) = address::colons(text, pass.floor(), digit)
    {
        return pass.replace(found.start, found.end, "<ip>");
    }
    let is_part = before(text, start) == b'-' || at(text, end) == b'-';
    if is_part && is_suffix(word) {
        let next = run(text, end + 1, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let is_pair = at(text, end) == b'-' && next == end + 1 + MIN_SUFFIX && !is_alnum(at(text, next));
        return if is_pair {
            pass.replace(start, next, "<id>-<id>")
        } else {
            pass.replace(start, end, "<id>")
        };
    }
    if is_hex(word) {
        return pass.replace(start, end, "<hex>");
    }
    if is_id(word) {
        return pass.replace(start, end, "<id>");
    }
    let mut digit = digit;
    while digit < end {
        let mut last = digits(text, digit);
        while last >= end && at(text, last) == b'.' && at(text, last + 1).is_ascii_digit() {
            last = digits(text, last + 1);
        }
        pass.replace(digit, last, "<num>");
        digit = run(text, last, |byte| is_alnum(byte) && !byte.is_ascii_digit()).max(last);
        if !at(text, digit).is_ascii_digit() {
            return digit;
        }
    }
    digit
}

/// The clock after the level that Kubernetes' own log library begins a line with, such as `E1123`.
fn klog(text: &[u8]) -> Option<usize> {
    let end = digits(text, 1);
    let is_level = matches!(at(text, 0), b'I' | b'W' | b'E' | b'F') && matches!(end, 5 | 9) && at(text, end) == b' ';
    let clock = is_level.then(|| time(text, end, end + 1))??;
    Some(clock.end)
}

/// What Kubernetes appends to names: lower case letters and digits, with a letter after a digit.
fn is_suffix(word: &[u8]) -> bool {
    let is_legal = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    word.len() >= MIN_SUFFIX
        && word.iter().all(is_legal)
        && turns(word) > usize::from(word.first().is_some_and(u8::is_ascii_lowercase))
}

/// Hexadecimal digits that are no word with a number after it.
fn is_hex(word: &[u8]) -> bool {
    let is_all = word.iter().all(u8::is_ascii_hexdigit);
    is_all
        && (word.len() >= MIN_HEX
            || word.len() >= MIN_MIXED && turns(word) > usize::from(!at(word, 0).is_ascii_digit()))
}

/// Letters and digits that change too often for a name: a random id.
fn is_id(word: &[u8]) -> bool {
    turns(word) > 2
}

/// How often a letter and a digit are neighbours.
fn turns(word: &[u8]) -> usize {
    let next = word.get(1..).unwrap_or_default();
    word.iter()
        .zip(next)
        .filter(|(a, b)| a.is_ascii_digit() != b.is_ascii_digit())
        .count()
}

/// Where a UUID ends. One that holds a byte too many, because it was not UTF-8, is still one.
fn uuid(text: &[u8], start: usize) -> Option<usize> {
    let first = run(text, start, |byte| byte.is_ascii_hexdigit());
    if !matches!(first - start, 8 | 9) || at(text, first) != b'-' {
        return None;
    }
    let end = run(text, first, |byte| byte.is_ascii_hexdigit() || byte == b'-');
    let word = part(text, start, end);
    let is_right = matches!(word.len(), 36 | 37) && word.split(|byte| *byte == b'-').map(<[u8]>::len).min() == Some(4);
    let groups = word.split(|byte| *byte == b'-').count();
    (is_right && groups == 5 && !is_alnum(at(text, end))).then_some(end)
}

//! Times of any common form, from the weekday before them to the zone after them.

use std::ops::Range;

use super::class::{at, before, digits, is_alnum, part, run, run_back};

const MONTHS: [&[u8]; 12] = [
    b"January",
    b"February",
    b"March",
    b"April",
    b"May",
    b"June",
    b"July",
    b"August",
    b"September",
    b"October",
    b"November",
    b"December",
];

const WEEKDAYS: [&[u8]; 7] = [
    b"Monday",
    b"Tuesday",
    b"Wednesday",
    b"Thursday",
    b"Friday",
    b"Saturday",
    b"Sunday",
];

/// Names of zones that servers run in.
const ZONES: [&[u8]; 18] = [
    b"UTC", b"GMT", b"CET", b"CEST", b"EET", b"EEST", b"WET", b"WEST", b"EST", b"EDT", b"CST", b"CDT", b"MST", b"MDT",
    b"PST", b"PDT", b"JST", b"IST",
];

/// The time whose first digit is at a place. It may begin before it, with the name of a month or a day, but not before
/// the floor.
pub(super) fn time(text: &[u8], floor: usize, first: usize) -> Option<Range<usize>> {
    let end = digits(text, first);
    let number = part(text, first, end);
    match number.len() {
        1 | 2 => short(text, floor, first, end),
        4 => Some(weekday(text, floor, first)..whole(text, year_first(text, first, end)?)),
        6 | 8 => Some(first..compact(text, number, end)?),
        // Seconds, milli-, micro- or nanoseconds from 2017 to 2033, at the start of a line.
        10 | 13 | 16 | 19
            if first <= 1
                && matches!(number, [b'1', b'5'..=b'9', ..])
                && (first == 0 || before(text, first) == b'[') =>
        {
            let end = fraction(text, end);
            (!is_alnum(at(text, end))).then_some(first..end)
        }
        14 => (is_day(part(number, 0, 8)) && !is_alnum(at(text, end))).then_some(first..zone(text, end)),
        _ => None,
    }
}

/// `10:20:30`, `24/Nov/2026`, `24.11.2026`, `11/24/2026`, `17/06/09 20:10:40`, `24 Nov 2026`, `Nov 24 10:20:30`.
fn short(text: &[u8], floor: usize, first: usize, end: usize) -> Option<Range<usize>> {
    match at(text, end) {
        b':' => {
            let end = clock(text, first)?;
            Some(weekday(text, floor, first)..zone(text, end))
        }
        separator @ (b'/' | b'-' | b'.') => {
            let second = end + 1;
            let after = month(text, second).or_else(|| number(text, second, 31))?;
            let is_named = !at(text, second).is_ascii_digit();
            let date = if at(text, after) == separator {
                let end = digits(text, after + 1);
                match end - after - 1 {
                    4 if is_century(part(text, after + 1, end)) => return Some(first..whole(text, end)),
                    2 => end,
                    _ => return None,
                }
            } else if is_named {
                return None;
            } else {
                after
            };
            // A date of two numbers, or without a century, is one only before a clock.
            let end = after_date(text, date)?;
            Some(first..end)
        }
        b' ' | b',' => {
            let is_after_word = first >= 2 && at(text, first - 2).is_ascii_lowercase();
            if is_after_word && let Some(start) = month_before(text, floor, first) {
                let year = year(text, run(text, end, |byte| matches!(byte, b' ' | b',')));
                let end = match (year, after_date(text, year.unwrap_or(end))) {
                    (_, Some(end)) => end,
                    (Some(year), None) => year,
                    (None, None) => return None,
                };
                return Some(weekday(text, floor, start)..year_after(text, end));
            }
            if !at(text, end + 1).is_ascii_uppercase() {
                return None;
            }
            let month = month(text, end + 1)?;
            let year = year(text, month + 1);
            let end = after_date(text, year.unwrap_or(month)).or(year)?;
            Some(weekday(text, floor, first)..end)
        }
        _ => None,
    }
}

/// `2026-11-24`, `2026/11/24`, `2026.11.24`; where it ends.
fn year_first(text: &[u8], first: usize, end: usize) -> Option<usize> {
    let separator = at(text, end);
    if !matches!(separator, b'-' | b'/' | b'.') || !is_century(part(text, first, end)) {
        return None;
    }
    let month = number(text, end + 1, 12)?;
    if at(text, month) != separator {
        return None;
    }
    number(text, month + 1, 31)
}

/// `20261124T101112`, `20261124-10:11:12`, `261124 10:11:12`.
fn compact(text: &[u8], number: &[u8], end: usize) -> Option<usize> {
    let has_century = number.len() == 8;
    if has_century && !is_day(number) {
        return None;
    }
    if let Some(end) = after_date(text, end) {
        return Some(end);
    }
    let clock = digits(text, end + 1);
    let is_joined = has_century && matches!(at(text, end), b'T' | b'-' | b'_') && clock == end + 7;
    is_joined.then(|| zone(text, fraction(text, clock)))
}

/// The end of a date with the clock that may follow it.
fn whole(text: &[u8], date: usize) -> usize {
    after_date(text, date).unwrap_or(date)
}

/// The end of the clock and the zone that follow a date.
fn after_date(text: &[u8], date: usize) -> Option<usize> {
    let start = match (at(text, date), at(text, date + 1)) {
        (b',' | b' ' | b'-', b' ') => date + 2,
        (b'T' | b't' | b' ' | b'_' | b'-' | b':' | b',', _) => date + 1,
        _ => return None,
    };
    let end = clock(text, start)
        .or_else(|| short_clock(text, start))
        .or_else(|| dotted_clock(text, start))
        .or_else(|| minutes(text, start))?;
    Some(zone(text, end))
}

/// `10:20:30`, perhaps with a fraction.
fn clock(text: &[u8], start: usize) -> Option<usize> {
    let end = minutes(text, start)?;
    let seconds = (at(text, end) == b':').then(|| two(text, end + 1))??;
    Some(fraction(text, seconds))
}

/// `10:20`.
fn minutes(text: &[u8], start: usize) -> Option<usize> {
    let hours = number(text, start, 24).or_else(|| (two(text, start)? == start + 2).then_some(start + 2))?;
    (at(text, hours) == b':').then(|| two(text, hours + 1))?
}

/// `9:5:1`, which is a clock only after a date.
fn short_clock(text: &[u8], start: usize) -> Option<usize> {
    let hours = number(text, start, 24)?;
    let minutes = (at(text, hours) == b':').then(|| number(text, hours + 1, 60))??;
    let seconds = (at(text, minutes) == b':').then(|| number(text, minutes + 1, 60))??;
    Some(fraction(text, seconds))
}

/// `10.20.30.123456`
fn dotted_clock(text: &[u8], start: usize) -> Option<usize> {
    let hours = number(text, start, 24)?;
    let minutes = (at(text, hours) == b'.').then(|| two(text, hours + 1))??;
    let seconds = (at(text, minutes) == b'.').then(|| two(text, minutes + 1))??;
    Some(fraction(text, seconds))
}

/// Two digits under 60, or a leap second.
fn two(text: &[u8], start: usize) -> Option<usize> {
    let end = number(text, start, 60)?;
    (end == start + 2).then_some(end)
}

/// One or two digits up to a maximum; where they end.
fn number(text: &[u8], start: usize, max: u8) -> Option<usize> {
    let end = digits(text, start);
    let value = match part(text, start, end) {
        [ones] => ones - b'0',
        [tens, ones] => (tens - b'0') * 10 + (ones - b'0'),
        _ => return None,
    };
    (value <= max).then_some(end)
}

fn fraction(text: &[u8], end: usize) -> usize {
    if matches!(at(text, end), b'.' | b',' | b':') && at(text, end + 1).is_ascii_digit() {
        digits(text, end + 1)
    } else {
        end
    }
}

/// The end of what may follow a clock: half of the day, zone, what Go's clock adds.
fn zone(text: &[u8], end: usize) -> usize {
    let gap = usize::from(at(text, end) == b' ');
    let start = end + gap;
    let word = run(text, start, |byte| byte.is_ascii_alphabetic());
    let is_whole = !is_alnum(at(text, word));
    let named = part(text, start, word);
    let next = match (at(text, start), named) {
        (b'Z' | b'z', [_]) if gap == 0 && is_whole => word,
        (_, b"AM" | b"PM" | b"am" | b"pm") if is_whole => return zone(text, word),
        (b'+' | b'-', _) => match offset(text, start) {
            Some(end) => end,
            None => return end,
        },
        _ if is_whole && ZONES.contains(&named) => word,
        _ => return end,
    };
    // `+0000 UTC m=+0.01`
    let twice = zone(text, next);
    if text.get(twice..).is_some_and(|rest| rest.starts_with(b" m=+")) {
        run(text, twice + 4, |byte| byte.is_ascii_digit() || byte == b'.')
    } else {
        twice
    }
}

/// `+01:00`, `-0500`, `+02`.
fn offset(text: &[u8], sign: usize) -> Option<usize> {
    let end = digits(text, sign + 1);
    match end - sign - 1 {
        4 => Some(end),
        2 if at(text, end) == b':' => two(text, end + 1),
        2 if is_alnum(at(text, end)) => None,
        2 => Some(end),
        _ => None,
    }
}

/// The year that `date` and C's `ctime` put last.
fn year_after(text: &[u8], end: usize) -> usize {
    (at(text, end) == b' ')
        .then(|| year(text, end + 1))
        .flatten()
        .unwrap_or(end)
}

fn year(text: &[u8], start: usize) -> Option<usize> {
    let end = digits(text, start);
    (is_century(part(text, start, end)) && !is_alnum(at(text, end))).then_some(end)
}

fn is_century(number: &[u8]) -> bool {
    matches!(number, [b'1', b'9', _, _] | [b'2', b'0', _, _])
}

fn is_day(number: &[u8]) -> bool {
    is_century(part(number, 0, 4)) && number_of(number, 4, 12) && number_of(number, 6, 31)
}

fn number_of(digits: &[u8], start: usize, max: u8) -> bool {
    number(part(digits, start, start + 2), 0, max).is_some()
}

/// The end of a month's name.
fn month(text: &[u8], start: usize) -> Option<usize> {
    let end = run(text, start, |byte| byte.is_ascii_alphabetic());
    is_name(part(text, start, end), &MONTHS).then_some(end)
}

/// Where the name of a month that stands before a number begins.
fn month_before(text: &[u8], floor: usize, first: usize) -> Option<usize> {
    let start = name_before(text, floor, first)?;
    is_name(part(text, start, first - 1), &MONTHS).then_some(start)
}

/// Where a time begins, with the weekday that may stand before it.
fn weekday(text: &[u8], floor: usize, first: usize) -> usize {
    let Some(start) = name_before(text, floor, first) else {
        return first;
    };
    let name = part(text, start, first - 1);
    let name = name.strip_suffix(b",").unwrap_or(name);
    if is_name(name, &WEEKDAYS) { start } else { first }
}

fn name_before(text: &[u8], floor: usize, first: usize) -> Option<usize> {
    let end = first.checked_sub(1).filter(|_| before(text, first) == b' ')?;
    let start = run_back(text, floor, end, |byte| byte.is_ascii_alphabetic() || byte == b',');
    (!is_alnum(before(text, start))).then_some(start)
}

/// A name in full or its first three letters, with a capital.
fn is_name(word: &[u8], names: &[&[u8]]) -> bool {
    let is_one = |name: &&[u8]| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(part(name, 0, 3));
    word.len() >= 3 && word.first().is_some_and(u8::is_ascii_uppercase) && names.iter().any(is_one)
}

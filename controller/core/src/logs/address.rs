//! Addresses: IPv4, IPv6 and MAC, with or without a port or a mask.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::class::{at, before, digits, is_alnum, part, run, run_back};

/// The end of an IPv4 address that begins at a place.
pub(super) fn v4(text: &[u8], start: usize) -> Option<usize> {
    let mut end = start;
    for place in 0..4 {
        if place > 0 {
            end = (at(text, end) == b'.').then_some(end + 1)?;
        }
        let next = digits(text, end);
        let number = part(text, end, next);
        if !matches!(number.len(), 1..=3) || (number.len() == 3 && number > b"255") {
            return None;
        }
        end = next;
    }
    let is_longer = at(text, end) == b'.' && at(text, end + 1).is_ascii_digit();
    (!is_longer && !is_alnum(at(text, end))).then(|| port(text, end))
}

/// The port or the length of a mask after an address.
fn port(text: &[u8], end: usize) -> usize {
    let next = digits(text, end + 1);
    let is_port = matches!(at(text, end), b':' | b'/') && (end + 2..=end + 6).contains(&next);
    if is_port && !is_alnum(at(text, next)) {
        next
    } else {
        end
    }
}

/// An IPv6 or MAC address around a place. A colon too many is a port.
pub(super) fn colons(text: &[u8], floor: usize, inside: usize) -> Option<Range<usize>> {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let start = run_back(text, floor, inside, is_part);
    let end = run(text, inside, is_part);
    // A colon or a full stop after it is the sentence's.
    let end = run_back(text, start, end, |byte| matches!(byte, b':' | b'.')).max(start);
    let word = part(text, start, end);
    if word.split(|byte| *byte == b':').count() < 3 || is_alnum(before(text, start)) {
        return None;
    }
    let is_v6 = |word: &[u8]| str::from_utf8(word).is_ok_and(|word| word.parse::<Ipv6Addr>().is_ok());
    let is_known = is_mac(word) || is_v6(word) || {
        let last = word.iter().rposition(|byte| *byte == b':').unwrap_or_default();
        let has_port = !part(word, last + 1, word.len()).is_empty() && digits(word, last + 1) == word.len();
        has_port && is_v6(part(word, 0, last))
    };
    let end = match at(text, end) {
        b'%' => run(text, end + 1, is_alnum),
        b'/' => port(text, end),
        _ => end,
    };
    (is_known && !is_alnum(at(text, end))).then_some(start..end)
}

/// Six or more pairs of hexadecimal digits.
fn is_mac(word: &[u8]) -> bool {
    word.len() >= 17
        && word
            .split(|byte| *byte == b':')
            .all(|pair| pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit))
}

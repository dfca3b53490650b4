//! What the name before a value says of it.

use super::class::{at, before, is_alnum, is_separator, part, run_back};

/// Fields whose value is the message itself: another value is another message.
pub(crate) const SAYING: [&str; 15] = [
    "msg",
    "message",
    "err",
    "error",
    "reason",
    "cause",
    "level",
    "lvl",
    "severity",
    "event",
    "exception",
    "state",
    "detail",
    "log",
    "status",
];

/// Ends of words after which a number is a verdict, not a measurement.
const TELLING: [&[u8]; 8] = [
    b"status",
    b"code",
    b"errno",
    b"exit",
    b"exited",
    b"signal",
    b"returned",
    b"rc",
];

/// Fields that hold a level, perhaps as a number.
const LEVELS: [&[u8]; 9] = [
    b"level",
    b"lvl",
    b"severity",
    b"loglevel",
    b"log_level",
    b"levelname",
    b"log.level",
    b"@l",
    b"priority",
];

/// Fields that hold a time, perhaps as a number.
const TIMES: [&[u8]; 11] = [
    b"ts",
    b"time",
    b"timestamp",
    b"@timestamp",
    b"@t",
    b"date",
    b"datetime",
    b"asctime",
    b"t",
    b"eventtime",
    b"created",
];

/// How many bytes a word has that says what follows it.
const MAX_KEY: usize = 24;

/// Whether a field holds a level.
pub(super) fn is_level(key: &[u8]) -> bool {
    is_one_of(key, &LEVELS)
}

/// Whether a field holds the time of the line.
pub(super) fn is_time(key: &[u8]) -> bool {
    is_one_of(key, &TIMES)
}

/// Whether a field holds the message, which is kept however long it is.
pub(super) fn is_message(key: &[u8]) -> bool {
    SAYING.iter().any(|name| key.eq_ignore_ascii_case(name.as_bytes()))
}

fn is_one_of(key: &[u8], names: &[&[u8]]) -> bool {
    names.iter().any(|name| key.eq_ignore_ascii_case(name))
}

/// How many signs stand between a word and the value that it names.
const MAX_GAP: usize = 4;

fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'=' | b':' | b'"' | b'\'' | b'(' | b'[' | b'#' | b'-')
}

/// The word before a value, and whether a colon or an equals sign gives it the value.
pub(super) fn key_before(text: &[u8], value: usize) -> (&[u8], bool) {
    let floor = value.saturating_sub(MAX_KEY + MAX_GAP);
    let end = run_back(text, value.saturating_sub(MAX_GAP), value, is_between);
    let start = run_back(text, floor, end, |byte| !is_separator(byte) && byte != b':');
    let is_given = part(text, end, value).iter().any(|byte| matches!(byte, b'=' | b':'));
    (part(text, start, end), is_given)
}

/// Whether a number is a status, a code, a signal or a level, which is never masked.
pub(super) fn tells(text: &[u8], start: usize, end: usize) -> bool {
    // Whatever else stands before it, such as a full stop or a slash, names nothing.
    if !is_between(before(text, start)) {
        return false;
    }
    let end_of_key = run_back(text, start.saturating_sub(MAX_GAP), start, is_between);
    let may_tell = matches!(part(text, start, end), b"0" | [b'1'..=b'5', _, _])
        || is_errno(text, start, end)
        || may_name(before(text, end_of_key.saturating_sub(1)), before(text, end_of_key));
    if !may_tell {
        return false;
    }
    let (key, is_given) = key_before(text, start);
    if is_http_status(part(text, start, end)) && (is_after_request(text, start, key) || has_reason(text, start, end)) {
        return true;
    }
    if part(text, start, end) == b"0" && (is_trouble(key) || is_trouble(text.get(end + 1..).unwrap_or_default())) {
        return true;
    }
    let is_status = TELLING.iter().any(|name| ends_with(key, name));
    if !is_status {
        return is_given && is_level(key) || is_errno(text, start, end);
    }
    // `returned 17 rows` is a count.
    let rest = text.get(end..).unwrap_or_default();
    let next = rest.strip_prefix(b" ").unwrap_or_default();
    let word = next.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    !(ends_with(key, b"returned") && word > 2 && at(next, word - 1) == b's')
}

/// Whether a word with these last letters may be one that tells: a glance that spares most words the reading.
fn may_name(last_but_one: u8, last: u8) -> bool {
    // In lower case; an at sign is a backtick then.
    matches!(
        &[last_but_one | 0x20, last | 0x20],
        b"us" | b"de" | b"no" | b"it" | b"ed" | b"al" | b"rc" | b"el" | b"vl" | b"ty" | b"me" | b"`l"
    )
}

/// What none of is good, and some of is not.
fn is_trouble(word: &[u8]) -> bool {
    [b"error", b"faile", b"failu"]
        .iter()
        .any(|name| part(word, 0, 5).eq_ignore_ascii_case(*name))
}

/// `(13: Permission denied)`
fn is_errno(text: &[u8], start: usize, end: usize) -> bool {
    let after = part(text, end, end + 3);
    start > 0 && at(text, start - 1) == b'(' && matches!(after, [b':', b' ', b'A'..=b'Z'])
}

fn ends_with(key: &[u8], name: &[u8]) -> bool {
    let from = key.len().checked_sub(name.len());
    let tail = from.and_then(|from| key.get(from..));
    let is_word =
        |from: usize| from == 0 || !at(key, from - 1).is_ascii_lowercase() || at(key, from).is_ascii_uppercase();
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(name)) && from.is_some_and(is_word)
}

fn is_http_status(number: &[u8]) -> bool {
    matches!(number, [b'1'..=b'5', _, _])
}

/// Right after a quoted request, the version of HTTP, a method and a path, or between the bars of gin's log.
fn is_after_request(text: &[u8], start: usize, key: &[u8]) -> bool {
    let line = part(text, 0, start);
    line.ends_with(b"\" ")
        || line.ends_with(b"| ") && text.get(start + 3..).is_some_and(|rest| rest.starts_with(b" |"))
        || is_one_of(key, &[b"HTTP", b"response"])
        || key.starts_with(b"HTTP/")
        || key.starts_with(b"/") && is_one_of(key_before(line, start.saturating_sub(key.len() + 1)).0, &METHODS)
}

/// A status is told with its reason: `404 Not Found`.
fn has_reason(text: &[u8], start: usize, end: usize) -> bool {
    let Some(rest) = text.get(end..).and_then(|rest| rest.strip_prefix(b" ")) else {
        return false;
    };
    let is_told = |reason: &[u8]| rest.starts_with(reason) && !is_alnum(at(rest, reason.len()));
    let reasons = REASONS.iter().filter(|(status, _)| *status == part(text, start, end));
    at(rest, 0).is_ascii_uppercase() && reasons.into_iter().any(|(_, reason)| is_told(reason))
}

/// Reason phrases of RFC 9110, RFC 4918 and RFC 6585, as servers that work or fail send them.
const REASONS: [(&[u8], &[u8]); 34] = [
    (b"200", b"OK"),
    (b"201", b"Created"),
    (b"202", b"Accepted"),
    (b"204", b"No Content"),
    (b"206", b"Partial Content"),
    (b"207", b"Multi-Status"),
    (b"301", b"Moved Permanently"),
    (b"302", b"Found"),
    (b"303", b"See Other"),
    (b"304", b"Not Modified"),
    (b"307", b"Temporary Redirect"),
    (b"308", b"Permanent Redirect"),
    (b"400", b"Bad Request"),
    (b"401", b"Unauthorized"),
    (b"403", b"Forbidden"),
    (b"404", b"Not Found"),
    (b"405", b"Method Not Allowed"),
    (b"406", b"Not Acceptable"),
    (b"408", b"Request Timeout"),
    (b"409", b"Conflict"),
    (b"410", b"Gone"),
    (b"412", b"Precondition Failed"),
    (b"413", b"Request Entity Too Large"),
    (b"413", b"Content Too Large"),
    (b"415", b"Unsupported Media Type"),
    (b"422", b"Unprocessable Entity"),
    (b"423", b"Locked"),
    (b"429", b"Too Many Requests"),
    (b"500", b"Internal Server Error"),
    (b"501", b"Not Implemented"),
    (b"502", b"Bad Gateway"),
    (b"503", b"Service Unavailable"),
    (b"504", b"Gateway Timeout"),
    (b"507", b"Insufficient Storage"),
];

/// Whether a string is a request, such as `GET / HTTP/1.1`: its method and its path tell what is done.
pub(super) fn is_request(string: &[u8]) -> bool {
    let mut words = string.split(|byte| *byte == b' ');
    words.next().is_some_and(|word| is_one_of(word, &METHODS))
        && words.next().is_some_and(|path| path.starts_with(b"/"))
}

/// Whether a word is a method of HTTP, as requests have it.
pub(super) fn is_method(word: &[u8]) -> bool {
    METHODS.contains(&word)
}

const METHODS: [&[u8]; 7] = [b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"];

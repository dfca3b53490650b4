//! How bad a line sounds: a function of its template, which keeps all words, levels and codes that tell.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::class::{at, before, is_alnum, run};
use super::keys;

/// From harmless to fatal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Says nothing of trouble.
    Plain,
    /// Calls itself a warning.
    Warning,
    /// Something failed.
    Soft,
    /// Something was refused, or the program is about to end.
    Hard,
}

/// Refusals and last words; section 7.4 of the design. Codes of errors are those of errno(3) and `getaddrinfo(3)` that are no
/// words of anything else. A network that cannot be reached, or that nobody can ask for names in, refuses as well.
const HARD: [&str; 35] = [
    "permission denied",
    "denied",
    "not permitted",
    "read-only file system",
    "readonly",
    "fatal",
    "panic",
    "emerg",
    "traceback",
    "segfault",
    "segmentation fault",
    "out of memory",
    "must be run as root",
    "must be root",
    "core dumped",
    "no space left",
    "disk quota exceeded",
    "file too large",
    "too many open files",
    "cannot allocate memory",
    "address already in use",
    "eacces",
    "eperm",
    "no route to host",
    "enospc",
    "edquot",
    "efbig",
    "emfile",
    "enomem",
    "eaddrinuse",
    "eai_again",
    "enetunreach",
    "ehostunreach",
    "network is unreachable",
    "temporary failure in name resolution",
];

const SOFT: [&str; 24] = [
    "error",
    "failed",
    "failure",
    "fail",
    "cannot",
    "can't",
    "could not",
    "couldn't",
    "unable",
    "refused",
    "no such file",
    "timeout",
    "timed out",
    "exception",
    "crit",
    "servfail",
    "wrong",
    "no such host",
    "name or service not known",
    "enoent",
    "enosys",
    "enotfound",
    "econnrefused",
    "etimedout",
];

const WARNING: [&str; 3] = ["warn", "warning", "deprecated"];

/// Words that take the sting out of the soft word in them.
const HARMLESS: [&str; 18] = [
    "0 error",
    "0 errors",
    "no error",
    "no errors",
    "0 failed",
    "0 failures",
    "errors=0",
    "errors: 0",
    "\"errors\":0",
    "failed=0",
    "failed: 0",
    "\"failed\":0",
    "error_log",
    "error=<nil>",
    "error=null",
    "\"error\":null",
    "without error",
    "without errors",
];

static WORDS: LazyLock<Option<(AhoCorasick, Vec<Option<Severity>>)>> = LazyLock::new(|| {
    let kinds = [
        (&HARD[..], Some(Severity::Hard)),
        (&SOFT, Some(Severity::Soft)),
        (&WARNING, Some(Severity::Warning)),
        (&HARMLESS, None),
    ];
    let words = kinds.iter().flat_map(|(words, _)| *words);
    let meanings = kinds.iter().flat_map(|(words, kind)| words.iter().map(|_| *kind));
    let search = AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(words)
        .ok()?;
    Some((search, meanings.collect()))
});

/// Of a template.
pub(super) fn of(template: &str) -> Severity {
    let words = of_words(template);
    let called = match level(template.as_bytes()) {
        _ if words == Severity::Hard => None,
        // What its writer calls information and speaks of a failure is a warning.
        None if words == Severity::Soft && is_information(template.as_bytes()) => Some(Severity::Warning),
        called => called,
    };
    let sign = has_redis_sign(template.as_bytes()).then(|| words.max(Severity::Warning));
    // A warning that speaks of an error is what its writer calls it, unless something was refused.
    sign.or(called).unwrap_or(words).max(of_status(template))
}

/// By the words alone.
pub(super) fn of_words(text: &str) -> Severity {
    let Some((search, meanings)) = &*WORDS else {
        return Severity::Plain;
    };
    let bytes = text.as_bytes();
    let (mut is_warning, mut is_soft) = (false, false);
    for found in search.find_iter(text) {
        // `error` is not in `terror`, and is in `errors`.
        let end = found.end() + usize::from(matches!(at(bytes, found.end()), b's' | b'S'));
        if is_alnum(before(bytes, found.start())) || is_alnum(at(bytes, end)) {
            continue;
        }
        match meanings.get(found.pattern().as_usize()).copied().flatten() {
            Some(Severity::Hard) => return Severity::Hard,
            Some(Severity::Soft) => is_soft = true,
            Some(Severity::Warning) => is_warning = true,
            Some(Severity::Plain) | None => {}
        }
    }
    if is_warning {
        Severity::Warning
    } else if is_soft || names_exception(text) {
        Severity::Soft
    } else {
        Severity::Plain
    }
}

/// Whether a line bears a level that its writer means to be harmless.
pub(super) fn is_called_harmless(line: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric()).any(|word| {
        ["info", "infos", "notice", "notices", "debug", "trace", "traces"]
            .iter()
            .any(|level| word.eq_ignore_ascii_case(level))
    })
}

/// The level that a line's writer gives it, if it is one of trouble.
fn level(template: &[u8]) -> Option<Severity> {
    let rest = template.get(1..).unwrap_or_default();
    if rest.starts_with(b"<ts>") {
        return of_name(template.get(..1)?);
    }
    if at(template, 0) == b'<' && at(template, 1).is_ascii_digit() {
        let number = rest.get(..run(rest, 0, |byte| byte.is_ascii_digit()))?;
        return of_number(str::from_utf8(number).ok()?.parse::<u8>().ok()? % 8);
    }
    of_field(template).or_else(|| of_first_words(template))
}

/// Redis: its role, the time, and a sign for the level. One sign stands for warnings and all that is worse.
fn has_redis_sign(template: &[u8]) -> bool {
    let rest = template.strip_prefix(b"<num>:").and_then(|rest| rest.get(1..));
    rest.is_some_and(|rest| rest.starts_with(b" <ts> # "))
}

/// `"level":"error"`, `level=error`, `"level":50`.
fn of_field(template: &[u8]) -> Option<Severity> {
    levels(template).find_map(|word| match str::from_utf8(word).ok()?.parse() {
        Ok(number) => of_number(number),
        Err(_) => of_name(word),
    })
}

/// `"level":"info"`, `level=debug`, `"level":30`.
fn is_information(template: &[u8]) -> bool {
    levels(template).any(|word| {
        [&b"info"[..], b"debug", b"trace", b"notice", b"30", b"20", b"10"]
            .iter()
            .any(|level| word.eq_ignore_ascii_case(level))
    })
}

/// The values of the fields that give a level.
fn levels(template: &[u8]) -> impl Iterator<Item = &[u8]> {
    let given = template
        .iter()
        .enumerate()
        .filter(|(_, byte)| matches!(byte, b'=' | b':'));
    given
        .filter(|(place, _)| keys::is_level(keys::key_before(template, *place).0))
        .filter_map(|(place, _)| {
            let start = run(template, place + 1, |byte| matches!(byte, b'"' | b' ' | b'['));
            template.get(start..run(template, start, |byte| byte.is_ascii_alphanumeric()))
        })
}

/// A word in brackets, in capitals, or a letter after a placeholder, among the first words.
fn of_first_words(template: &[u8]) -> Option<Severity> {
    let mut previous: &[u8] = b"";
    for word in template.split(|byte| *byte == b' ').take(FIRST_WORDS) {
        let bare = word.strip_suffix(b":").unwrap_or(word);
        let bracketed = bare.strip_prefix(b"[").and_then(|word| word.strip_suffix(b"]"));
        let named = match bracketed {
            Some(word) => of_name(word),
            None if bare.len() > 2 && bare.iter().all(u8::is_ascii_uppercase) => of_name(bare),
            None if previous.ends_with(b">") && bare.len() == 1 && bare.iter().all(u8::is_ascii_uppercase) => {
                of_name(bare)
            }
            None => None,
        };
        if named.is_some() {
            return named;
        }
        previous = word;
    }
    None
}

/// A level stands among this many words at the start of a line.
const FIRST_WORDS: usize = 8;

fn of_name(word: &[u8]) -> Option<Severity> {
    match word.to_ascii_lowercase().as_slice() {
        b"emerg" | b"emergency" | b"fatal" | b"ftl" | b"panic" | b"dpanic" | b"pnc" | b"f" => Some(Severity::Hard),
        b"alert" | b"crit" | b"critical" | b"severe" | b"error" | b"err" | b"eror" | b"e" => Some(Severity::Soft),
        b"warning" | b"warn" | b"wrn" | b"w" => Some(Severity::Warning),
        _ => None,
    }
}

/// Syslog's numbers are under 8, those of bunyan and pino are tens.
fn of_number(level: u8) -> Option<Severity> {
    match level {
        0..=2 | 60..=69 => Some(Severity::Hard),
        3 | 50..=59 => Some(Severity::Soft),
        4 | 40..=49 => Some(Severity::Warning),
        _ => None,
    }
}

/// An HTTP status that says that the server failed, or that it may not read what it serves. A template has no other
/// digits than those that tell.
fn of_status(template: &str) -> Severity {
    let mut words = template.split(|c: char| !c.is_ascii_alphanumeric());
    let failed = |word: &str| word == "403" || (word.len() == 3 && word.starts_with('5') && is_digits(word));
    if words.any(failed) {
        Severity::Soft
    } else {
        Severity::Plain
    }
}

/// The HTTP status of a line about a request that blames its client, if it has one. Not those that a client's patience
/// brings about.
pub(crate) fn client_error(template: &str) -> Option<&str> {
    let words = || template.split(|c: char| !c.is_ascii_alphanumeric());
    let blames =
        |word: &&str| word.len() == 3 && word.starts_with('4') && is_digits(word) && !matches!(*word, "408" | "499");
    let status = words().find(blames)?;
    let is_of_request = |word: &str| {
        keys::is_method(word.as_bytes()) || ["http", "status"].iter().any(|name| word.eq_ignore_ascii_case(name))
    };
    words().any(is_of_request).then_some(status)
}

fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a line has a word such as `NullPointerException` or `OSError`.
fn names_exception(line: &str) -> bool {
    ["Exception", "Error"].iter().any(|word| {
        line.match_indices(word).any(|(found, _)| {
            let bytes = line.as_bytes();
            before(bytes, found).is_ascii_alphabetic() && !is_alnum(at(bytes, found + word.len()))
        })
    })
}

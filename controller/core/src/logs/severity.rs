//! How bad a line sounds.

/// From harmless to fatal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

impl Severity {
    /// How bad a word or a line sounds.
    pub fn of(text: &str) -> Self {
        of(text)
    }
}

/// Refusals and last words; section 7.4 of the design.
const HARD: [&str; 15] = [
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
];

const SOFT: [&str; 15] = [
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
];

const WARNING: [&str; 4] = ["warn", "warning", "deprecated", "[warn]"];

/// Words that take the sting out of the soft word that follows or precedes them.
const HARMLESS: [&str; 9] = [
    "0 errors",
    "no error",
    "0 failed",
    "errors=0",
    "error_log",
    "error=<nil>",
    "error=null",
    "\"error\":null",
    "without error",
];

/// Reads a line; ASCII case does not matter.
pub(super) fn of(line: &str) -> Severity {
    let mut lower = line.to_ascii_lowercase();
    for harmless in HARMLESS {
        if lower.contains(harmless) {
            lower = lower.replace(harmless, "");
        }
    }
    let has = |words: &[&str]| words.iter().any(|word| contains_word(&lower, word));
    // A warning that speaks of an error is what its writer calls it, unless something was refused.
    if has(&HARD) {
        Severity::Hard
    } else if let Some(severity) = of_klog(line) {
        severity
    } else if has(&WARNING) {
        Severity::Warning
    } else if has(&SOFT) || names_exception(line) {
        Severity::Soft
    } else {
        Severity::Plain
    }
}

/// Whether a line bears a level that its writer means to be harmless.
pub(super) fn is_called_harmless(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    ["info", "notice", "debug", "trace"]
        .iter()
        .any(|word| contains_word(&lower, word))
}

/// An HTTP status that says that the server failed, or that it may not read what it serves. A template has no other
/// digits than those that tell.
pub(super) fn of_status(template: &str) -> Severity {
    let mut words = template.split(|c: char| !c.is_ascii_alphanumeric());
    let failed = |word: &str| word == "403" || (word.len() == 3 && word.starts_with('5') && is_digits(word));
    if words.any(failed) {
        Severity::Soft
    } else {
        Severity::Plain
    }
}

/// The level that Kubernetes' own log library begins a line with, such as `E1123`.
fn of_klog(line: &str) -> Option<Severity> {
    let (level, date) = line.split_once(' ')?.0.split_at_checked(1)?;
    if date.len() != 4 || !is_digits(date) {
        return None;
    }
    match level {
        "W" => Some(Severity::Warning),
        "E" => Some(Severity::Soft),
        "F" => Some(Severity::Hard),
        _ => None,
    }
}

fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a line has a word such as `NullPointerException` or `OSError`.
fn names_exception(line: &str) -> bool {
    ["Exception", "Error"].iter().any(|word| {
        line.match_indices(word).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
            before.is_some_and(char::is_alphabetic) && !after.is_some_and(char::is_alphanumeric)
        })
    })
}

/// Whether a word stands in a line by itself: `error` is not in `terror`, `fail` is in `fail:`.
fn contains_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !is_part(before) && !is_part(after.filter(|c| *c != 's'))
    })
}

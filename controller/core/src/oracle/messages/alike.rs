//! The second chance of a message that is not known word for word (section 7.3 of the design).

use std::collections::{BTreeMap, BTreeSet};

use crate::logs::{self, SAYING, Severity};
use crate::recording::{Log, Seen};

/// Share of the words of two messages that must be common to both.
const SAME: (usize, usize) = (4, 5);

/// Words that one message may have more than the other.
const LONGER: usize = 2;

/// Words that turn a message around without sounding bad by themselves.
const TURNING: [&str; 15] = [
    "no", "not", "never", "without", "disabled", "missing", "skipped", "skipping", "ignored", "ignoring", "aborted",
    "killed", "lost", "stopped", "invalid",
];

/// Messages, to find one that differs in a word or two from another.
#[derive(Debug, Default)]
pub(super) struct Alike<'a> {
    messages: Vec<Message<'a>>,
    /// By the first word, and by the last: one of the two is the same in messages that resemble each other.
    entrances: BTreeMap<(End, &'a str), Vec<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    First,
    Last,
}

#[derive(Debug)]
struct Message<'a> {
    /// In the order of the alphabet.
    words: Vec<&'a str>,
    severity: Severity,
}

impl<'a> Alike<'a> {
    pub(super) fn of(logs: &[&'a Log]) -> Self {
        let templates = logs.iter().flat_map(|log| log.templates());
        Self::from_templates(templates.map(|(template, seen)| (template, seen.severity)))
    }

    pub(super) fn from_templates(templates: impl Iterator<Item = (&'a str, Severity)>) -> Self {
        let mut alike = Self::default();
        for (template, severity) in templates.collect::<BTreeSet<_>>() {
            let mut words = words(template);
            for entrance in entrances(&words) {
                alike.entrances.entry(entrance).or_default().push(alike.messages.len());
            }
            words.sort_unstable();
            alike.messages.push(Message { words, severity });
        }
        alike
    }

    /// Whether a message can be taken for one of these, and sounds no worse.
    pub(super) fn knows(&self, template: &str, severity: Severity) -> bool {
        let mut words = words(template);
        let near: BTreeSet<usize> = entrances(&words)
            .filter_map(|entrance| self.entrances.get(&entrance))
            .flatten()
            .copied()
            .collect();
        words.sort_unstable();
        let mut near = near.into_iter().filter_map(|number| self.messages.get(number));
        near.any(|message| message.severity >= severity && resemble(&message.words, &words))
    }
}

/// Messages with their counts, to add up those that resemble one.
#[derive(Debug)]
pub(super) struct Bag<'a>(Vec<(Message<'a>, u64)>);

impl<'a> Bag<'a> {
    pub(super) fn of(templates: impl Iterator<Item = (&'a str, &'a Seen)>) -> Self {
        let message = |(template, seen): (&'a str, &'a Seen)| {
            let (words, severity) = (sorted(template), seen.severity);
            (Message { words, severity }, seen.count)
        };
        Self(templates.map(message).collect())
    }

    /// How often messages are told that can be taken for this one, itself among them, and sound no better.
    pub(super) fn count(&self, template: &str, severity: Severity) -> u64 {
        let words = sorted(template);
        let alike = self
            .0
            .iter()
            .filter(|(other, _)| other.severity >= severity && resemble(&other.words, &words));
        alike.map(|(_, count)| count).sum()
    }

    /// How often all of them are told.
    pub(super) fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }
}

fn sorted(template: &str) -> Vec<&str> {
    let mut words = words(template);
    words.sort_unstable();
    words
}

/// Whether enough words of two messages are common to both and none that is not tells. Words are in order.
fn resemble(a: &[&str], b: &[&str]) -> bool {
    if a.len().abs_diff(b.len()) > LONGER {
        return false;
    }
    let (mut common, mut rest_a, mut rest_b) = (0, a.iter().peekable(), b.iter().peekable());
    let mut differing = Vec::new();
    loop {
        match (rest_a.peek(), rest_b.peek()) {
            (Some(x), Some(y)) if x == y => {
                common += 1;
                rest_a.next();
                rest_b.next();
            }
            (Some(x), Some(y)) => differing.extend(if x < y { rest_a.next() } else { rest_b.next() }),
            (Some(_), None) => differing.extend(rest_a.next()),
            (None, Some(_)) => differing.extend(rest_b.next()),
            (None, None) => break,
        }
    }
    // Of words that one message has and the other has not, only the longer one's excess need not be weighed.
    let shorter = a.len().min(b.len());
    common * SAME.1 >= shorter * SAME.0 && !differing.into_iter().any(tells)
}

/// The words of a template. Fields of JSON are words of their own, and a field whose value does not tell is its key.
fn words(template: &str) -> Vec<&str> {
    let words = template
        .split([' ', ','])
        .map(|word| word.trim_matches(['{', '}', '[', ']']));
    words
        .filter(|word| !word.is_empty())
        .map(|word| field(word).unwrap_or(word))
        .collect()
}

/// The key of `key=value` or `"key":value`, where another value is the same message.
fn field(word: &str) -> Option<&str> {
    let (key, value) = word.split_once('=').or_else(|| word.split_once("\":"))?;
    (!SAYING.contains(&key.trim_start_matches('"')) && !tells(value)).then_some(key)
}

fn entrances<'a>(words: &[&'a str]) -> impl Iterator<Item = (End, &'a str)> + use<'a> {
    let first = words.first().map(|word| (End::First, *word));
    let last = words.last().map(|word| (End::Last, *word));
    first.into_iter().chain(last)
}

/// Whether a word makes another message of it: a refusal, a word that turns the meaning, a number that was not masked
/// because it is a status or a code, a code in capitals such as `NXDOMAIN`.
fn tells(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.bytes().any(|b| b.is_ascii_digit())
        || (bare.len() > 2 && bare.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        || TURNING.contains(&&*bare.to_ascii_lowercase())
        || logs::severity(word) > Severity::Plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(a: &str, b: &str) -> bool {
        Alike::from_templates([(b, Severity::Soft)].into_iter()).knows(a, Severity::Soft)
    }

    #[test]
    fn another_word_is_the_same_message_unless_it_tells() {
        assert!(alike(
            "cache loaded from disk in memory",
            "cache loaded from network in memory"
        ));
        assert!(alike("alice: cannot open the file", "bob: cannot open the file"));
        assert!(!alike(
            "cache load denied from disk now",
            "cache load granted from disk now"
        ));
        assert!(!alike("cache is not loaded from disk", "cache is now loaded from disk"));
        assert!(!alike(
            r#"<ip> - - [<ts>] "GET / HTTP/<num>.<num>" 500 <num>"#,
            r#"<ip> - - [<ts>] "GET / HTTP/<num>.<num>" 200 <num>"#
        ));
        assert!(!alike("started", "stopped"));
        assert!(!alike("A IN a.b. udp NXDOMAIN qr", "A IN a.b. udp NOERROR qr"));
    }

    #[test]
    fn another_value_of_a_field_is_the_same_message_unless_it_is_what_the_message_says() {
        let line = |user: &str, msg: &str| format!(r#"{{"level":"error","msg":"{msg}","user":"{user}"}}"#);
        assert!(alike(&line("alice", "login"), &line("bob", "login")));
        assert!(!alike(&line("alice", "login"), &line("alice", "logout")));
        let known = line("alice", "login");
        let known = Alike::from_templates([(&*known, Severity::Soft)].into_iter());
        assert!(!known.knows(&line("alice", "login"), Severity::Hard));
    }

    #[test]
    fn one_more_field_is_the_same_message() {
        assert!(alike(
            r#"{"level":"info","msg":"order stored","order":"<uuid>","items":<num>,"node":"n"}"#,
            r#"{"level":"info","msg":"order stored","order":"<uuid>","items":<num>}"#
        ));
        assert!(!alike(
            r#"{"level":"info","msg":"order stored","order":"<uuid>","status":500}"#,
            r#"{"level":"info","msg":"order stored","order":"<uuid>"}"#
        ));
    }
}

//! The second chance of a message that no baseline has word for word.

use std::collections::BTreeMap;

use super::keys::SAYING;
use super::severity::{self, Severity};

/// Words of five that must be the same, in place: a similarity of 0.8 (section 7.3 of the design).
const SAME_OF_FIVE: usize = 4;

/// Words that turn a message around without sounding bad by themselves.
const TURNING: [&str; 15] = [
    "no", "not", "never", "without", "disabled", "missing", "skipped", "skipping", "ignored", "ignoring", "aborted",
    "killed", "lost", "stopped", "invalid",
];

/// Groups of messages that differ in a word or two, after Drain: a tree of fixed depth by the number of words, then by
/// the first word; unlike Drain's it has a second entrance by the last word, so that no word must be the same.
///
/// It is trained on the masked templates of baselines, never by matching: a fault that was matched once must not be
/// known from then on.
#[derive(Debug, Clone, Default)]
pub struct Drain {
    groups: Vec<Group>,
    leaves: BTreeMap<(usize, Entrance), Vec<usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Entrance {
    First(String),
    Last(String),
}

/// Messages of one length and severity; no word where they differ.
#[derive(Debug, Clone)]
struct Group {
    words: Vec<Option<String>>,
    severity: Severity,
}

impl Drain {
    /// Learns a template. The groups depend on the order: give templates in that of the alphabet.
    pub fn train(&mut self, template: &str, severity: Severity) {
        let words = words(template);
        let alike = self.near(&words).find(|group| {
            self.groups
                .get(*group)
                .is_some_and(|group| group.severity == severity && group.takes(&words, false))
        });
        let number = alike.unwrap_or(self.groups.len());
        if let Some(group) = self.groups.get_mut(number) {
            group.merge(&words);
        } else {
            let words = words.iter().map(|word| Some((*word).to_owned())).collect();
            self.groups.push(Group { words, severity });
        }
        for entrance in entrances(&words) {
            let leaf = self.leaves.entry((words.len(), entrance)).or_default();
            if !leaf.contains(&number) {
                leaf.push(number);
            }
        }
    }

    /// Whether a template can be taken for one that was learnt, and sounds no worse.
    pub fn knows(&self, template: &str, severity: Severity) -> bool {
        let words = words(template);
        self.near(&words).any(|group| {
            self.groups
                .get(group)
                .is_some_and(|group| group.severity >= severity && group.takes(&words, true))
        })
    }

    fn near(&self, words: &[&str]) -> impl Iterator<Item = usize> {
        let length = words.len();
        entrances(words)
            .filter_map(move |entrance| self.leaves.get(&(length, entrance)))
            .flatten()
            .copied()
    }
}

impl Group {
    /// Whether enough words are the same and none that differs tells. Words that already differ within the group count
    /// as the same for a match, and as different for training: else a group would grow until it takes everything.
    fn takes(&self, words: &[&str], is_match: bool) -> bool {
        let mut same = 0;
        for (mine, word) in self.words.iter().zip(words) {
            let is_same = match mine {
                Some(mine) if mine == word => true,
                Some(mine) if tells(mine) || tells(word) => return false,
                Some(mine) => field(mine).is_some_and(|key| field(word) == Some(key) && !SAYING.contains(&key)),
                None if tells(word) => return false,
                None => is_match,
            };
            same += usize::from(is_same);
        }
        same * 5 >= words.len() * SAME_OF_FIVE
    }

    fn merge(&mut self, words: &[&str]) {
        for (mine, word) in self.words.iter_mut().zip(words) {
            if mine.as_deref() != Some(*word) {
                *mine = None;
            }
        }
    }
}

/// The words of a template; fields of compact JSON are words of their own.
fn words(template: &str) -> Vec<&str> {
    template.split([' ', ',']).filter(|word| !word.is_empty()).collect()
}

fn entrances(words: &[&str]) -> impl Iterator<Item = Entrance> {
    let first = words.first().map(|word| Entrance::First((*word).to_owned()));
    let last = words.last().map(|word| Entrance::Last((*word).to_owned()));
    first.into_iter().chain(last)
}

/// Whether a word makes another message of it: a refusal, a word that turns the meaning, a number that was not masked
/// because it is a status or a code.
fn tells(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    word.bytes().any(|b| b.is_ascii_digit())
        || TURNING.contains(&bare.as_str())
        || severity::of_words(word) > Severity::Plain
}

/// The key of `key=value` or `"key":value`.
fn field(word: &str) -> Option<&str> {
    let (key, _) = word.split_once('=').or_else(|| word.split_once("\":"))?;
    Some(key.trim_start_matches(['{', '"']))
}

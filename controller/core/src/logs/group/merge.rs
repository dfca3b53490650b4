//! Which messages are one although words in them differ.

use std::collections::{BTreeMap, BTreeSet};

use super::token::{Kind, Token, WILD};

/// Rounds at most; each merges what the one before it made alike.
const ROUNDS: usize = 4;

/// The group of each message: the first message of it.
pub(super) fn merge(messages: &[Vec<Token>]) -> Vec<usize> {
    let mut words = Words::default();
    let mut shapes: Vec<Vec<u32>> = messages
        .iter()
        .map(|message| message.iter().map(|token| words.number(token)).collect())
        .collect();
    for _ in 0..ROUNDS {
        let before = shapes.clone();
        let distinct: BTreeSet<Vec<u32>> = shapes.iter().cloned().collect();
        let mut becomes: BTreeMap<Vec<u32>, Vec<u32>> =
            distinct.into_iter().map(|shape| (shape.clone(), shape)).collect();
        words.merge_kind(&mut becomes);
        let longest = becomes.values().map(Vec::len).max().unwrap_or_default();
        for place in 0..longest {
            words.merge_place(&mut becomes, place);
        }
        for shape in &mut shapes {
            if let Some(next) = becomes.get(shape) {
                shape.clone_from(next);
            }
        }
        if shapes == before {
            break;
        }
    }
    let mut first = BTreeMap::new();
    shapes
        .iter()
        .enumerate()
        .map(|(message, shape)| *first.entry(shape.clone()).or_insert(message))
        .collect()
}

/// Words by number; 0 is a value.
#[derive(Debug)]
struct Words {
    numbers: BTreeMap<String, u32>,
    kinds: Vec<Kind>,
    /// Names somebody after it, such as `user`.
    announces: Vec<bool>,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            numbers: BTreeMap::from([(WILD.to_owned(), 0)]),
            kinds: vec![Kind::Wild],
            announces: vec![false],
        }
    }
}

impl Words {
    fn number(&mut self, token: &Token) -> u32 {
        let kind = token.kind();
        if kind == Kind::Wild {
            return 0;
        }
        if let Some(number) = self.numbers.get(&token.text) {
            return *number;
        }
        let number = u32::try_from(self.kinds.len()).unwrap_or(u32::MAX);
        self.numbers.insert(token.text.clone(), number);
        self.kinds.push(kind);
        self.announces.push(ANNOUNCING.contains(&token.text.as_str()));
        number
    }

    fn kind(&self, word: u32) -> Kind {
        usize::try_from(word)
            .ok()
            .and_then(|word| self.kinds.get(word))
            .copied()
            .unwrap_or(Kind::Sign)
    }

    fn announces(&self, word: Option<&u32>) -> bool {
        let word = word.and_then(|word| usize::try_from(*word).ok());
        word.and_then(|word| self.announces.get(word)).copied().unwrap_or(false)
    }

    /// Words that stay the same: what is said.
    fn said(&self, shape: &[u32], but: Option<usize>) -> usize {
        let words = shape.iter().enumerate().filter(|(place, _)| Some(*place) != but);
        words.filter(|(_, word)| self.kind(**word) == Kind::Word).count()
    }

    /// Messages that differ only in paths, or only in names, wherever these stand.
    fn merge_kind(&self, becomes: &mut BTreeMap<Vec<u32>, Vec<u32>>) {
        for kinds in [&[Kind::Path][..], &[Kind::Name], &[Kind::Path, Kind::Name]] {
            let mut alike: BTreeMap<Vec<u32>, BTreeSet<Vec<u32>>> = BTreeMap::new();
            for shape in becomes.values() {
                let bare = shape
                    .iter()
                    .map(|word| if kinds.contains(&self.kind(*word)) { 0 } else { *word });
                alike.entry(bare.collect()).or_default().insert(shape.clone());
            }
            let mut merged: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
            for (bare, shapes) in alike {
                let said = self.said(&bare, None);
                let enough = if kinds == [Kind::Path] { 2 } else { names(said) };
                if shapes.len() >= enough {
                    merged.extend(shapes.into_iter().map(|shape| (shape, bare.clone())));
                }
            }
            apply(becomes, &merged);
        }
    }

    /// Messages that differ only in one place.
    fn merge_place(&self, becomes: &mut BTreeMap<Vec<u32>, Vec<u32>>, place: usize) {
        let mut alike: BTreeMap<Vec<u32>, BTreeSet<u32>> = BTreeMap::new();
        for shape in becomes.values() {
            let mut bare = shape.clone();
            if let Some(word) = bare.get_mut(place) {
                let there = std::mem::take(word);
                alike.entry(bare).or_default().insert(there);
            }
        }
        let mut merged: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
        for (bare, there) in alike {
            if there.len() > 1 {
                let before = place.checked_sub(1).and_then(|before| bare.get(before));
                for word in self.values(&there, self.said(&bare, Some(place)), self.announces(before)) {
                    let mut shape = bare.clone();
                    if let Some(slot) = shape.get_mut(place) {
                        *slot = word;
                    }
                    merged.insert(shape, bare.clone());
                }
            }
        }
        apply(becomes, &merged);
    }

    /// Which of the words that stand in one place are values.
    fn values(&self, there: &BTreeSet<u32>, said: usize, is_announced: bool) -> Vec<u32> {
        let of = |kinds: &[Kind]| -> Vec<u32> {
            there
                .iter()
                .copied()
                .filter(|word| kinds.contains(&self.kind(*word)))
                .collect()
        };
        let (plain, named, paths) = (of(&[Kind::Word]), of(&[Kind::Name]), of(&[Kind::Path]));
        let wild = of(&[Kind::Wild]);
        let enough = if is_announced { 2 } else { words(said) };
        let mut values = wild.clone();
        // Where a value stands in one of two long messages, a word in the other is one, too.
        let is_value = !wild.is_empty() && said >= LONG;
        if is_value || plain.len() + wild.len().min(1) >= enough {
            values.extend(&plain);
        }
        if named.len() + wild.len() + paths.len().min(1) >= names(said) {
            values.extend(&named);
        }
        if said > 0 {
            values.extend(&paths);
        }
        values
    }
}

/// How many words must stand in one place of a message that says so many others, to be values. A sentence has a few
/// verbs, states or directions that say something else in the same words.
fn words(said: usize) -> usize {
    match said {
        0 => usize::MAX,
        1 => 12,
        2 => 8,
        3 => 6,
        4..=6 => 5,
        _ => 4,
    }
}

/// The same for names of several parts, which are rarely verbs.
fn names(said: usize) -> usize {
    match said {
        0 | 1 => 8,
        2 => 4,
        3 | 4 => 3,
        _ => 2,
    }
}

/// Words of a message that is hardly another one because of one more.
const LONG: usize = 6;

/// Words that somebody's name follows.
const ANNOUNCING: [&str; 4] = ["user", "User", "username", "account"];

fn apply(becomes: &mut BTreeMap<Vec<u32>, Vec<u32>>, merged: &BTreeMap<Vec<u32>, Vec<u32>>) {
    for shape in becomes.values_mut() {
        if let Some(next) = merged.get(shape) {
            shape.clone_from(next);
        }
    }
}

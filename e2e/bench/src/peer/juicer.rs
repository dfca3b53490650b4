//! LogJuicer's rule as its documents describe it: random words are taken out of a line, the rest becomes a vector of
//! hashed words, and a line is an anomaly when the nearest line of the baselines is farther than 0.3 in cosine distance.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher as _};

use crate::run::{Line, Run};

const DISTANCE: f64 = 0.3;

/// Dimensions of the hashing trick.
const DIMENSIONS: u64 = 1 << 18;

type Vector = BTreeMap<u64, f64>;

pub(super) fn flags(baselines: &[&Run], run: &Run) -> bool {
    let texts: BTreeSet<Vec<String>> = baselines.iter().flat_map(|run| &run.lines).map(words).collect();
    let known: Vec<Vector> = texts.iter().map(|words| vector(words)).collect();
    let texts: BTreeSet<Vec<String>> = run.lines.iter().map(words).collect();
    texts.iter().filter(|words| !words.is_empty()).any(|words| {
        let mine = vector(words);
        !known.iter().any(|known| 1.0 - cosine(known, &mine) <= DISTANCE)
    })
}

/// The words of a line that are not random: letters only, of three and more.
fn words(line: &Line) -> Vec<String> {
    let text = String::from_utf8_lossy(&line.text);
    text.split(|c: char| c.is_whitespace() || "\"'()[]{},;=<>|:/".contains(c))
        .filter(|word| word.len() >= 3 && !word.contains(|c: char| c.is_ascii_digit()))
        .map(str::to_lowercase)
        .collect()
}

/// Of length 1.
fn vector(words: &[String]) -> Vector {
    let mut vector = Vector::new();
    for word in words {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        *vector.entry(hasher.finish() % DIMENSIONS).or_default() += 1.0;
    }
    let length = vector.values().map(|value| value * value).sum::<f64>().sqrt();
    for value in vector.values_mut() {
        *value /= length;
    }
    vector
}

fn cosine(a: &Vector, b: &Vector) -> f64 {
    a.iter().filter_map(|(word, value)| Some(value * b.get(word)?)).sum()
}

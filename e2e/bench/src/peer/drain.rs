//! The seed's rule as section 2 of the oracle's design describes it: Drain with its defaults and without masks learns
//! the lines of two baselines, and one line that it cannot match word for word fails the run.

use std::collections::BTreeMap;

use crate::run::{Line, Run};

/// Share of the words that must be the same for a line to join a cluster.
const SIMILARITY: f64 = 0.4;

const MAX_CHILDREN: usize = 100;

const ANY: &str = "<*>";

pub(super) fn flags(baselines: &[&Run], run: &Run) -> bool {
    let mut tree = Tree::default();
    for line in baselines.iter().flat_map(|run| &run.lines) {
        tree.train(&text(line));
    }
    run.lines.iter().any(|line| !tree.matches(&text(line)))
}

fn text(line: &Line) -> String {
    String::from_utf8_lossy(&line.text).trim().to_owned()
}

/// Depth 4, which leaves one level of words under the level of lengths.
#[derive(Default)]
struct Tree {
    clusters: Vec<Vec<String>>,
    lengths: BTreeMap<usize, BTreeMap<String, Vec<usize>>>,
}

impl Tree {
    fn train(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let nearest = self
            .nearest(&words, false)
            .filter(|(_, similarity)| *similarity >= SIMILARITY);
        if let Some((cluster, _)) = nearest {
            if let Some(cluster) = self.clusters.get_mut(cluster) {
                let differing = cluster.iter_mut().zip(&words).filter(|(mine, word)| mine != *word);
                differing.for_each(|(mine, _)| ANY.clone_into(mine));
            }
            return;
        }
        let number = self.clusters.len();
        self.clusters
            .push(words.iter().map(|word| (*word).to_owned()).collect());
        let leaves = self.lengths.entry(words.len()).or_default();
        let first = words.first().copied().unwrap_or_default();
        let has_room = leaves.len() + 1 < MAX_CHILDREN || (leaves.contains_key(ANY) && leaves.len() < MAX_CHILDREN);
        let is_word = leaves.contains_key(first) || (has_room && !first.contains(|c: char| c.is_ascii_digit()));
        let key = if is_word { first } else { ANY };
        leaves.entry(key.to_owned()).or_default().push(number);
    }

    fn matches(&self, line: &str) -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        self.nearest(&words, true)
            .is_some_and(|(_, similarity)| similarity >= 1.0)
    }

    /// The cluster with most words in common, of one branch: that of the first word before that of any word.
    fn nearest(&self, words: &[&str], any_counts: bool) -> Option<(usize, f64)> {
        let leaves = self.lengths.get(&words.len())?;
        let leaf = leaves.get(*words.first()?).or_else(|| leaves.get(ANY))?;
        let mut best: Option<(usize, f64, usize)> = None;
        for number in leaf {
            let cluster = self.clusters.get(*number)?;
            let wild = cluster.iter().filter(|word| *word == ANY).count();
            let same = cluster.iter().zip(words).filter(|(mine, word)| mine == word).count();
            let same = if any_counts { same + wild } else { same };
            #[expect(clippy::cast_precision_loss, reason = "words of a line")]
            let similarity = same as f64 / words.len() as f64;
            let is_better =
                best.is_none_or(|(_, most, wildest)| similarity > most || (similarity >= most && wild > wildest));
            if is_better {
                best = Some((*number, similarity, wild));
            }
        }
        best.map(|(number, similarity, _)| (number, similarity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_that_varies_between_baselines_is_learnt_and_another_line_is_not() {
        let mut tree = Tree::default();
        tree.train("served request 17 in time");
        tree.train("served request 18 in time");
        assert!(tree.matches("served request 99 in time"));
        assert!(!tree.matches("served request 99 too late"));
        assert!(!tree.matches("served request 99"));
    }
}

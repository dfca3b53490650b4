//! Loghub-2k: lines of real systems, whose labels say which are one message.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// Two thousand lines of one system.
#[derive(Debug)]
pub struct System {
    /// Its name.
    pub name: String,
    /// What each line says.
    pub content: Vec<Vec<u8>>,
    /// Whole lines, with time, level and the like.
    pub raw: Vec<Vec<u8>>,
    /// The original label of each line.
    pub labels: Vec<String>,
}

/// How well groups match labels; section 3.5 of the oracle's design.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// Lines whose group has just the lines of their label.
    pub ga: f64,
    /// F1 over groups and labels.
    pub fga: f64,
}

/// Scores the groups of lines.
#[expect(clippy::cast_precision_loss, reason = "some thousand lines")]
pub fn score(groups: &[usize], labels: &[String]) -> Score {
    let mut by_group: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut by_label: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (line, (group, label)) in groups.iter().zip(labels).enumerate() {
        by_group.entry(*group).or_default().push(line);
        by_label.entry(label).or_default().push(line);
    }
    let whole: BTreeSet<&Vec<usize>> = by_label.values().collect();
    let right: Vec<usize> = by_group
        .values()
        .filter(|lines| whole.contains(lines))
        .map(Vec::len)
        .collect();
    Score {
        ga: right.iter().sum::<usize>() as f64 / labels.len() as f64,
        fga: 2.0 * right.len() as f64 / (by_group.len() + by_label.len()) as f64,
    }
}

/// The mean over systems.
#[expect(clippy::cast_precision_loss, reason = "ten systems")]
pub fn mean(scores: impl Iterator<Item = Score>) -> Score {
    let scores: Vec<Score> = scores.collect();
    let count = scores.len() as f64;
    Score {
        ga: scores.iter().map(|score| score.ga).sum::<f64>() / count,
        fga: scores.iter().map(|score| score.fga).sum::<f64>() / count,
    }
}

/// Reads all systems of a folder.
pub fn systems(folder: &Path) -> Result<Vec<System>> {
    let names: Result<Vec<_>, _> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect();
    let mut names: Vec<String> = names?.into_iter().filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| folder.join(name).is_dir());
    names.sort();
    names.into_iter().map(|name| system(folder, name)).collect()
}

fn system(folder: &Path, name: String) -> Result<System> {
    let file = folder.join(&name).join(format!("{name}_2k.log"));
    let mut table = csv::Reader::from_path(format!("{}_structured.csv", file.display()))?;
    let headers = table.headers()?.clone();
    let column = |wanted: &str| headers.iter().position(|header| header == wanted);
    let (content_at, label_at) = (
        column("Content").context("no column `Content`")?,
        column("EventId").context("no column `EventId`")?,
    );
    let (mut content, mut labels) = (Vec::new(), Vec::new());
    for record in table.into_records() {
        let record = record?;
        content.push(record.get(content_at).unwrap_or_default().as_bytes().to_vec());
        labels.push(record.get(label_at).unwrap_or_default().to_owned());
    }
    let text = fs::read(&file).with_context(|| format!("failed to read `{}`", file.display()))?;
    let raw = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).take(labels.len());
    Ok(System {
        name,
        content,
        raw: raw.collect(),
        labels,
    })
}

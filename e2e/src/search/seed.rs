//! What the seed's operator did with the same workloads, as it was measured before.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Figures of one workload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Seconds from creation to its end, with others at the same time unless `alone`.
    pub seconds: f64,
    /// Whether it ran alone.
    pub alone: bool,
    /// Clones.
    pub clones: u32,
    /// Of its five checks, those that passed.
    pub passed: Vec<String>,
}

#[derive(Deserialize)]
struct Measured {
    results: Vec<One>,
    #[serde(default)]
    alone: BTreeMap<String, Cost>,
}

#[derive(Deserialize)]
struct One {
    workload: String,
    passed: Vec<String>,
    #[serde(flatten)]
    cost: Cost,
}

#[derive(Deserialize)]
struct Cost {
    seconds: f64,
    clones: u32,
}

/// Where the figures are.
fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/baseline/seed-operator.json")
}

/// All figures by workload; none, with a word, where they are not.
pub(super) fn figures() -> BTreeMap<String, Figures> {
    let read = fs::read_to_string(path()).map_err(anyhow::Error::from);
    match read.and_then(|text| parse(&text)) {
        Ok(figures) => figures,
        Err(error) => {
            let path = path();
            tracing::info!(path = %path.display(), error = %error, "skipped: no figures of the seed's operator");
            BTreeMap::new()
        }
    }
}

fn parse(text: &str) -> anyhow::Result<BTreeMap<String, Figures>> {
    let Measured { results, alone } = serde_json::from_str(text)?;
    let figures = results.into_iter().map(|one| {
        let by_itself = alone.get(&one.workload);
        let figures = Figures {
            seconds: by_itself.unwrap_or(&one.cost).seconds,
            alone: by_itself.is_some(),
            clones: one.cost.clones,
            passed: one.passed,
        };
        (one.workload, figures)
    });
    Ok(figures.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_ran_alone_is_told_by_that_time() {
        let text = r#"{"alone": {"a": {"seconds": 2, "clones": 8}}, "results": [
            {"workload": "a", "seconds": 3, "clones": 8, "passed": ["user"]},
            {"workload": "b", "seconds": 4, "clones": 8, "passed": []}]}"#;
        let figures = parse(text).unwrap();
        assert_eq!((figures["a"].seconds, figures["a"].alone), (2.0, true));
        assert_eq!((figures["b"].seconds, figures["b"].alone), (4.0, false));
    }
}

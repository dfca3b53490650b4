//! One workload that is hardened, with everything that it needs.

use serde::Deserialize;
use serde_json::Value;

use super::manifest::{self, Named};
use super::truth::Truth;

/// A workload, its surroundings, and what is known of it.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Name of its row.
    pub name: String,
    /// Where it lives.
    pub namespace: String,
    /// Objects of its namespace that must be there first.
    pub surroundings: Vec<Value>,
    /// The workload itself.
    pub workload: Value,
    /// Merged into the spec of its check.
    pub check: Value,
    /// Who asks it what a user would.
    pub client: Option<Asked>,
    /// Its name among the figures of the seed's operator.
    pub seed: Option<String>,
    /// What ought to come out.
    pub truth: Option<Truth>,
}

/// A client of the field's, or of the search's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Asked {
    /// The script `of_PROGRAM.py`.
    pub program: String,
    /// Where the workload answers.
    pub port: u16,
    /// Rounds of requests.
    #[serde(default = "rounds")]
    pub rounds: u32,
}

fn rounds() -> u32 {
    1
}

impl Subject {
    /// Kind and name of the workload.
    pub(super) fn target(&self) -> Named<'_> {
        manifest::named(&self.workload)
    }
}

//! What ought to come out, as it was written before, against what does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Written about a workload before it is run. What is not said to fail holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Truth {
    /// The level of the Pod Security Standards that can be reached.
    pub level: String,
    /// What makes a setting hold that does not by itself, by the setting's id.
    #[serde(default)]
    pub repairs: BTreeMap<String, String>,
    /// Why settings cannot hold whatever is done, by container and the setting's id.
    #[serde(default)]
    pub fails: BTreeMap<String, BTreeMap<String, String>>,
    /// Settings of which one holds but not all, by their ids.
    #[serde(default)]
    pub either: Vec<String>,
    /// In a sentence.
    pub why: String,
}

/// The verdict on a setting, of one container where it says so.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Entry {
    pub(super) id: String,
    /// Whose; without, the whole Pod's.
    #[serde(default)]
    pub(super) container: Option<String>,
    /// Such as `Proven`.
    pub(super) state: String,
}

/// A setting that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The setting.
    pub setting: String,
    /// Whose.
    pub container: Option<String>,
    /// Whether it ought to hold.
    pub holds: bool,
    /// What came of it.
    pub found: String,
    /// The reason that was written.
    pub why: String,
}

const PROVEN: &str = "Proven";

impl Entry {
    pub(super) fn is_proven(&self) -> bool {
        self.state == PROVEN
    }

    /// Whether the source lacks it and the node can enforce it.
    pub(super) fn is_applicable(&self) -> bool {
        !matches!(self.state.as_str(), "AlreadySet" | "Unproven")
    }
}

impl Truth {
    /// Whether everything holds without any repair.
    pub(super) fn is_tolerant(&self) -> bool {
        self.repairs.is_empty() && self.fails.is_empty() && self.either.is_empty()
    }

    /// Why a setting cannot hold, if it cannot. Of a whole Pod it cannot where it cannot in any of its containers.
    fn failure(&self, entry: &Entry) -> Option<&str> {
        let mut of = self
            .fails
            .iter()
            .filter(|(name, _)| entry.container.as_ref().is_none_or(|wanted| wanted == *name));
        of.find_map(|(_, settings)| settings.get(&entry.id)).map(String::as_str)
    }

    /// Applicable settings that can hold; of those that exclude each other, one.
    pub(super) fn attainable(&self, entries: &[Entry]) -> usize {
        let applicable = || entries.iter().filter(|entry| entry.is_applicable());
        let is_either = |entry: &&Entry| self.either.contains(&entry.id);
        let alone = applicable()
            .filter(|entry| !is_either(entry) && self.failure(entry).is_none())
            .count();
        let excluding = applicable().filter(is_either).count();
        alone + excluding.saturating_sub(usize::from(excluding > 1))
    }

    /// What is not as it was written. Of settings that exclude each other all may not have failed.
    pub(super) fn disagreements(&self, entries: &[Entry]) -> Vec<Disagreement> {
        let is_either = |entry: &Entry| self.either.contains(&entry.id);
        let mut excluding = entries.iter().filter(|entry| is_either(entry)).peekable();
        let one_holds = excluding.peek().is_none() || excluding.any(Entry::is_proven);
        let judged = entries.iter().filter(|entry| entry.is_applicable());
        let wrong = judged.filter_map(|entry| {
            let failure = self.failure(entry);
            let is_right = if is_either(entry) {
                one_holds
            } else {
                entry.is_proven() == failure.is_none()
            };
            let repair = || self.repairs.get(&entry.id).map(String::as_str);
            (!is_right).then(|| Disagreement {
                setting: entry.id.clone(),
                container: entry.container.clone(),
                holds: failure.is_none(),
                found: entry.state.clone(),
                why: failure.or_else(repair).unwrap_or(&self.why).to_owned(),
            })
        });
        wrong.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, container: Option<&str>, state: &str) -> Entry {
        Entry {
            id: id.to_owned(),
            container: container.map(str::to_owned),
            state: state.to_owned(),
        }
    }

    fn truth(yaml: &str) -> Truth {
        serde_saphyr::from_str(yaml).unwrap()
    }

    #[test]
    fn what_is_not_said_to_fail_holds() {
        let truth = truth("{level: Baseline, why: w, fails: {app: {a: needs it}}, repairs: {b: a volume}}");
        let entries = [
            entry("a", None, "Rejected"),
            entry("b", None, "Rejected"),
            entry("c", None, "Proven"),
            entry("d", None, "AlreadySet"),
        ];
        let found = truth.disagreements(&entries);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].setting.as_str(), found[0].holds, found[0].why.as_str()),
            ("b", true, "a volume")
        );
        assert_eq!(truth.attainable(&entries), 2);
        assert!(!truth.is_tolerant());
    }

    #[test]
    fn containers_are_told_apart_where_the_verdict_tells_them() {
        let truth = truth("{level: Baseline, why: w, fails: {root: {a: needs it}}}");
        let apart = [
            entry("a", Some("root"), "Proven"),
            entry("a", Some("plain"), "Rejected"),
        ];
        let found = truth.disagreements(&apart);
        assert_eq!(found.iter().map(|one| one.holds).collect::<Vec<_>>(), [false, true]);
        assert!(truth.disagreements(&[entry("a", None, "Rejected")]).is_empty());
    }

    #[test]
    fn of_settings_that_exclude_each_other_one_must_hold() {
        let truth = truth("{level: Baseline, why: w, either: [a, b]}");
        let with = |a, b| truth.disagreements(&[entry("a", None, a), entry("b", None, b)]).len();
        assert_eq!(with("Proven", "Rejected"), 0);
        assert_eq!(with("Rejected", "Rejected"), 2);
        assert_eq!(
            truth.attainable(&[entry("a", None, "Proven"), entry("b", None, "Rejected")]),
            1
        );
    }
}

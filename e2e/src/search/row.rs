//! What is told of one workload.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ending::Ending;
use super::seed::Figures;
use super::subject::Subject;
use super::truth::{Disagreement, Entry};

/// Times the recording that a workload may take that tolerates everything: the goal of issue 6.
const TOLERANT: f64 = 1.15;
/// The same for a workload that needs repairs, where failures show within [`EARLY`] seconds.
const REPAIRED: f64 = 1.75;
/// Where they show later, beside the part of the recording that went by until then.
const REPAIRED_LATE: f64 = 1.35;
const EARLY: f64 = 20.0;

/// One workload.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Row {
    /// Its name.
    pub workload: String,
    /// Its kind.
    pub kind: String,
    /// Reason of the check's end, or what kept the bench from getting there.
    pub outcome: String,
    /// In words.
    pub message: String,
    /// Whether it has a verdict: without one no figure of it counts.
    pub judged: bool,
    /// Whether it needs no repair and nothing of it fails: by the catalogue where it is there, else as found.
    pub tolerant: Option<bool>,
    /// Settings that the verified recommendation has and the process showed.
    pub proven: usize,
    /// Settings that the source lacks and the node can enforce.
    pub applicable: usize,
    /// Those of them that can hold by the catalogue.
    pub attainable: Option<usize>,
    /// Level of the Pod Security Standards that was reached.
    pub level: Option<String>,
    /// Level that can be reached by the catalogue.
    pub attainable_level: Option<String>,
    /// Runs.
    pub runs: u32,
    /// Clones, repeated attempts included.
    pub clones: u32,
    /// Seconds that clones existed, in all.
    pub clone_seconds: f64,
    /// Seconds from creation to verdict, by the bench's clock.
    pub seconds: f64,
    /// Seconds of the slower baseline from its first Pod to Ready.
    pub baseline_ready_seconds: Option<f64>,
    /// (seconds − baseline_ready_seconds) ÷ recordingDuration.
    pub ratio: Option<f64>,
    /// What the ratio should be at most.
    pub goal: Option<f64>,
    /// Seconds that the first candidate took that failed.
    pub failure_seconds: Option<f64>,
    /// Whether it does with the patch applied what it did without; unknown where there is no patch.
    pub correct: Option<bool>,
    /// Probes that fail without any patch, of which nothing is expected.
    pub failing: Vec<String>,
    /// What was wrong with it patched, and not before.
    pub broken: Vec<String>,
    /// Settings by what became of them, each as ID or CONTAINER/ID.
    pub settings: BTreeMap<String, Vec<String>>,
    /// What is not as the catalogue says.
    pub disagreements: Vec<Disagreement>,
    /// What the seed's operator did with the same workload.
    pub seed: Option<Figures>,
}

impl Row {
    /// The row of a workload of which nothing is known yet.
    pub(super) fn new(subject: &Subject) -> Self {
        let truth = subject.truth.as_ref();
        Self {
            workload: subject.name.clone(),
            kind: subject.target().kind.to_owned(),
            tolerant: truth.map(super::truth::Truth::is_tolerant),
            attainable_level: truth.map(|truth| truth.level.clone()),
            ..Self::default()
        }
    }

    /// Takes over how its check ended.
    pub(super) fn ended(&mut self, subject: &Subject, ending: &Ending) {
        let truth = subject.truth.as_ref();
        self.judged = !ending.entries.is_empty() && ending.recording_seconds > 0.0;
        self.outcome.clone_from(&ending.reason);
        self.message.clone_from(&ending.message);
        self.tolerant.get_or_insert(ending.first_passed);
        self.proven = count(&ending.entries, Entry::is_proven);
        self.applicable = count(&ending.entries, Entry::is_applicable);
        self.level.clone_from(&ending.level);
        self.runs = ending.runs;
        self.clones = ending.clones;
        self.clone_seconds = ending.clone_seconds;
        self.seconds = ending.seconds;
        self.baseline_ready_seconds = ending.baseline_ready_seconds;
        self.ratio = ending.ratio();
        self.failure_seconds = ending.failure_seconds;
        self.goal = self.tolerant.map(|tolerant| goal(tolerant, ending));
        if self.judged {
            self.attainable = truth.map(|truth| truth.attainable(&ending.entries));
            self.disagreements = truth
                .map(|truth| truth.disagreements(&ending.entries))
                .unwrap_or_default();
        }
        for entry in &ending.entries {
            let name = entry.container.iter().chain([&entry.id]).map(String::as_str);
            let of_state = self.settings.entry(entry.state.clone()).or_default();
            of_state.push(name.collect::<Vec<_>>().join("/"));
        }
    }

    /// Whether it took longer than it should.
    pub(super) fn is_late(&self) -> bool {
        self.ratio.zip(self.goal).is_some_and(|(ratio, goal)| ratio > goal)
    }
}

fn goal(tolerant: bool, ending: &Ending) -> f64 {
    let failure = ending.failure_seconds.unwrap_or_default();
    match (tolerant, ending.recording_seconds) {
        (true, _) => TOLERANT,
        (false, recording) if failure > EARLY && recording > 0.0 => REPAIRED_LATE + failure / recording,
        (false, _) => REPAIRED,
    }
}

fn count(entries: &[Entry], is: fn(&Entry) -> bool) -> usize {
    entries.iter().filter(|entry| is(entry)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::ending::tests::ending;

    fn row(ending: &Ending) -> Row {
        let nginx = ["nginx-root".to_owned()];
        let subject = super::super::catalogue(&nginx).unwrap().remove(0);
        let mut row = Row::new(&subject);
        row.ended(&subject, ending);
        row
    }

    #[test]
    fn only_what_the_source_lacks_is_applicable() {
        let row = row(&ending());
        assert_eq!((row.proven, row.applicable, row.attainable), (1, 2, Some(2)));
        assert_eq!(row.settings["AlreadySet"], ["seccompProfile_restricted"]);
        assert_eq!(row.disagreements.len(), 1, "the read-only root can hold");
        assert!(row.judged && row.correct.is_none());
    }

    #[test]
    fn a_late_failure_allows_for_more_time() {
        assert_eq!(row(&ending()).goal, Some(REPAIRED));
        let late = Ending {
            failure_seconds: Some(30.0),
            ..ending()
        };
        assert_eq!(row(&late).goal, Some(REPAIRED_LATE + 0.5));
        assert!(!row(&late).is_late());
        let slow = Ending {
            seconds: 200.0,
            ..ending()
        };
        assert!(row(&slow).is_late());
    }

    #[test]
    fn a_check_that_recorded_nothing_has_no_verdict() {
        let refused = Ending {
            entries: vec![],
            ..ending()
        };
        let row = row(&refused);
        assert!(!row.judged && row.disagreements.is_empty());
    }
}

//! What came out of all runs: labels, those that did not repeat, and those that nobody expected.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::archive::Meta;
use super::label::Verdict;

/// Figures of a whole catalogue.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// By program.
    pub programs: BTreeMap<String, Labels>,
    /// Over all programs.
    pub total: Labels,
    /// Settings whose runs have different labels, as PROGRAM/SETTING: they are dropped.
    pub disagreements: Vec<String>,
    /// Unchanged runs that do not work, as PROGRAM/none/N: they are dropped, too.
    pub faulty: Vec<String>,
    /// Settings whose label is not the expected one.
    pub surprises: Vec<Surprise>,
    /// Runs that could not be recorded, and why.
    pub lost: Vec<String>,
}

/// How many runs have each label, those that disagree left out.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Labels {
    /// Unchanged runs.
    pub unchanged: u32,
    /// Changed runs that work.
    pub works: u32,
    /// Changed runs that are up, and some probe fails.
    pub degraded: u32,
    /// Changed runs that never came up or died.
    pub broken: u32,
}

/// A setting that did something else than was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Surprise {
    /// PROGRAM/SETTING.
    pub setting: String,
    /// Before.
    pub expected: Verdict,
    /// After.
    pub found: Verdict,
    /// Probes that failed in more than half of their tries.
    pub failed: Vec<String>,
}

impl Summary {
    /// Sums up these runs, without those whose repeats disagree.
    pub fn of(runs: &[Meta], lost: Vec<String>) -> Self {
        let mut summary = Self {
            lost,
            ..Self::default()
        };
        let mut settings = BTreeMap::<_, Vec<&Meta>>::new();
        for run in runs {
            if run.is_unchanged() && run.verdict != Verdict::Works {
                summary.faulty.push(run.folder());
            } else {
                settings.entry(run.setting()).or_default().push(run);
            }
        }
        for (name, runs) in settings {
            let Some((first, rest)) = runs.split_first() else {
                continue;
            };
            if rest.iter().any(|run| run.verdict != first.verdict) {
                summary.disagreements.push(name);
                continue;
            }
            let count = u32::try_from(runs.len()).unwrap_or(u32::MAX);
            let of_program = summary.programs.entry(first.program.clone()).or_default();
            for labels in [of_program, &mut summary.total] {
                *labels.of(first) += count;
            }
            if first.verdict != first.expected {
                let failed = first.probes.iter().filter(|(_, (passed, tried))| passed * 2 < *tried);
                summary.surprises.push(Surprise {
                    setting: name,
                    expected: first.expected,
                    found: first.verdict,
                    failed: failed.map(|(probe, _)| probe.clone()).collect(),
                });
            }
        }
        summary
    }
}

impl Labels {
    fn of(&mut self, run: &Meta) -> &mut u32 {
        match run.verdict {
            Verdict::Works if run.is_unchanged() => &mut self.unchanged,
            Verdict::Works => &mut self.works,
            Verdict::Degraded => &mut self.degraded,
            Verdict::Broken => &mut self.broken,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<14} {:>9} {:>6} {:>9} {:>7}",
            "program", "unchanged", "works", "degraded", "broken"
        )?;
        let total = ("all".to_owned(), self.total.clone());
        for (name, labels) in self.programs.clone().into_iter().chain([total]) {
            let Labels {
                unchanged,
                works,
                degraded,
                broken,
            } = labels;
            writeln!(f, "{name:<14} {unchanged:>9} {works:>6} {degraded:>9} {broken:>7}")?;
        }
        for setting in &self.disagreements {
            writeln!(f, "dropped: the runs of {setting} disagree")?;
        }
        for run in &self.faulty {
            writeln!(f, "dropped: {run} does not work, unchanged as it is")?;
        }
        for Surprise {
            setting,
            expected,
            found,
            failed,
        } in &self.surprises
        {
            let (expected, found) = (expected.word(), found.word());
            writeln!(
                f,
                "surprise: {setting} was expected {expected} and is {found} {}",
                failed.join(" ")
            )?;
        }
        self.lost.iter().try_for_each(|lost| writeln!(f, "lost: {lost}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Probes;

    fn run(hardening: &str, seed: u32, verdict: Verdict) -> Meta {
        Meta {
            program: "p".to_owned(),
            hardening: hardening.to_owned(),
            seed,
            verdict,
            expected: Verdict::Works,
            ready_s: Some(1.0),
            died: false,
            probes: Probes::from([("get".to_owned(), (u32::from(verdict == Verdict::Works), 1))]),
            names: BTreeMap::new(),
        }
    }

    #[test]
    fn runs_that_disagree_are_dropped_and_told() {
        let runs = [
            run("none", 1, Verdict::Works),
            run("none", 2, Verdict::Degraded),
            run("a", 1, Verdict::Works),
            run("a", 2, Verdict::Degraded),
            run("b", 1, Verdict::Degraded),
            run("b", 2, Verdict::Degraded),
        ];
        let summary = Summary::of(&runs, vec![]);
        assert_eq!(
            (&*summary.disagreements, &*summary.faulty),
            (&["p/a".to_owned()][..], &["p/none/2".to_owned()][..])
        );
        let labels = Labels {
            unchanged: 1,
            degraded: 2,
            ..Labels::default()
        };
        assert_eq!((&summary.total, &summary.programs["p"]), (&labels, &labels));
        assert_eq!(summary.surprises.len(), 1);
        assert_eq!(summary.surprises[0].failed, ["get"]);
    }
}

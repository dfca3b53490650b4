//! Runs that started together, and what had happened before: a reader sees what ran in parallel, and why the search
//! went on.

use std::collections::BTreeMap;

use temper_api::{RunPhase, RunRole};

use crate::{
    rows::RunRow,
    words::{count, listed},
};

/// Runs of one wave start within this many seconds: the objects of a wave are created in one breath, but whoever
/// watches them sees one after the other.
const BREATH: f64 = 5.0;

/// Runs, each with its place in the order of the check.
type Numbered<'a> = Vec<(usize, &'a RunRow)>;

/// Runs that started together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wave {
    /// Counts from 1.
    pub(crate) number: usize,
    /// Seconds from the start of the check to the start of its first run; none where nothing started yet.
    pub(crate) start: Option<f64>,
    /// Its runs in the order of the check.
    pub(crate) runs: Vec<RunRow>,
    /// What was tried, in a few words.
    purpose: String,
    /// What had happened since the wave before; empty for the first.
    cause: String,
}

impl Wave {
    /// What was tried and why then, in one line; names of runs are between backticks.
    pub(crate) fn sentence(&self) -> String {
        if self.cause.is_empty() {
            self.purpose.clone()
        } else {
            format!("{}, {}", self.purpose, self.cause)
        }
    }
}

/// Groups runs into waves. A run begins a new one if it started a while after the first of the wave, or after a run had
/// ended since. Runs that have not started come last.
pub(crate) fn waves(rows: &[RunRow]) -> Vec<Wave> {
    let numbered = || rows.iter().enumerate();
    let mut started: Vec<(f64, (usize, &RunRow))> = numbered()
        .filter_map(|(index, row)| Some((row.start?, (index, row))))
        .collect();
    started.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let mut groups: Vec<(Option<f64>, Numbered<'_>)> = Vec::new();
    for (start, row) in started {
        match groups.last_mut() {
            Some((Some(first), members)) if start - *first <= BREATH && !ended_between(rows, *first, start) => {
                members.push(row);
            }
            _ => groups.push((Some(start), vec![row])),
        }
    }
    let waiting: Numbered<'_> = numbered().filter(|(_, row)| row.start.is_none()).collect();
    if !waiting.is_empty() {
        groups.push((None, waiting));
    }
    let mut waves = Vec::with_capacity(groups.len());
    let mut before = None;
    for (index, (start, mut members)) in groups.into_iter().enumerate() {
        members.sort_by_key(|(index, _)| *index);
        let members: Vec<&RunRow> = members.into_iter().map(|(_, row)| row).collect();
        let cause = match (before, start) {
            (Some(before), Some(start)) => cause(rows, before, start),
            _ => String::new(),
        };
        waves.push(Wave {
            number: index + 1,
            start,
            purpose: purpose(&members),
            cause,
            runs: members.into_iter().cloned().collect(),
        });
        before = start.or(before);
    }
    waves
}

fn ended_between(rows: &[RunRow], after: f64, until: f64) -> bool {
    rows.iter()
        .any(|row| row.end.is_some_and(|end| after < end && end <= until))
}

/// What ended between two times, and what went on meanwhile; empty if neither is known.
fn cause(rows: &[RunRow], after: f64, until: f64) -> String {
    const ENDS: [(RunPhase, &str); 6] = [
        (RunPhase::Failed, "failed"),
        (RunPhase::Inconclusive, "stayed undecided"),
        (RunPhase::Error, "could not be carried out"),
        (RunPhase::Passed, "passed"),
        (RunPhase::Passed, SCREENED),
        (RunPhase::Cancelled, "ended early"),
    ];
    const SCREENED: &str = "passed the screening";
    let clauses = ENDS.into_iter().filter_map(|(phase, verb)| {
        let is =
            |row: &RunRow| row.phase == phase && (phase != RunPhase::Passed || row.screening == (verb == SCREENED));
        let here = |row: &&RunRow| is(row) && row.end.is_some_and(|end| after < end && end <= until);
        let names: Vec<String> = rows.iter().filter(here).map(|row| format!("`{}`", row.name)).collect();
        (!names.is_empty()).then(|| format!("{} {verb}", listed(&names, "run")))
    });
    let clauses: Vec<String> = clauses.collect();
    let going_on = |row: &&RunRow| {
        row.role != RunRole::Baseline
            && row.start.is_some_and(|start| start < until)
            && row.end.is_none_or(|end| end > until)
    };
    let meanwhile = match rows.iter().filter(going_on).count() {
        0 => None,
        n => Some(format!("while {} went on", count(n, "candidate"))),
    };
    let after = (!clauses.is_empty()).then(|| format!("after {}", clauses.join(" and ")));
    [after, meanwhile].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What the runs of a wave try.
fn purpose(members: &[&RunRow]) -> String {
    let mut parts = Vec::new();
    match members.iter().filter(|row| row.role == RunRole::Baseline).count() {
        0 => {}
        1 => parts.push("the workload as it is".to_owned()),
        2 => parts.push("the workload as it is, twice".to_owned()),
        n => parts.push(format!("the workload as it is, {n} times")),
    }
    let tried = || members.iter().filter(|row| row.role != RunRole::Baseline);
    let mut singles: BTreeMap<&[String], usize> = BTreeMap::new();
    for row in tried().filter(|row| is_alone(row)) {
        *singles.entry(&row.settings).or_default() += 1;
    }
    match singles.values().filter(|runs| **runs == 1).count() {
        0 => {}
        1 => parts.push("one setting alone".to_owned()),
        n => parts.push(format!("{n} settings, each alone")),
    }
    // Which capabilities a setting needs is found by leaving out one after another.
    for runs in singles.values().filter(|runs| **runs > 1) {
        parts.push(format!("one setting with {runs} different repairs"));
    }
    let sets: Vec<&&RunRow> = tried().filter(|row| !is_alone(row)).collect();
    match sets.as_slice() {
        [] => {}
        [only] => parts.push(format!(
            "{} together{}",
            count(only.settings.len(), "setting"),
            repaired(only)
        )),
        many => parts.push(format!("{} sets of settings", many.len())),
    }
    let screened = tried().next().is_some() && tried().all(|row| row.screening);
    parts.join(", and ") + if screened { ", screened" } else { "" }
}

/// Whether a run tries one setting, of however many containers.
fn is_alone(row: &RunRow) -> bool {
    let mut ids = row.settings.iter().map(|item| item.split('/').next());
    let first = ids.next();
    first.is_some_and(|first| ids.all(|id| id == first))
}

fn repaired(row: &RunRow) -> String {
    match row.repairs.len() {
        0 => String::new(),
        n => format!(" with {}", count(n, "repair")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rows::run_rows, sample};

    fn told(rows: &[RunRow]) -> Vec<String> {
        let line = |wave: &Wave| {
            let names: Vec<&str> = wave.runs.iter().map(|run| run.name.as_str()).collect();
            format!("{} [{}] {}", wave.number, names.join(" "), wave.sentence())
        };
        waves(rows).iter().map(line).collect()
    }

    fn row(name: &str, role: RunRole, settings: usize, start: Option<f64>, end: Option<f64>) -> RunRow {
        RunRow {
            name: name.to_owned(),
            role,
            phase: RunPhase::Failed,
            settings: (0..settings).map(|number| format!("s{number}/app")).collect(),
            repairs: Vec::new(),
            screening: false,
            start,
            ready: None,
            end,
            message: String::new(),
            attempts: 1,
        }
    }

    #[test]
    fn a_search_that_went_all_the_way() {
        insta::assert_snapshot!(told(&run_rows(&sample::nginx().spec.runs)).join("\n"));
    }

    #[test]
    fn one_after_the_other_is_a_wave_each() {
        let rows = [
            row("baseline-1", RunRole::Baseline, 0, Some(0.1), Some(30.0)),
            row("group", RunRole::Candidate, 1, Some(31.0), Some(33.0)),
            row("seccomp", RunRole::Candidate, 1, Some(33.5), None),
            row("token", RunRole::Candidate, 1, None, None),
        ];
        insta::assert_snapshot!(told(&rows).join("\n"));
    }

    #[test]
    fn repairs_and_screenings_are_told() {
        let repaired = |name: &str, repairs: usize, start: f64, end: f64| RunRow {
            repairs: vec!["a directory".to_owned(); repairs],
            ..row(name, RunRole::Verification, 9, Some(start), Some(end))
        };
        let screened = |name: &str, settings: &[&str], repairs: usize| RunRow {
            settings: settings.iter().map(|id| (*id).to_owned()).collect(),
            repairs: vec!["a capability".to_owned(); repairs],
            screening: true,
            phase: RunPhase::Passed,
            ..row(name, RunRole::Candidate, 0, Some(30.0), Some(45.0))
        };
        let rows = [
            row("all", RunRole::Verification, 9, Some(0.0), Some(8.0)),
            repaired("all-2", 2, 9.0, 20.0),
            repaired("all-3", 3, 21.0, 29.0),
            screened(
                "read-only-root",
                &["readOnlyRootFilesystem/a", "readOnlyRootFilesystem/b"],
                1,
            ),
            screened("cap0-2-chown", &["capabilities_restricted/a"], 1),
            screened("cap0-2-setuid", &["capabilities_restricted/a"], 1),
            repaired("set-1", 1, 46.0, 100.0),
        ];
        insta::assert_snapshot!(told(&rows).join("\n"));
    }

    #[test]
    fn every_run_is_in_one_wave_whatever_the_clocks_say() {
        let odd = [f64::MIN, -1.0, 0.0, 3.0, 1e300];
        let rows: Vec<RunRow> = odd
            .iter()
            .map(|start| row("r", RunRole::Candidate, 2, Some(*start), Some(-start)))
            .chain([row("r", RunRole::Verification, 2, None, Some(1.0))])
            .collect();
        assert_eq!(
            waves(&rows).iter().map(|wave| wave.runs.len()).sum::<usize>(),
            rows.len()
        );
        assert!(waves(&[]).is_empty());
    }
}

//! The injection matrix: unchanged runs, changed in one way each.

use serde::Serialize;
use temper_core::oracle::{Finding, Outcome, judge};

use crate::inject::{self, Subject};
use crate::labelled::Known;
use crate::run::{Program, Run, View};

/// One row, counted.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// What was changed.
    pub change: &'static str,
    /// Whether it must be found.
    pub is_harm: bool,
    /// Logs that have a place for the change.
    pub tried: u32,
    /// Those that the judge fails.
    pub flagged: u32,
    /// Those that it judges wrongly, with the first finding.
    #[serde(skip)]
    pub wrong: Vec<String>,
}

/// Everything that is changed: a program's baselines, the changed runs, and the row.
#[derive(Debug)]
pub struct Case<'a> {
    /// The program.
    pub program: &'a Program,
    /// The row.
    pub row: inject::Row,
    /// The changed run.
    pub run: Run,
}

/// All rows, applied to all unchanged runs that are not learnt from.
pub fn cases<'a>(programs: &[&'a Program]) -> Vec<Case<'a>> {
    let rows = inject::rows();
    let mut cases = Vec::new();
    for row in rows {
        for program in programs {
            for run in program.judged().filter(|run| run.is_unchanged()) {
                if let Some(lines) = (row.change)(&Subject::new(run, u64::from(run.seed))) {
                    cases.push(Case {
                        program,
                        row,
                        run: Run { lines, ..run.clone() },
                    });
                }
            }
        }
    }
    cases
}

/// Counts the rows.
pub fn measure(programs: &[&Program]) -> Vec<Row> {
    let known = Known::of(programs, &[View::Log]);
    let mut rows: Vec<Row> = Vec::new();
    for case in cases(programs) {
        let verdict = judge(
            &known.baselines(case.program, View::Log),
            &case.run.candidate(View::Log),
        );
        let is_flagged = verdict.outcome == Outcome::Failed;
        if rows.last().is_none_or(|row| row.change != case.row.name) {
            rows.push(Row {
                change: case.row.name,
                is_harm: case.row.is_harm,
                tried: 0,
                flagged: 0,
                wrong: Vec::new(),
            });
        }
        let Some(row) = rows.last_mut() else { continue };
        row.tried += 1;
        row.flagged += u32::from(is_flagged);
        if is_flagged != case.row.is_harm {
            let first = verdict.findings.first().map(Finding::sentence).unwrap_or_default();
            row.wrong.push(format!(
                "{}/{}: {:?} {first}",
                case.program.name, case.run.seed, verdict.outcome
            ));
        }
    }
    rows
}

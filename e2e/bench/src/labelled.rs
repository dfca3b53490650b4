//! Rules against labelled runs.

use std::collections::BTreeMap;

use serde::Serialize;
use temper_core::oracle::{Outcome, Verdict, judge};
use temper_core::recording::Recording;

use crate::peer::PEERS;
use crate::run::{Program, Run, View};
use crate::score::{Figures, Score};

/// Baselines that a check records.
pub const BASELINES: usize = 2;

/// What a rule is worth on a set of programs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The rule.
    pub rule: String,
    /// Over all runs.
    pub all: Figures,
    /// Over the runs that stay up: those that readiness and exits find are left out.
    pub up: Figures,
    /// Over the runs without any change that are not learnt from.
    pub unchanged: Figures,
    /// Over all runs of each program.
    pub programs: BTreeMap<String, Figures>,
}

/// A run that was judged wrongly, with the verdict.
#[derive(Debug, Clone)]
pub struct Wrong<'a> {
    /// Its program.
    pub program: &'a str,
    /// The run.
    pub run: &'a Run,
    /// What was said of it.
    pub verdict: Verdict,
}

#[derive(Default)]
struct Scores {
    all: Score,
    up: Score,
    unchanged: Score,
    programs: BTreeMap<String, Score>,
}

impl Scores {
    fn count(&mut self, program: &Program, run: &Run, flagged: bool) {
        self.all.count(run.works(), flagged);
        self.programs
            .entry(program.name.clone())
            .or_default()
            .count(run.works(), flagged);
        if run.is_up() {
            self.up.count(run.works(), flagged);
        }
    }

    fn row(&self, rule: &str) -> Row {
        Row {
            rule: rule.to_owned(),
            all: self.all.figures(),
            up: self.up.figures(),
            unchanged: self.unchanged.figures(),
            programs: self
                .programs
                .iter()
                .map(|(name, score)| (name.clone(), score.figures()))
                .collect(),
        }
    }
}

/// Our judge, by what it is shown, and the runs that it judges wrongly.
pub fn ours<'a>(programs: &[&'a Program], view: View) -> (Row, Vec<Wrong<'a>>) {
    let (mut scores, mut wrong) = (Scores::default(), Vec::new());
    let known = Known::of(programs, &[view]);
    for program in programs {
        let baselines = known.baselines(program, view);
        for run in program.judged() {
            let verdict = judge(&baselines, &run.candidate(view));
            let flagged = verdict.outcome == Outcome::Failed;
            scores.count(program, run, flagged);
            if flagged == run.works() {
                wrong.push(Wrong {
                    program: &program.name,
                    run,
                    verdict,
                });
            }
        }
        for run in program.again(BASELINES) {
            let outcome = judge(&baselines, &run.candidate(view)).outcome;
            scores.unchanged.count(run.works(), outcome == Outcome::Failed);
        }
    }
    let name = match view {
        View::Log => "Temper, logs only",
        View::Full => "Temper, with exits and readiness",
        View::Probes => "Temper, with probes, too",
    };
    (scores.row(name), wrong)
}

/// Our judge, where a run that fails slightly is made again, and fails if that one does, too. A search has a third run decide
/// where the two disagree; of each setting there are two here, each of them the other's second.
pub fn twice(programs: &[&Program]) -> Row {
    let mut scores = Scores::default();
    let known = Known::of(programs, &[View::Log]);
    for program in programs {
        let baselines = known.baselines(program, View::Log);
        let verdict = |run: &Run| judge(&baselines, &run.candidate(View::Log));
        let fails = |run: &Run| {
            let first = verdict(run);
            let mut others = program.again(BASELINES).chain(program.judged());
            let again = |other: &&Run| other.hardening == run.hardening && other.seed != run.seed;
            let mut second = || others.find(again).map(verdict);
            first.outcome == Outcome::Failed
                && !(first.is_slight() && second().is_some_and(|second| second.outcome != Outcome::Failed))
        };
        for run in program.judged() {
            scores.count(program, run, fails(run));
        }
        for run in program.again(BASELINES) {
            scores.unchanged.count(run.works(), fails(run));
        }
    }
    scores.row("Temper, slight failures made again")
}

/// The rules of others.
pub fn peers(programs: &[&Program]) -> Vec<Row> {
    let row = |(name, count, flags): &(&str, usize, crate::peer::Rule)| {
        let mut scores = Scores::default();
        for program in programs {
            let baselines = program.baselines(*count);
            for run in program.judged() {
                scores.count(program, run, flags(&baselines, run));
            }
            for run in program.again(*count) {
                scores.unchanged.count(run.works(), flags(&baselines, run));
            }
        }
        scores.row(name)
    };
    PEERS.iter().map(row).collect()
}

/// The recordings that the judge learns from, folded once.
#[derive(Debug)]
pub struct Known(BTreeMap<(String, View), Vec<Recording>>);

impl Known {
    /// Those of these programs, as far as these views show them.
    pub fn of(programs: &[&Program], views: &[View]) -> Self {
        let fold = |program: &Program, view| {
            let baselines = program.baselines(BASELINES).into_iter();
            (
                (program.name.clone(), view),
                baselines.map(|run| run.baseline(view)).collect(),
            )
        };
        let all = programs
            .iter()
            .flat_map(|program| views.iter().map(move |view| fold(program, *view)));
        Self(all.collect())
    }

    /// Those of one program; none if it was not named.
    pub fn baselines(&self, program: &Program, view: View) -> Vec<&Recording> {
        self.0
            .get(&(program.name.clone(), view))
            .into_iter()
            .flatten()
            .collect()
    }
}

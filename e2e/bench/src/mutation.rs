//! The mutation check: a rule that finds nothing that the others do not find is decoration.

use serde::Serialize;
use temper_core::oracle::{Outcome, Resources, Rule, judge_by};
use temper_core::recording::Recording;

use crate::labelled::Known;
use crate::matrix;
use crate::run::{Program, View};

/// The rules that a log and readiness can show. Those of the cluster are held by tests of their own.
const RULES: [Rule; 12] = [
    Rule::NeverReady,
    Rule::NewMessage,
    Rule::LevelRaised,
    Rule::MoreComplaints,
    Rule::Flood,
    Rule::MissingMessage,
    Rule::RarerMessage,
    Rule::MissingMilestone,
    Rule::Silence,
    Rule::EarlyEnd,
    Rule::StartedAgain,
    Rule::Reordered,
];

/// What is no longer found without a rule.
#[derive(Debug, Clone, Serialize)]
pub struct Mutation {
    /// The rule that is left out.
    pub rule: &'static str,
    /// How many labelled runs and changed runs pass without it that fail with it.
    pub lost: u32,
    /// One of them.
    pub example: Option<String>,
}

struct Case<'a> {
    name: String,
    program: &'a Program,
    view: View,
    candidate: Recording,
}

/// Leaves out one rule after another.
pub fn measure(programs: &[&Program]) -> Vec<Mutation> {
    let known = Known::of(programs, &[View::Log, View::Full]);
    let cases = failing(programs, &known);
    let mutate = |rule: Rule| {
        let survives = |case: &&Case<'_>| judge(&known, case, |other| other != rule) != Outcome::Failed;
        let lost: Vec<&Case<'_>> = cases.iter().filter(survives).collect();
        Mutation {
            rule: rule.into(),
            lost: u32::try_from(lost.len()).unwrap_or(u32::MAX),
            example: lost.first().map(|case| case.name.clone()),
        }
    };
    RULES.into_iter().map(mutate).collect()
}

/// Everything that fails, and should.
fn failing<'a>(programs: &[&'a Program], known: &Known) -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for program in programs {
        for view in [View::Log, View::Full] {
            for run in program.judged().filter(|run| !run.works()) {
                cases.push(Case {
                    name: format!("{}/{}/{} ({view:?})", program.name, run.hardening, run.seed),
                    program,
                    view,
                    candidate: run.candidate(view),
                });
            }
        }
    }
    for case in matrix::cases(programs).into_iter().filter(|case| case.row.is_harm) {
        cases.push(Case {
            name: format!("{}/{}: {}", case.program.name, case.run.seed, case.row.name),
            program: case.program,
            view: View::Log,
            candidate: case.run.candidate(View::Log),
        });
    }
    cases.retain(|case| judge(known, case, |_| true) == Outcome::Failed);
    cases
}

fn judge(known: &Known, case: &Case<'_>, counts: impl Fn(Rule) -> bool) -> Outcome {
    let baselines = known.baselines(case.program, case.view);
    judge_by(Resources::default(), &baselines, &case.candidate, counts).outcome
}

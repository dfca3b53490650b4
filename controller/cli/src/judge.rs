//! `judge`: the verdict on a recording, from files alone.

mod finding;
mod table;

use serde::Serialize;
use temper_archive::Runs;
use temper_core::oracle::{self, Outcome, Verdict};
use temper_core::recording::Recording;
use temper_report::plain;

use self::finding::Finding;
use crate::{
    advice::Advised,
    args::{JudgeArgs, JudgeOutput},
    printer,
    table::Look,
};

/// What a program reads.
#[derive(Serialize)]
struct Judged {
    outcome: &'static str,
    findings: Vec<Finding>,
}

impl Judged {
    /// The verdict on a recording that began at this time.
    fn new(verdict: &Verdict, start_nanos: i64) -> Self {
        let Verdict { outcome, findings } = verdict;
        Self {
            outcome: name(*outcome),
            findings: findings
                .iter()
                .map(|finding| Finding::new(finding, start_nanos))
                .collect(),
        }
    }
}

/// Judges the candidate, and prints the verdict.
pub(crate) fn judge(args: &JudgeArgs) -> anyhow::Result<u8> {
    let JudgeArgs {
        baselines,
        candidate,
        logs_only,
        output,
    } = args;
    let runs = Runs::read(baselines, candidate, *logs_only)
        .map_err(|error| Advised::new("a recording cannot be read").because(error))?;
    warn_of_baselines(&runs);
    let verdict = runs.judge();
    let judged = Judged::new(&verdict, runs.candidate.start_nanos);
    let text = match output {
        JudgeOutput::Json => serde_json::to_string_pretty(&judged)? + "\n",
        JudgeOutput::Table => table::table(&judged, &candidate.display().to_string(), Look::of_stdout()),
    };
    printer::result(&text)?;
    Ok(exit_code(verdict.outcome))
}

/// A check ends where its baselines disagree; here somebody chose them, and may know better.
fn warn_of_baselines(runs: &Runs) {
    let baselines: Vec<&Recording> = runs.baselines.iter().map(|run| &run.recording).collect();
    if let Err(findings) = oracle::agree(&baselines)
        && let Some(finding) = findings.first()
    {
        printer::note(&format!(
            "warning: the baselines are not what a workload that works looks like, or differ: {}",
            plain(&finding.sentence())
        ));
    }
}

fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "Passed",
        Outcome::Warned => "Warned",
        Outcome::Failed => "Failed",
        Outcome::Inconclusive => "Inconclusive",
    }
}

fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Passed | Outcome::Warned => 0,
        Outcome::Failed => 3,
        Outcome::Inconclusive => 5,
    }
}

#[cfg(test)]
mod tests;

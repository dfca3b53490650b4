//! Measures the oracle: `cargo run --release -p temper-bench --bin oracle [--json FILE] [FOLDER…]`.
//!
//! A folder holds labelled recordings as `PROGRAM/HARDENING/SEED/`. Baselines are the first unchanged runs of each
//! program, as a check records them; all other runs are judged. A run that a client's probes found broken or degraded
//! should fail, one that works should not.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;
use temper_bench::labelled::{self, Wrong};
use temper_bench::run::{self, Program, View};
use temper_bench::{matrix, mutation};

/// The pilot of the oracle's design, and our own recordings.
const FOLDERS: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/log-oracle-pilot"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../data/field"),
];

/// Everything that was measured on one folder.
#[derive(Serialize)]
struct DataSet {
    name: String,
    programs: usize,
    runs: usize,
    rules: Vec<labelled::Row>,
    injections: Vec<matrix::Row>,
    mutations: Vec<mutation::Mutation>,
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = match arguments.iter().position(|argument| argument == "--json") {
        Some(at) => arguments.drain(at..(at + 2).min(arguments.len())).nth(1),
        None => None,
    };
    if arguments.is_empty() {
        arguments.extend(FOLDERS.map(str::to_owned));
    }
    let mut sets = Vec::new();
    for folder in arguments.into_iter().map(PathBuf::from) {
        if folder.is_dir() {
            sets.push(measure(&folder)?);
        } else {
            println!("no recordings at {}: skipped", folder.display());
        }
    }
    if let Some(file) = json {
        let text = serde_json::to_string_pretty(&serde_json::json!({ "dataSets": sets }))?;
        fs::write(&file, text).with_context(|| format!("failed to write {file}"))?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn measure(folder: &Path) -> Result<DataSet> {
    let programs = run::read(folder)?;
    let programs: Vec<&Program> = programs.iter().collect();
    let set = DataSet {
        name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        programs: programs.len(),
        runs: programs.iter().map(|program| program.runs.len()).sum(),
        rules: rules(&programs),
        injections: matrix::measure(&programs),
        mutations: mutation::measure(&programs),
    };
    println!("\n== {}: {} programs, {} runs", set.name, set.programs, set.runs);
    for row in &set.rules {
        println!("{:44} {}", row.rule, row.all.row());
        println!("{:>44} {}", "that stay up", row.up.row());
        println!(
            "{:>44} {} of {} flagged",
            "unchanged", row.unchanged.hardening_lost, row.unchanged.negatives
        );
    }
    for is_harm in [true, false] {
        let rows = set.injections.iter().filter(|row| row.is_harm == is_harm);
        let (flagged, tried) = rows
            .clone()
            .fold((0, 0), |(f, t), row| (f + row.flagged, t + row.tried));
        println!(
            "\n{}: {flagged} of {tried} flagged",
            if is_harm { "harm" } else { "benign" }
        );
        for row in rows {
            println!("  {:32} {:>3} of {:>3}", row.change, row.flagged, row.tried);
            row.wrong
                .iter()
                .take(3)
                .for_each(|wrong| println!("      {wrong:.240}"));
        }
    }
    println!("\nwithout a rule, what fails and should passes:");
    for mutation in &set.mutations {
        println!(
            "  {:20} {:>4}  {}",
            mutation.rule,
            mutation.lost,
            mutation.example.as_deref().unwrap_or("nothing")
        );
    }
    Ok(set)
}

fn rules(programs: &[&Program]) -> Vec<labelled::Row> {
    let (logs, wrong) = labelled::ours(programs, View::Log);
    wrong.iter().for_each(tell);
    let (full, _) = labelled::ours(programs, View::Full);
    let (probes, _) = labelled::ours(programs, View::Probes);
    [logs, labelled::twice(programs), full, probes]
        .into_iter()
        .chain(labelled::peers(programs))
        .collect()
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn tell(wrong: &Wrong<'_>) {
    let Wrong { program, run, verdict } = wrong;
    println!(
        "{program}/{}/{} is {:?}, and was judged {:?}",
        run.hardening, run.seed, run.label, verdict.outcome
    );
    for finding in verdict.findings.iter().take(2) {
        println!("    {:?} {:.240}", finding.weight, finding.sentence());
    }
}

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use temper_core::oracle::{Oracle, Rule, Weight};
use tempfile::TempDir;

use super::*;

/// A recording of one process, of which these lines come a second apart.
fn recorded(folder: &Path, lines: &[&str]) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let times: Vec<String> = (1..=lines.len()).map(|n| format!("{n}.5\n")).collect();
    fs::write(folder.join("log.txt"), lines.join("\n")).unwrap();
    fs::write(folder.join("log.ts"), times.concat()).unwrap();
    fs::write(folder.join("meta.json"), r#"{"ready_s": 0.25, "died": false}"#).unwrap();
    folder.to_owned()
}

const USUAL: [&str; 4] = ["listening", "served 1", "served 2", "served 3"];

fn args(root: &Path, lines: &[&str], output: JudgeOutput) -> JudgeArgs {
    JudgeArgs {
        baselines: ["a", "b"].map(|name| recorded(&root.join(name), &USUAL)).to_vec(),
        candidate: recorded(&root.join("candidate"), lines),
        logs_only: false,
        output,
    }
}

const BROKEN: [&str; 5] = [
    "listening",
    "served 1",
    "served 2",
    "cannot write \u{1b}[31m/data/x: Permission denied",
    "served 4",
];

/// A verdict whose evidence holds what a terminal must not see.
fn failed() -> Judged {
    let mut denied = oracle::Finding::new(Oracle::Logs, Rule::NewMessage, Weight::Fail);
    denied.container = Some("app".to_owned());
    denied.template = Some("cannot write <path>: Permission denied".to_owned());
    denied.example = Some("cannot write \u{1b}[31m/data/7: Permission denied".to_owned());
    denied.baseline_counts = vec![0, 0];
    denied.count = 3;
    denied.at_nanos = Some(12_345_000_000);
    let undecided = oracle::Finding::new(Oracle::Resources, Rule::NotDecidable, Weight::Note);
    let verdict = Verdict {
        outcome: Outcome::Failed,
        findings: vec![denied, undecided],
    };
    Judged::new(&verdict, 2_000_000_000)
}

#[test]
fn what_a_program_reads() {
    assert_snapshot!(serde_json::to_string_pretty(&failed()).unwrap());
}

#[test]
fn what_a_person_reads() {
    let look = Look {
        terminal: false,
        width: None,
        colour: false,
    };
    let passed = Judged {
        outcome: name(Outcome::Passed),
        findings: Vec::new(),
    };
    assert_snapshot!(table::table(&failed(), "recordings/all", look));
    assert_snapshot!(table::table(&passed, "recordings/all", look), @"recordings/all: Passed");
}

#[test]
fn exit_codes() {
    let root = TempDir::new().unwrap();
    let code = |lines: &[&str]| judge(&args(root.path(), lines, JudgeOutput::Json)).unwrap();
    assert_eq!((code(&USUAL), code(&BROKEN)), (0, 3));
    assert_eq!(exit_code(Outcome::Warned), 0);
    assert_eq!(exit_code(Outcome::Inconclusive), 5);
}

#[test]
fn a_directory_that_cannot_be_read_is_bad_usage() {
    let root = TempDir::new().unwrap();
    let mut args = args(root.path(), &USUAL, JudgeOutput::Table);
    fs::remove_file(args.candidate.join("log.ts")).unwrap();
    let error = judge(&args).unwrap_err();
    assert_eq!(crate::advice::exit_code(&error), 2);
    args.candidate = root.path().join("nowhere");
    let text = printer::explanation(&judge(&args).unwrap_err());
    assert!(text.contains("nowhere` is not a directory"), "{text}");
}

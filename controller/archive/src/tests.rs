//! What is written comes back, and what is wrong is told.

mod samples;
mod wrong;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use temper_core::oracle::Outcome;
use temper_core::recording::{Ending, LogLine, Moment, Recording, Sample};
use tempfile::TempDir;

use self::samples::{any_sample, lines, source};
use crate::runs::mark;
use crate::{About, Run, Runs, Scope, Writer, read};

/// A message as the stream delivers it: attempt, sequence, and what it holds.
type Delivery = (u32, u64, Sample);

fn written(folder: &Path, messages: &[Delivery]) {
    let mut writer = Writer::create(folder, "temper-web-1", About::default()).unwrap();
    for (attempt, sequence, sample) in messages {
        writer.received(*attempt, *sequence);
        writer.add(sample).unwrap();
    }
    writer.finish().unwrap();
}

fn folded(messages: &[Delivery]) -> Recording {
    let mut recording = Recording::new("temper-web-1");
    for (attempt, sequence, sample) in messages {
        recording.received(*attempt, *sequence);
        recording.fold(sample.clone());
    }
    recording
}

fn everything(folder: &Path) -> Run {
    read(folder, Scope::Everything).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any samples, with the overlapping chunks of replaced workers, any names, any bytes and any times.
    #[test]
    fn what_is_written_folds_to_the_same_recording(
        messages in proptest::collection::vec((1_u32..4, 0_u64..400, any_sample()), 0..24),
    ) {
        let folder = TempDir::new().unwrap();
        written(folder.path(), &messages);
        prop_assert_eq!(everything(folder.path()).recording, folded(&messages));
    }
}

#[test]
fn a_written_log_is_what_was_logged() {
    let folder = TempDir::new().unwrap();
    let chunk = |first, texts: &[&[u8]]| Sample::Logs(lines(source("app", "web-0", 1), first, 7_000_000_000, texts));
    let messages = [
        (1, 1, mark(Moment::Started, 5_000_000_000)),
        (1, 2, chunk(0, &[b"one\r", b"", b"\0\xff two"])),
        // A replaced worker says some of it again.
        (2, 3, chunk(2, &[b"\0\xff two", b"three"])),
    ];
    written(folder.path(), &messages);
    let log = folder.path().join("logs/app/web-0/1");
    assert_eq!(fs::read(log.join("log.txt")).unwrap(), b"one\r\n\n\0\xff two\nthree\n");
    assert_eq!(
        fs::read_to_string(log.join("log.ts")).unwrap(),
        "2.000000000\n2.000000001\n2.000000002\n2.000000003\n"
    );
    assert_eq!(everything(folder.path()).recording, folded(&messages));
}

#[test]
fn logs_of_one_name_do_not_mix() {
    let folder = TempDir::new().unwrap();
    let mut again = source("app", "web-0", 0);
    again.pod_uid = "another".to_owned();
    let messages = [
        (1, 1, Sample::Logs(lines(source("app", "web-0", 0), 0, 1, &[b"a"]))),
        (1, 2, Sample::Logs(lines(again, 0, 1, &[b"b"]))),
        (1, 3, Sample::Logs(lines(source("app", "web-0", 0), 0, 9, &[b"c"]))),
    ];
    written(folder.path(), &messages);
    let parent = folder.path().join("logs/app/web-0");
    let texts = ["0", "0.2", "0.3"].map(|name| fs::read_to_string(parent.join(name).join("log.txt")).unwrap());
    assert_eq!(texts, ["a\n", "b\n", "c\n"]);
    assert_eq!(everything(folder.path()).recording, folded(&messages));
}

#[test]
fn a_long_log_is_read_in_parts_and_nothing_is_lost_between_them() {
    let folder = TempDir::new().unwrap();
    let text = |n: usize| format!("line {n} {}", "x".repeat(n % 700));
    let count = 20_000;
    let log = (0..count).map(text).collect::<Vec<_>>().join("\n");
    let time = |n: usize| format!("{}.{:03}", n / 1000, n % 1000);
    let times = (0..count).map(time).collect::<Vec<_>>().join("\n");
    pilot(
        folder.path(),
        log.as_bytes(),
        &times,
        r#"{"ready_s": 0.5, "died": false}"#,
    );
    let recording = everything(folder.path()).recording;
    assert_eq!(recording.logs()["server"].lines(), count as u64);
    assert_eq!(recording.ended(), Some(Ending::Complete));
    assert_eq!(recording.missing(), None);
}

/// A recording of one process.
pub(super) fn pilot(folder: &Path, log: &[u8], times: &str, meta: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("log.txt"), log).unwrap();
    fs::write(folder.join("log.ts"), times).unwrap();
    fs::write(folder.join("meta.json"), meta).unwrap();
    folder.to_owned()
}

const READY: &str = r#"{"ready_s": 0.1, "died": false, "verdict": "broken", "probes": {"get": [0, 9]}}"#;

#[test]
fn of_meta_only_readiness_and_death_reach_a_verdict() {
    let folder = TempDir::new().unwrap();
    let (log, times) = (b"up\nserved 1\nserved 2\n", "0.1\n1.0\n2.0\n");
    let run = |name: &str, meta| pilot(&folder.path().join(name), log, times, meta);
    let baselines = [run("a", READY), run("b", READY)];
    let outcome = |name, meta| Runs::read(&baselines, &run(name, meta), false).unwrap().judge().outcome;
    assert_eq!(outcome("c", READY), Outcome::Passed);
    assert_eq!(outcome("d", r#"{"ready_s": 0.1, "died": true}"#), Outcome::Failed);
    assert_eq!(outcome("e", r#"{"ready_s": null, "died": false}"#), Outcome::Failed);
}

#[test]
fn of_logs_alone_neither_death_nor_readiness_of_a_candidate_is_known() {
    let folder = TempDir::new().unwrap();
    let (log, times) = (b"up\nserved 1\nserved 2\n", "0.1\n1.0\n2.0\n");
    let baseline = pilot(&folder.path().join("a"), log, times, READY);
    let candidate = pilot(&folder.path().join("c"), log, times, "not even JSON");
    fs::write(candidate.join("metrics.csv"), "nonsense").unwrap();
    let runs = Runs::read(&[baseline], &candidate, true).unwrap();
    let (usual, found) = (&runs.baselines[0].recording, &runs.candidate.recording);
    assert_eq!((usual.ready_at().is_some(), found.ready_at()), (true, None));
    assert_eq!(
        (usual.ended(), found.ended()),
        (Some(Ending::LogEnd), Some(Ending::LogEnd))
    );
    assert_eq!(found.ended_at(), Some(runs.candidate.start_nanos + 2_000_000_000));
    assert_eq!(found.missing(), None);
    assert_eq!(runs.judge().outcome, Outcome::Passed);
}

#[test]
fn an_exported_recording_is_judged_by_its_logs_alone_if_asked_to() {
    let folder = TempDir::new().unwrap();
    let texts: Vec<Vec<u8>> = (0..9).map(|n| format!("served {n}").into_bytes()).collect();
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let run = |name: &str, end: Moment| {
        let path = folder.path().join(name);
        let messages = [
            (1, 1, mark(Moment::Started, 0)),
            (1, 2, Sample::Logs(lines(source("app", "web-0", 0), 0, 1, &texts))),
            (1, 3, mark(Moment::Ready, 1_000)),
            (1, 4, mark(end, 60_000_000_000)),
        ];
        written(&path, &messages);
        path
    };
    let baselines = [run("a", Moment::Complete), run("b", Moment::Complete)];
    let candidate = run("c", Moment::NeverReady);
    let outcome = |logs_only| Runs::read(&baselines, &candidate, logs_only).unwrap().judge().outcome;
    assert_eq!((outcome(false), outcome(true)), (Outcome::Failed, Outcome::Passed));
}

#[test]
fn a_line_end_within_a_line_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut writer = Writer::create(folder.path(), "n", About::default()).unwrap();
    let chunk = Sample::Logs(lines(source("app", "web-0", 0), 0, 1, &[b"two\nlines"]));
    let error = writer.add(&chunk).unwrap_err().to_string();
    assert!(
        error.contains("container `app`") && error.contains("line end"),
        "{error}"
    );
}

#[test]
fn lines_that_were_cut_say_so_again() {
    let folder = TempDir::new().unwrap();
    let mut chunk = lines(source("app", "web-0", 0), 0, 1, &[b"whole", b"half"]);
    chunk.lines[1].cut_from = 99;
    let mut writer = Writer::create(folder.path(), "n", About::default()).unwrap();
    writer.add(&Sample::Logs(chunk.clone())).unwrap();
    writer.finish().unwrap();
    let log = folder.path().join("logs/app/web-0/0");
    let head: crate::files::LogHead = crate::files::json(&log.join("log.json"), "").unwrap();
    let shape = crate::log::Shape {
        source: head.source,
        origin_nanos: Some(head.origin),
        start_nanos: 1,
        positions: Some(&head.lines),
        cut: head.cut.iter().map(|cut| (cut.line, cut.length)).collect(),
    };
    let mut read: Vec<LogLine> = Vec::new();
    crate::log::read(&log, &shape, |chunk| read.extend(chunk.lines)).unwrap();
    assert_eq!(read, chunk.lines);
}

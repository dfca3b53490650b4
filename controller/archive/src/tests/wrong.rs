//! Each error names file, line, value and what mends it.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{READY, pilot, written};
use crate::runs::mark;
use crate::tests::samples::{lines, source};
use crate::{About, Scope, Writer, read};
use temper_core::recording::{Moment, Sample};

/// The error of reading a recording that was spoiled; the directory is told as `DIR`.
fn told(folder: &Path) -> String {
    let error = read(folder, Scope::Everything).unwrap_err();
    error.to_string().replace(&folder.display().to_string(), "DIR")
}

/// A good recording of one process, then spoiled.
fn process(spoil: impl FnOnce(&Path)) -> String {
    let folder = TempDir::new().unwrap();
    pilot(folder.path(), b"a\nb\n", "0.1\n0.2\n", READY);
    spoil(folder.path());
    told(folder.path())
}

/// A good export, then spoiled.
fn export(spoil: impl FnOnce(&Path)) -> String {
    let folder = TempDir::new().unwrap();
    let logs = Sample::Logs(lines(source("app", "web-0", 0), 0, 1, &[b"a", b"b"]));
    written(folder.path(), &[(1, 1, mark(Moment::Started, 0)), (1, 2, logs)]);
    spoil(folder.path());
    told(folder.path())
}

fn replaced(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn what_is_no_recording() {
    let folder = TempDir::new().unwrap();
    let none = "`DIR` holds no recording: it needs `recording.json`, as `kubectl temper export` writes it last, or \
                `log.txt` and `log.ts`";
    assert_eq!(told(folder.path()), none);
    let file = folder.path().join("x");
    assert_eq!(
        told(&file),
        "`DIR` is not a directory: name the directory of one recording"
    );
    fs::write(&file, "").unwrap();
    assert_eq!(
        told(&file),
        "`DIR` is not a directory: name the directory of one recording"
    );
}

#[test]
fn logs_without_fitting_times() {
    assert_eq!(
        process(|dir| fs::remove_file(dir.join("log.ts")).unwrap()),
        "`DIR/log.ts` is missing: it holds the seconds since the start of the recording, one for each line of `log.txt`"
    );
    assert_eq!(
        process(|dir| fs::remove_file(dir.join("log.txt")).unwrap()),
        "`DIR/log.txt` is missing: it holds the log, and may be empty"
    );
    assert_eq!(
        process(|dir| fs::write(dir.join("log.ts"), "0.1\n").unwrap()),
        "`DIR/log.txt` has 2 lines, but `log.ts` beside it has 1 time: it needs one time for each line"
    );
    assert_eq!(
        process(|dir| fs::write(dir.join("log.txt"), "a").unwrap()),
        "`DIR/log.txt` has 1 line, but `log.ts` beside it has 2 times: it needs one time for each line"
    );
    assert_eq!(
        process(|dir| fs::write(dir.join("log.ts"), "0.1\nsoon\n").unwrap()),
        "`DIR/log.ts`, line 2: `soon` is not a time: write seconds since the start of the recording, such as 12.345"
    );
}

#[test]
fn a_meta_or_metrics_that_say_nothing() {
    assert_eq!(
        process(|dir| fs::remove_file(dir.join("meta.json")).unwrap()),
        "`DIR/meta.json` is missing: it says when the run was ready, as {\"ready_s\": 0.5, \"died\": false}"
    );
    assert_eq!(
        process(|dir| fs::write(dir.join("meta.json"), "{\n\"died\": true}").unwrap()),
        "`DIR/meta.json`, line 2: missing field `ready_s`"
    );
    assert_eq!(
        process(|dir| fs::write(dir.join("meta.json"), r#"{"ready_s": -2}"#).unwrap()),
        "`DIR/meta.json`, ready_s: `-2` is not a time: write seconds since the start, or null if it was never ready"
    );
    assert_eq!(
        process(|dir| fs::write(dir.join("metrics.csv"), "t,cpu_s,rss\n0.1,0.2,much\n").unwrap()),
        "`DIR/metrics.csv`, line 2, rss: `much` is not a number of bytes"
    );
}

#[test]
fn an_export_that_was_changed() {
    let head = |dir: &Path| dir.join("recording.json");
    let log = |dir: &Path| dir.join("logs/app/web-0/0/log.json");
    assert_eq!(
        export(|dir| replaced(&head(dir), "\"version\": 1", "\"version\": 7")),
        "`DIR/recording.json` has version 7: this program reads version 1, use a newer one or export again"
    );
    assert_eq!(
        export(|dir| fs::write(head(dir), "{\n").unwrap()),
        "`DIR/recording.json`, line 2: EOF while parsing an object"
    );
    assert_eq!(
        export(|dir| replaced(&head(dir), "\"count\": 2", "\"count\": 99999999999")),
        "`DIR/recording.json`, received of attempt 1: `99999999999` is more than 100000000 messages: export the run \
         again"
    );
    assert_eq!(
        export(|dir| replaced(&dir.join("marks.jsonl"), "Started", "Begun")),
        "`DIR/marks.jsonl`, line 1: unknown variant `Begun`, expected one of `Started`, `Ready`, `Complete`, \
         `Interrupted`, `NeverReady`, `LogEnd`"
    );
    assert_eq!(
        export(|dir| replaced(&dir.join("marks.jsonl"), "1970-01-01T00", "yesterday")),
        "`DIR/marks.jsonl`, line 1: `yesterday:00:00.000000000Z` is not a time such as 2026-01-01T00:00:00Z"
    );
    assert_eq!(
        export(|dir| fs::remove_file(log(dir)).unwrap()),
        "`DIR/logs/app/web-0/0/log.json` is missing: copy the recording as a whole, or export the run again"
    );
    for (count, than) in [("1", "less"), ("3", "more")] {
        let error = export(|dir| replaced(&log(dir), "\"count\": 2", &format!("\"count\": {count}")));
        assert!(error.contains("log.json`, lines: ") && error.contains(than), "{error}");
    }
}

#[test]
fn nothing_is_written_over() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("x"), "").unwrap();
    let error = Writer::create(folder.path(), "n", About::default())
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("is not empty: name a new directory"), "{error}");
}

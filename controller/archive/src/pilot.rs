//! Recordings of one process outside of Kubernetes: `log.txt`, `log.ts`, `meta.json`, `metrics.csv`.
//!
//! Of `meta.json` only `ready_s` and `died` are looked at: it also holds the label that a judge is measured by.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use serde::{Deserialize, Deserializer};
use temper_core::recording::{ContainerState, Moment, PodState, Recording, Sample, Source, Termination, Usage};

use crate::error::{Error, Result, io};
use crate::log::{self, Shape};
use crate::runs::{Run, Scope, mark};
use crate::{files, time};

pub(crate) const META: &str = "meta.json";
const METRICS: &str = "metrics.csv";

/// Where the clock of such a recording begins; any time will do, since only differences count.
const START: i64 = 1_700_000_000_000_000_000;

/// Exit code of an end whose code is not known.
const UNKNOWN_CODE: i32 = 255;

#[derive(Deserialize)]
struct Meta {
    /// Seconds to readiness; null if it was never ready, but never left out.
    #[serde(deserialize_with = "present")]
    ready_s: Option<f64>,
    #[serde(default)]
    died: bool,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Option::deserialize(deserializer)
}

/// Reads a recording, or as much of it as counts.
pub(crate) fn read(folder: &Path, scope: Scope) -> Result<Run> {
    let mut recording = Recording::default();
    let shape = Shape {
        source: source(),
        origin_nanos: None,
        start_nanos: START,
        positions: None,
        cut: BTreeMap::new(),
    };
    let last = log::read(folder, &shape, |lines| recording.fold(Sample::Logs(lines)))?;
    if scope == Scope::Logs {
        return Ok(Run::of_log(recording, START, last));
    }
    let meta = meta(&folder.join(META))?;
    let ready = meta.ready_s.map(after);
    if let Some(ready) = ready {
        recording.fold(mark(Moment::Ready, ready));
    }
    if scope == Scope::LogsAndReadiness {
        return Ok(Run::of_log(recording, START, last));
    }
    let measured = metrics(&folder.join(METRICS), &mut recording)?;
    let end = [last, ready, measured].into_iter().flatten().max().unwrap_or(START);
    if meta.died {
        recording.fold(Sample::Pod(dead(end)));
    }
    recording.received(1, 1);
    recording.fold(mark(Moment::Started, START));
    recording.fold(mark(ready.map_or(Moment::NeverReady, |_| Moment::Complete), end));
    Ok(Run {
        recording,
        start_nanos: START,
    })
}

fn meta(path: &Path) -> Result<Meta> {
    let mend = r#"it says when the run was ready, as {"ready_s": 0.5, "died": false}"#;
    let meta: Meta = files::json(path, mend)?;
    match meta.ready_s {
        Some(ready) if !(0.0..1e9).contains(&ready) => Err(Error::Value {
            path: path.to_owned(),
            field: "ready_s".to_owned(),
            value: ready.to_string(),
            mend: "is not a time: write seconds since the start, or null if it was never ready".to_owned(),
        }),
        _ => Ok(meta),
    }
}

/// Folds what was measured; the time of the last row. There may be no such file.
fn metrics(path: &Path, recording: &mut Recording) -> Result<Option<i64>> {
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("read", path)(error)),
    };
    let (mut row, mut number, mut last) = (Vec::new(), 0_u64, None);
    while log::line(&mut file, &mut row).map_err(io("read", path))?.is_some() {
        number += 1;
        let text = String::from_utf8_lossy(&row).into_owned();
        row.clear();
        if number == 1 {
            if text.trim_end() != "t,cpu_s,rss" {
                return Err(wrong(path, number, "header", &text, "is not `t,cpu_s,rss`"));
            }
            continue;
        }
        let mut cells = text.trim_end().split(',');
        let (t, cpu, rss) = (cells.next(), cells.next(), cells.next());
        let seconds = |column: &str, cell: Option<&str>| {
            let value = cell.unwrap_or_default();
            let nanos = time::nanos(value.as_bytes()).and_then(|nanos| i64::try_from(nanos).ok());
            nanos.ok_or_else(|| wrong(path, number, column, value, "is not a number of seconds"))
        };
        let time_nanos = START.saturating_add(seconds("t", t)?);
        let cpu = u64::try_from(seconds("cpu_s", cpu)?).ok();
        let rss = rss.unwrap_or_default();
        let bytes: u64 = rss
            .parse()
            .map_err(|_| wrong(path, number, "rss", rss, "is not a number of bytes"))?;
        last = last.max(Some(time_nanos));
        recording.fold(Sample::Usage(Usage {
            source: source(),
            time_nanos,
            cpu_core_nanos: cpu,
            // Of a process outside of a container nothing comes closer to its working set.
            memory_working_set_bytes: Some(bytes),
            memory_rss_bytes: Some(bytes),
            ..Usage::default()
        }));
    }
    Ok(last)
}

fn wrong(path: &Path, line: u64, column: &str, value: &str, mend: &str) -> Error {
    Error::Value {
        path: path.to_owned(),
        field: format!("line {line}, {column}"),
        value: value.to_owned(),
        mend: mend.to_owned(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded when it was read")]
fn after(seconds: f64) -> i64 {
    START.saturating_add((seconds * 1e9) as i64)
}

fn source() -> Source {
    Source {
        pod: "pilot".to_owned(),
        pod_uid: "pilot".to_owned(),
        container: "server".to_owned(),
        restart: 0,
        init: false,
    }
}

/// A Pod whose only container has ended by itself.
fn dead(time_nanos: i64) -> PodState {
    let source = source();
    let end = Termination {
        exit_code: UNKNOWN_CODE,
        reason: "Error".to_owned(),
        finished_nanos: time_nanos,
        ..Termination::default()
    };
    let container = ContainerState {
        name: source.container,
        started: true,
        terminated: Some(end),
        ..ContainerState::default()
    };
    PodState {
        pod: source.pod,
        pod_uid: source.pod_uid,
        time_nanos,
        phase: "Running".to_owned(),
        containers: vec![container],
        target: true,
        ..PodState::default()
    }
}

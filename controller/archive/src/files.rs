//! The layout of a recording as `docs/recording-files.md` describes it: its small files, and how it is read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use temper_core::recording::{Moment, Recording, Sample, Source};

use crate::error::{Error, Result, io};
use crate::log::{self, Range, Shape};
use crate::rows::{Kind, SourceRow};
use crate::runs::{Run, Scope};
use crate::time::rfc3339;

/// Version of the layout.
pub const VERSION: u64 = 1;

/// The file that makes a directory a recording. It is written last.
pub(crate) const HEAD: &str = "recording.json";
pub(crate) const LOGS: &str = "logs";
pub(crate) const LOG: &str = "log.json";

/// Messages of one attempt that a head may count: a day of the busiest recording has far fewer, and a slip of the pen
/// must not cost all memory.
const MAX_MESSAGES: u64 = 100_000_000;

/// What to do where a file of an export is missing.
const AS_A_WHOLE: &str = "copy the recording as a whole, or export the run again";

/// What a recording is of. It is for people: nothing of it reaches a verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct About {
    /// Namespace of the check.
    pub namespace: String,
    /// Its name.
    pub check: String,
    /// The run within it, such as `baseline-1`.
    pub run: String,
    /// UID of the run.
    pub run_uid: String,
    /// What the run is for, such as `Baseline`.
    pub role: String,
    /// Ids of the settings under test.
    pub settings: Vec<String>,
}

/// `recording.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) version: u64,
    /// `log.ts` counts from here.
    #[serde(with = "rfc3339")]
    pub(crate) start: i64,
    /// Of the clone: its name is masked in the logs.
    pub(crate) clone_namespace: String,
    /// Messages of the stream that were received, by attempt.
    pub(crate) received: BTreeMap<u32, Vec<Range>>,
    pub(crate) about: About,
}

/// `log.json`, beside the lines of one instance of a container.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogHead {
    #[serde(with = "SourceRow")]
    pub(crate) source: Source,
    /// Time of the line at position 0.
    #[serde(with = "rfc3339")]
    pub(crate) origin: i64,
    /// Positions of the lines of `log.txt`, in their order.
    pub(crate) lines: Vec<Range>,
    /// Lines that were cut before they were written.
    pub(crate) cut: Vec<Cut>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cut {
    /// Line of `log.txt`, from 1.
    pub(crate) line: u64,
    /// Bytes that it had.
    pub(crate) length: u64,
}

/// Reads a recording, or as much of it as counts.
pub(crate) fn read(folder: &Path, scope: Scope) -> Result<Run> {
    let path = folder.join(HEAD);
    let head = head(&path)?;
    let mut recording = Recording::new(&head.clone_namespace);
    if scope == Scope::Everything {
        receive(&path, &head, &mut recording)?;
    }
    for kind in Kind::ALL {
        rows(&folder.join(kind.file()), kind, |sample| {
            if counts(&sample, scope) {
                recording.fold(sample);
            }
        })?;
    }
    let mut last = None;
    for log in log_folders(folder)? {
        let path = log.join(LOG);
        let about: LogHead = json(&path, AS_A_WHOLE)?;
        let shape = shape(&path, &about, head.start)?;
        last = last.max(log::read(&log, &shape, |lines| recording.fold(Sample::Logs(lines)))?);
    }
    Ok(match scope {
        Scope::Everything => Run {
            recording,
            start_nanos: head.start,
        },
        Scope::LogsAndReadiness | Scope::Logs => Run::of_log(recording, head.start, last),
    })
}

fn head(path: &Path) -> Result<Head> {
    /// So that another layout is told by its version, and not by the first field that it has not.
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    let Versioned { version } = json(path, AS_A_WHOLE)?;
    if version != VERSION {
        return Err(Error::Version {
            path: path.to_owned(),
            version,
            known: VERSION,
        });
    }
    json(path, AS_A_WHOLE)
}

fn receive(path: &Path, head: &Head, recording: &mut Recording) -> Result<()> {
    for (attempt, ranges) in &head.received {
        let sum = ranges.iter().fold(0_u64, |sum, range| sum.saturating_add(range.count));
        if sum > MAX_MESSAGES {
            return Err(Error::Value {
                path: path.to_owned(),
                field: format!("received of attempt {attempt}"),
                value: sum.to_string(),
                mend: format!("is more than {MAX_MESSAGES} messages: export the run again"),
            });
        }
        for range in ranges {
            let end = range.first.saturating_add(range.count);
            (range.first..end).for_each(|sequence| recording.received(*attempt, sequence));
        }
    }
    Ok(())
}

/// Whether a sample reaches a verdict.
fn counts(sample: &Sample, scope: Scope) -> bool {
    match (scope, sample) {
        (Scope::Everything, _) => true,
        // That lines are missing is known of the log itself.
        (Scope::LogsAndReadiness | Scope::Logs, Sample::Gap(_)) => true,
        (Scope::LogsAndReadiness, Sample::Mark(mark)) => matches!(mark.moment, Moment::Started | Moment::Ready),
        (Scope::LogsAndReadiness | Scope::Logs, _) => false,
    }
}

/// Reads a file of rows; one that is not there has none.
fn rows(path: &Path, kind: Kind, mut found: impl FnMut(Sample)) -> Result<()> {
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io("read", path)(error)),
    };
    let (mut row, mut number) = (Vec::new(), 0);
    while log::line(&mut file, &mut row).map_err(io("read", path))?.is_some() {
        number += 1;
        let sample = kind.sample(&row).map_err(|error| Error::Json {
            path: path.to_owned(),
            line: number,
            message: plainly(&error),
        })?;
        found(sample);
        row.clear();
    }
    Ok(())
}

/// Every directory `logs/CONTAINER/POD/RESTART`, in order; the names mean nothing.
fn log_folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut level = vec![folder.join(LOGS)];
    if !level.iter().all(|path| path.exists()) {
        return Ok(Vec::new());
    }
    for _ in 0..3 {
        let mut next = Vec::new();
        for path in level {
            for entry in fs::read_dir(&path).map_err(io("read", &path))? {
                let path = entry.map_err(io("read", &path))?.path();
                if path.is_dir() {
                    next.push(path);
                }
            }
        }
        next.sort();
        level = next;
    }
    Ok(level)
}

fn shape<'a>(path: &Path, head: &'a LogHead, start_nanos: i64) -> Result<Shape<'a>> {
    let wrong = |field: &str, value: String, mend: &str| Error::Value {
        path: path.to_owned(),
        field: field.to_owned(),
        value,
        mend: mend.to_owned(),
    };
    let past_the_end = head
        .lines
        .iter()
        .find(|range| range.first.checked_add(range.count).is_none());
    if let Some(range) = past_the_end {
        return Err(wrong(
            "lines",
            range.count.to_string(),
            "goes beyond the largest position: export the run again",
        ));
    }
    Ok(Shape {
        source: head.source.clone(),
        origin_nanos: Some(head.origin),
        start_nanos,
        positions: Some(&head.lines),
        cut: head.cut.iter().map(|cut| (cut.line, cut.length)).collect(),
    })
}

/// Reads a file that is one JSON value.
pub(crate) fn json<T: DeserializeOwned>(path: &Path, mend: &'static str) -> Result<T> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::Absent {
                path: path.to_owned(),
                mend,
            });
        }
        Err(error) => return Err(io("read", path)(error)),
    };
    serde_json::from_slice(&bytes).map_err(|error| Error::Json {
        path: path.to_owned(),
        line: error.line() as u64,
        message: plainly(&error),
    })
}

/// Without the place, which is told with the file.
pub(crate) fn plainly(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

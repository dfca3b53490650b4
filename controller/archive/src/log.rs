//! `log.txt` and `log.ts`: lines as bytes, and beside them a time for each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use temper_core::recording::{LogLine, LogLines, Source};

use crate::error::{Error, Result, io};
use crate::time;

pub(crate) const TEXT: &str = "log.txt";
pub(crate) const TIMES: &str = "log.ts";

/// Bytes of a line that are kept; core reads less of it, and the stream takes no larger message.
const KEPT: usize = 1024 * 1024;

/// Lines that are folded together, and bytes of them.
const CHUNK_LINES: usize = 4096;
const CHUNK_BYTES: usize = 1024 * 1024;

const BLOCK: usize = 256 * 1024;

/// Consecutive positions of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    /// Position of the first line.
    pub(crate) first: u64,
    /// Lines.
    pub(crate) count: u64,
}

impl Range {
    pub(crate) fn contains(self, position: u64) -> bool {
        position.checked_sub(self.first).is_some_and(|at| at < self.count)
    }
}

/// What must be known of a log to read it.
pub(crate) struct Shape<'a> {
    pub(crate) source: Source,
    /// Time of the line at position 0; that of the first line where nothing else is known.
    pub(crate) origin_nanos: Option<i64>,
    /// When the recording began: `log.ts` counts from then.
    pub(crate) start_nanos: i64,
    /// Positions of the lines; without them the log is whole.
    pub(crate) positions: Option<&'a [Range]>,
    /// Lengths of lines that were cut before they were written, by line from 1.
    pub(crate) cut: BTreeMap<u64, u64>,
}

/// Reads a log in chunks; the time of its last line.
pub(crate) fn read(folder: &Path, shape: &Shape<'_>, mut fold: impl FnMut(LogLines)) -> Result<Option<i64>> {
    let mut log = Dated::open(folder, shape.start_nanos)?;
    let whole = [Range {
        first: 0,
        count: u64::MAX,
    }];
    let mut origin = shape.origin_nanos;
    let mut last = None;
    for range in shape.positions.unwrap_or(&whole) {
        let (mut first, mut left) = (range.first, range.count);
        loop {
            let lines = log.chunk(left, &shape.cut)?;
            let Some(newest) = lines.iter().map(|line| line.time_nanos).max() else {
                break;
            };
            let count = lines.len() as u64;
            let origin_nanos = *origin.get_or_insert_with(|| lines.first().map_or(newest, |line| line.time_nanos));
            last = last.max(Some(newest));
            fold(LogLines {
                source: shape.source.clone(),
                first,
                lines,
                origin_nanos,
            });
            first = first.saturating_add(count);
            left -= count;
        }
        if left > 0 && shape.positions.is_some() {
            return Err(log.misfit("is more than `log.txt` has"));
        }
    }
    if log.next(&BTreeMap::new())?.is_some() {
        return Err(log.misfit("is less than `log.txt` has"));
    }
    if last.is_none() {
        // That a container said nothing is known, too.
        fold(LogLines {
            source: shape.source.clone(),
            first: 0,
            lines: Vec::new(),
            origin_nanos: origin.unwrap_or(shape.start_nanos),
        });
    }
    Ok(last)
}

/// Lines with their times.
struct Dated {
    path: PathBuf,
    times_path: PathBuf,
    text: BufReader<File>,
    times: BufReader<File>,
    /// Lines that were read.
    lines: u64,
    time: Vec<u8>,
    start_nanos: i64,
}

impl Dated {
    fn open(folder: &Path, start_nanos: i64) -> Result<Self> {
        let open = |name: &str, mend| -> Result<BufReader<File>> {
            let path = folder.join(name);
            match File::open(&path) {
                Ok(file) => Ok(BufReader::with_capacity(BLOCK, file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::Absent { path, mend }),
                Err(error) => Err(io("read", &path)(error)),
            }
        };
        Ok(Self {
            path: folder.join(TEXT),
            times_path: folder.join(TIMES),
            text: open(TEXT, "it holds the log, and may be empty")?,
            times: open(
                TIMES,
                "it holds the seconds since the start of the recording, one for each line of `log.txt`",
            )?,
            lines: 0,
            time: Vec::new(),
            start_nanos,
        })
    }

    /// The next lines, at most so many; none at the end.
    fn chunk(&mut self, most: u64, cut: &BTreeMap<u64, u64>) -> Result<Vec<LogLine>> {
        let mut lines = Vec::new();
        let mut bytes = 0;
        while lines.len() < CHUNK_LINES && (lines.len() as u64) < most && bytes < CHUNK_BYTES {
            let Some(line) = self.next(cut)? else { break };
            bytes += line.text.len();
            lines.push(line);
        }
        Ok(lines)
    }

    fn next(&mut self, cut: &BTreeMap<u64, u64>) -> Result<Option<LogLine>> {
        let mut text = Vec::new();
        let length = line(&mut self.text, &mut text).map_err(io("read", &self.path))?;
        self.time.clear();
        let dated = line(&mut self.times, &mut self.time).map_err(io("read", &self.times_path))?;
        let (Some(length), true) = (length, dated.is_some()) else {
            if length.is_some() || dated.is_some() {
                return Err(Error::Uneven {
                    path: self.path.clone(),
                    lines: self.lines + u64::from(length.is_some()),
                    times: self.lines + u64::from(dated.is_some()),
                });
            }
            return Ok(None);
        };
        self.lines += 1;
        let value = self.time.strip_suffix(b"\r").unwrap_or(&self.time);
        let time_nanos = time::nanos(value).and_then(|since| i64::try_from(since + i128::from(self.start_nanos)).ok());
        let Some(time_nanos) = time_nanos else {
            return Err(Error::Time {
                path: self.times_path.clone(),
                line: self.lines,
                value: String::from_utf8_lossy(value.get(..40).unwrap_or(value)).into_owned(),
            });
        };
        let too_long = if length > KEPT as u64 { length } else { 0 };
        Ok(Some(LogLine {
            time_nanos,
            text,
            cut_from: cut.get(&self.lines).copied().unwrap_or(too_long),
        }))
    }

    /// Positions that are not those of the lines.
    fn misfit(&self, mend: &str) -> Error {
        Error::Value {
            path: self.path.with_file_name("log.json"),
            field: "lines".to_owned(),
            value: "the sum of all counts".to_owned(),
            mend: format!("{mend} ({} lines read): export the run again", self.lines),
        }
    }
}

/// Reads a line without its end, as far as it is kept; its length, none at the end of the file. A last line without an
/// end is a line.
pub(crate) fn line(reader: &mut impl BufRead, kept: &mut Vec<u8>) -> io::Result<Option<u64>> {
    let mut length = 0_u64;
    loop {
        let block = reader.fill_buf()?;
        if block.is_empty() {
            return Ok((length > 0).then_some(length));
        }
        let end = memchr::memchr(b'\n', block);
        let part = end.and_then(|at| block.get(..at)).unwrap_or(block);
        let room = KEPT.saturating_sub(kept.len());
        kept.extend_from_slice(part.get(..room).unwrap_or(part));
        length += part.len() as u64;
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(length));
        }
    }
}

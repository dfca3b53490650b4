//! Writes a recording as files, message by message: how long it is makes no difference to the memory that this takes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use temper_core::recording::{LogLines, Sample, Source};

use crate::error::{Error, Result, io};
use crate::files::{About, Cut, HEAD, Head, LOG, LOGS, LogHead, VERSION};
use crate::log::{Range, TEXT, TIMES};
use crate::rows::{Kind, row};
use crate::time::Seconds;

/// Bytes of a name in a path; a file system takes 255.
const MAX_NAME: usize = 200;

/// A recording that is being written.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    clone_namespace: String,
    about: About,
    /// The first time that was seen: `log.ts` counts from there.
    start: Option<i64>,
    received: BTreeMap<u32, Vec<Range>>,
    rows: BTreeMap<Kind, BufWriter<File>>,
    logs: BTreeMap<(Source, i64), Written>,
    taken: BTreeSet<PathBuf>,
}

/// What was written of a log.
#[derive(Debug)]
struct Written {
    folder: PathBuf,
    lines: Vec<Range>,
    cut: Vec<Cut>,
    count: u64,
}

impl Writer {
    /// Begins a recording of the clone in this namespace, in a directory that is new or empty.
    pub fn create(folder: &Path, clone_namespace: &str, about: About) -> Result<Self> {
        fs::create_dir_all(folder).map_err(io("write", folder))?;
        let mut entries = fs::read_dir(folder).map_err(io("read", folder))?;
        if entries.next().is_some() {
            return Err(Error::NotEmpty {
                path: folder.to_owned(),
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
            clone_namespace: clone_namespace.to_owned(),
            about,
            start: None,
            received: BTreeMap::new(),
            rows: BTreeMap::new(),
            logs: BTreeMap::new(),
            taken: BTreeSet::new(),
        })
    }

    /// Takes note that the stream delivered a message of this attempt under this sequence.
    pub fn received(&mut self, attempt: u32, sequence: u64) {
        extend(self.received.entry(attempt).or_default(), sequence);
    }

    /// Writes a sample. Lines that were written before are left out.
    pub fn add(&mut self, sample: &Sample) -> Result<()> {
        let time = || match sample {
            Sample::Logs(chunk) => chunk.lines.first().map(|line| line.time_nanos),
            Sample::Gap(_) => None,
            Sample::Pod(pod) => Some(pod.time_nanos),
            Sample::Event(event) => Some(event.time_nanos),
            Sample::Usage(usage) => Some(usage.time_nanos),
            Sample::Metrics(scrape) => Some(scrape.time_nanos),
            Sample::Process(process) => Some(process.time_nanos),
            Sample::Observation(observation) => Some(observation.time_nanos),
            Sample::Probe(probe) => Some(probe.time_nanos),
            Sample::Mark(mark) => Some(mark.time_nanos),
        };
        self.start = self.start.or_else(time);
        if let Sample::Logs(chunk) = sample {
            return self.lines(chunk);
        }
        let Some((kind, line)) = row(sample).map_err(|error| io("write", &self.folder)(error.into()))? else {
            return Ok(());
        };
        let path = self.folder.join(kind.file());
        let file = match self.rows.entry(kind) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(BufWriter::new(File::create(&path).map_err(io("write", &path))?)),
        };
        file.write_all(&line).map_err(io("write", &path))
    }

    fn lines(&mut self, chunk: &LogLines) -> Result<()> {
        let start = self.start.unwrap_or_default();
        let key = (chunk.source.clone(), chunk.origin_nanos);
        if !self.logs.contains_key(&key) {
            let folder = self.place(&chunk.source);
            fs::create_dir_all(&folder).map_err(io("write", &folder))?;
            let written = Written {
                folder,
                lines: Vec::new(),
                cut: Vec::new(),
                count: 0,
            };
            self.logs.insert(key.clone(), written);
        }
        match self.logs.get_mut(&key) {
            Some(written) => written.add(chunk, start),
            None => Ok(()),
        }
    }

    /// A directory of its own for a log: another Pod, or another worker's view, may have the same names.
    fn place(&mut self, source: &Source) -> PathBuf {
        let parent = self
            .folder
            .join(LOGS)
            .join(safe(&source.container))
            .join(safe(&source.pod));
        let mut folder = parent.join(source.restart.to_string());
        let mut number = 2;
        while !self.taken.insert(folder.clone()) {
            folder = parent.join(format!("{}.{number}", source.restart));
            number += 1;
        }
        folder
    }

    /// Writes what is known only now. Without it the directory is no recording.
    pub fn finish(self) -> Result<()> {
        let Self {
            folder,
            clone_namespace,
            about,
            start,
            received,
            rows,
            logs,
            taken: _,
        } = self;
        for (kind, mut file) in rows {
            file.flush().map_err(io("write", &folder.join(kind.file())))?;
        }
        for ((source, origin), written) in logs {
            let head = LogHead {
                source,
                origin,
                lines: written.lines,
                cut: written.cut,
            };
            json(&written.folder.join(LOG), &head)?;
        }
        let head = Head {
            version: VERSION,
            start: start.unwrap_or_default(),
            clone_namespace,
            received,
            about,
        };
        json(&folder.join(HEAD), &head)
    }
}

impl Written {
    fn add(&mut self, chunk: &LogLines, start: i64) -> Result<()> {
        let (mut text, mut times) = (Vec::new(), String::new());
        // Core takes no line at the end of all positions either.
        for (position, line) in (chunk.first..u64::MAX).zip(&chunk.lines) {
            if self.lines.iter().any(|range| range.contains(position)) {
                continue;
            }
            if line.text.contains(&b'\n') {
                return Err(Error::LineEnd {
                    container: chunk.source.container.clone(),
                    pod: chunk.source.pod.clone(),
                });
            }
            extend(&mut self.lines, position);
            self.count += 1;
            if line.cut_from > 0 {
                self.cut.push(Cut {
                    line: self.count,
                    length: line.cut_from,
                });
            }
            text.extend_from_slice(&line.text);
            text.push(b'\n');
            let since = i128::from(line.time_nanos) - i128::from(start);
            // A string takes everything.
            let _ = writeln!(times, "{}", Seconds(since));
        }
        // Opened anew for each chunk: a crash loop has more instances than a process may have files.
        append(&self.folder.join(TEXT), &text)?;
        append(&self.folder.join(TIMES), times.as_bytes())
    }
}

/// Adds a number that mostly follows the last one.
fn extend(ranges: &mut Vec<Range>, number: u64) {
    match ranges.last_mut() {
        Some(last) if last.first.checked_add(last.count) == Some(number) => last.count += 1,
        _ => ranges.push(Range {
            first: number,
            count: 1,
        }),
    }
}

fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(bytes))
        .map_err(io("write", path))
}

fn json(path: &Path, value: &impl Serialize) -> Result<()> {
    let written = serde_json::to_vec_pretty(value).map_err(std::io::Error::from);
    let written = written.and_then(|mut text| {
        text.push(b'\n');
        fs::write(path, text)
    });
    written.map_err(io("write", path))
}

/// A name as one part of a path. Names of Kubernetes stay as they are.
fn safe(name: &str) -> String {
    let mut safe = String::new();
    for (at, byte) in name.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || (byte == b'.' && at > 0);
        if is_plain {
            safe.push(char::from(byte));
        } else {
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe.truncate(MAX_NAME);
    if safe.is_empty() { "%".to_owned() } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_directory() {
        assert_eq!(safe("web-0.a_B"), "web-0.a_B");
        assert_eq!(safe("../etc"), "%2E.%2Fetc");
        assert_eq!(safe(".."), "%2E.");
        assert_eq!(safe(""), "%");
        assert_eq!(safe("a\0ü"), "a%00%C3%BC");
        assert_eq!(safe(&"x".repeat(300)).len(), MAX_NAME);
    }
}

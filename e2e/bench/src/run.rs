//! Labelled runs of the pilot's layout: `PROGRAM/HARDENING/SEED/`.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use temper_core::recording::{
    ContainerState, LogLine, LogLines, Mark, Moment, PodState, Probe, ProbeMode, Recording, Sample, Source, Termination,
};

use crate::packed;

/// Where the clock of the recordings begins; any time will do.
const EPOCH: i64 = 1_700_000_000_000_000_000;

/// Folder of the runs without any hardening.
const UNCHANGED: &str = "none";

/// What client probes, which never read a log, said of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// Ready, and every probe passed.
    Works,
    /// Up, and a probe failed in more than half of its tries.
    Degraded,
    /// Never Ready, or it died.
    Broken,
}

/// Names that a recorder of Pods knows; the pilot had none.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Names {
    /// Of the clone.
    #[serde(default)]
    pub namespace: String,
    /// Of the Pod, which is also its host's.
    #[serde(default)]
    pub pod: String,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Seconds since the start.
    pub at: f64,
    /// Without its end; any bytes.
    pub text: Vec<u8>,
}

/// One run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Name of its hardening.
    pub hardening: String,
    /// Which of its repeats.
    pub seed: u32,
    /// What the probes said.
    pub label: Label,
    /// Seconds to readiness, if it ever was.
    pub ready: Option<f64>,
    /// It ended by itself.
    pub died: bool,
    /// Names that only this run had.
    pub names: Names,
    /// Tries of each client probe that passed, and all of them. The label follows from these.
    pub probes: BTreeMap<String, (u32, u32)>,
    /// Its log.
    pub lines: Vec<Line>,
}

/// The runs of one program.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its runs, by hardening and seed.
    pub runs: Vec<Run>,
}

/// What of a run is shown to the judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// The log alone; of a baseline also when it was Ready.
    Log,
    /// Also readiness and the end.
    Full,
    /// Also what client probes found, as a user's own probes would tell it.
    Probes,
}

#[derive(Deserialize)]
struct Meta {
    verdict: Label,
    ready_s: Option<f64>,
    died: bool,
    #[serde(default)]
    names: Names,
    #[serde(default)]
    probes: BTreeMap<String, (u32, u32)>,
}

impl Program {
    /// The first so many unchanged runs, to learn from.
    pub fn baselines(&self, count: usize) -> Vec<&Run> {
        self.runs.iter().filter(|run| run.is_unchanged()).take(count).collect()
    }

    /// The unchanged runs after those.
    pub fn again(&self, learnt: usize) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.is_unchanged()).skip(learnt)
    }

    /// All runs to judge: those with a change, and a few without.
    pub fn judged(&self) -> impl Iterator<Item = &Run> {
        self.runs
            .iter()
            .filter(|run| !run.is_unchanged() || JUDGED.contains(&run.seed))
    }
}

/// Unchanged runs that are judged beside the others. The pilot keeps five for learning, of which no rule judges one,
/// however few it learns from; more than three of a program would outweigh the changed ones.
const JUDGED: RangeInclusive<u32> = 6..=8;

impl Run {
    /// Whether nothing was hardened.
    pub fn is_unchanged(&self) -> bool {
        self.hardening == UNCHANGED
    }

    /// Whether it works.
    pub fn works(&self) -> bool {
        self.label == Label::Works
    }

    /// Whether it came up and stayed so: what readiness and exits alone do not find.
    pub fn is_up(&self) -> bool {
        self.label != Label::Broken
    }

    /// As a baseline: when it was Ready is known.
    pub fn baseline(&self, view: View) -> Recording {
        self.recording(view, self.ready)
    }

    /// As the run to judge.
    pub fn candidate(&self, view: View) -> Recording {
        self.recording(view, self.ready.filter(|_| view != View::Log))
    }

    fn recording(&self, view: View, ready: Option<f64>) -> Recording {
        let mut recording = Recording::new(&self.names.namespace);
        recording.received(1, 1);
        recording.fold(mark(Moment::Started, 0.0));
        if let Some(ready) = ready {
            recording.fold(mark(Moment::Ready, ready));
        }
        let end = self
            .lines
            .iter()
            .map(|line| line.at)
            .fold(ready.unwrap_or_default(), f64::max);
        let moment = match view {
            View::Log => Moment::LogEnd,
            View::Full | View::Probes if self.ready.is_none() => Moment::NeverReady,
            View::Full | View::Probes => Moment::Complete,
        };
        recording.fold(mark(moment, end));
        recording.fold(Sample::Logs(LogLines {
            source: source(&self.names),
            first: 0,
            lines: self.lines.iter().map(Line::logged).collect(),
            origin_nanos: EPOCH,
        }));
        if view != View::Log && self.died {
            recording.fold(Sample::Pod(dead(end)));
        }
        if view == View::Probes {
            self.tries(end).for_each(|probe| recording.fold(Sample::Probe(probe)));
        }
        recording
    }
}

impl Run {
    /// Each try of a probe; when it was made is not kept, nor does it matter.
    fn tries(&self, end: f64) -> impl Iterator<Item = Probe> {
        self.probes.iter().flat_map(move |(name, (passed, tried))| {
            (0..*tried).map(move |number| Probe {
                name: name.clone(),
                mode: ProbeMode::Continuous,
                time_nanos: at(end) + i64::from(number),
                passed: number < *passed,
                message: String::new(),
                port: None,
            })
        })
    }
}

impl Line {
    fn logged(&self) -> LogLine {
        LogLine {
            time_nanos: at(self.at),
            text: self.text.clone(),
            cut_from: 0,
        }
    }
}

/// Reads all programs of a folder, in the order of their names: each a folder, or packed into a file.
///
/// # Errors
///
/// A folder or a file that cannot be read, by its name.
pub fn read(folder: &Path) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for program in entries(folder)? {
        let name = name(&program);
        let (name, mut runs) = match name.strip_suffix(packed::SUFFIX) {
            Some(name) => (name.to_owned(), packed::read(&program)?),
            None if program.is_dir() => (name, unpacked(&program)?),
            None => continue,
        };
        runs.sort_by(|a, b| (&a.hardening, a.seed).cmp(&(&b.hardening, b.seed)));
        programs.push(Program { name, runs });
    }
    Ok(programs)
}

fn unpacked(program: &Path) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for hardening in folders(program)? {
        for seed in folders(&hardening)? {
            runs.push(run(&seed, name(&hardening)).with_context(|| format!("{}", seed.display()))?);
        }
    }
    Ok(runs)
}

fn folders(path: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = entries(path)?;
    folders.retain(|path| path.is_dir());
    Ok(folders)
}

fn entries(path: &Path) -> Result<Vec<PathBuf>> {
    let entries: Result<Vec<_>, _> = fs::read_dir(path)
        .with_context(|| format!("failed to list {}", path.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut entries = entries?;
    entries.sort();
    Ok(entries)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn run(folder: &Path, hardening: String) -> Result<Run> {
    let read = |name: &'static str| fs::read(folder.join(name)).context(name);
    let seed = name(folder)
        .parse()
        .context("the folder of a run is named by a number")?;
    let (meta, text, times) = (read("meta.json")?, read("log.txt")?, read("log.ts")?);
    let files = Files {
        meta: &meta,
        text: &text,
        times: &times,
    };
    files.parse(hardening, seed)
}

/// Files of a run, by their content.
pub(crate) struct Files<'a> {
    /// `meta.json`
    pub(crate) meta: &'a [u8],
    /// `log.txt`
    pub(crate) text: &'a [u8],
    /// `log.ts`
    pub(crate) times: &'a [u8],
}

impl Files<'_> {
    pub(crate) fn parse(&self, hardening: String, seed: u32) -> Result<Run> {
        let meta: Meta = serde_json::from_slice(self.meta).context("meta.json")?;
        let times: Result<Vec<f64>, _> = str::from_utf8(self.times)
            .context("log.ts")?
            .lines()
            .map(str::parse)
            .collect();
        let lines = self.text.split(|byte| *byte == b'\n').zip(times.context("log.ts")?);
        let lines = lines.map(|(text, at)| Line {
            at,
            text: text.to_vec(),
        });
        Ok(Run {
            hardening,
            seed,
            label: meta.verdict,
            ready: meta.ready_s,
            died: meta.died,
            names: meta.names,
            probes: meta.probes,
            lines: lines.collect(),
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a short recording")]
fn at(seconds: f64) -> i64 {
    EPOCH + (seconds * 1e9) as i64
}

fn source(names: &Names) -> Source {
    Source {
        pod: names.pod.clone(),
        pod_uid: "u".to_owned(),
        container: "server".to_owned(),
        restart: 0,
        init: false,
    }
}

fn mark(moment: Moment, seconds: f64) -> Sample {
    Sample::Mark(Mark {
        moment,
        time_nanos: at(seconds),
        message: String::new(),
        published: 0,
        lost: 0,
        attempt: 1,
    })
}

fn dead(seconds: f64) -> PodState {
    let end = Termination {
        exit_code: 1,
        reason: "Error".to_owned(),
        finished_nanos: at(seconds),
        ..Termination::default()
    };
    let container = ContainerState {
        name: "server".to_owned(),
        started: true,
        terminated: Some(end),
        ..ContainerState::default()
    };
    PodState {
        pod: "p".to_owned(),
        pod_uid: "u".to_owned(),
        time_nanos: at(seconds),
        phase: "Running".to_owned(),
        containers: vec![container],
        target: true,
        ..PodState::default()
    }
}

//! Measures the oracle against the labelled pilot recordings: `cargo run --release -p temper-bench --bin oracle [folder]`.
//!
//! Two baselines are `none/1` and `none/2` of each program, as a check records them; all other runs are judged. A run
//! that a client's probes found broken or degraded should fail, one that works should not.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use temper_core::oracle::{Outcome, judge};
use temper_core::recording::{
    ContainerState, LogLine, LogLines, Mark, Moment, PodState, Recording, Sample, Source, Termination,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/log-oracle-pilot");

/// Where the clock of the recordings begins; any time will do.
const EPOCH: i64 = 1_700_000_000_000_000_000;

struct Run {
    path: PathBuf,
    is_baseline: bool,
    works: bool,
    up: bool,
    log_only: Recording,
    full: Recording,
}

#[derive(Default)]
struct Score {
    hit: u32,
    missed: u32,
    false_alarm: u32,
    right: u32,
}

impl Score {
    fn count(&mut self, works: bool, failed: bool) {
        *match (works, failed) {
            (false, true) => &mut self.hit,
            (false, false) => &mut self.missed,
            (true, true) => &mut self.false_alarm,
            (true, false) => &mut self.right,
        } += 1;
    }

    fn row(&self) -> String {
        let share = |part: u32, rest: u32| f64::from(part) / f64::from((part + rest).max(1));
        let (precision, recall) = (share(self.hit, self.false_alarm), share(self.hit, self.missed));
        let f1 = 2.0 * precision * recall / (precision + recall).max(f64::EPSILON);
        let fpr = share(self.false_alarm, self.right);
        format!(
            "P {precision:.3}  R {recall:.3}  F1 {f1:.3}  FPR {fpr:.3}   ({} found, {} missed, {} false of {})",
            self.hit,
            self.missed,
            self.false_alarm,
            self.false_alarm + self.right
        )
    }
}

#[expect(clippy::print_stdout, reason = "an example prints its result")]
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| FOLDER.to_owned()));
    if !folder.is_dir() {
        println!("no recordings at {}: nothing measured", folder.display());
        return Ok(());
    }
    let (mut scores, mut wrong) = (BTreeMap::<_, Score>::new(), Vec::new());
    let mut warned = 0;
    let (mut lines, mut folding, mut judging) = (0_u64, Duration::ZERO, Duration::ZERO);
    for program in folders(&folder)? {
        let begin = Instant::now();
        let runs = runs(&program)?;
        folding += begin.elapsed();
        lines += runs
            .iter()
            .flat_map(|run| run.full.logs().values())
            .map(|log| 2 * log.lines())
            .sum::<u64>();
        let baselines: Vec<&Recording> = runs
            .iter()
            .filter(|run| run.is_baseline)
            .map(|run| &run.log_only)
            .collect();
        for run in runs.iter().filter(|run| !run.is_baseline) {
            let begin = Instant::now();
            let by_log = judge(&baselines, &run.log_only);
            judging += begin.elapsed();
            let failed = by_log.outcome == Outcome::Failed;
            warned += u32::from(run.works && by_log.outcome == Outcome::Warned);
            scores
                .entry("1 logs only, all runs")
                .or_default()
                .count(run.works, failed);
            if run.up {
                scores
                    .entry("2 logs only, runs that stay up")
                    .or_default()
                    .count(run.works, failed);
            }
            if run.path.parent().is_some_and(|parent| parent.ends_with("none")) {
                scores
                    .entry("3 logs only, unchanged re-runs")
                    .or_default()
                    .count(run.works, failed);
            }
            let in_full = judge(&baselines, &run.full).outcome == Outcome::Failed;
            scores
                .entry("4 with exits and readiness")
                .or_default()
                .count(run.works, in_full);
            if failed == run.works {
                let why = by_log
                    .findings
                    .iter()
                    .take(2)
                    .map(temper_core::oracle::Finding::sentence);
                wrong.push((run.path.clone(), run.works, why.collect::<Vec<_>>()));
            }
        }
    }
    for (path, works, why) in &wrong {
        println!(
            "{} {}",
            if *works { "false alarm" } else { "missed     " },
            path.display()
        );
        for sentence in why {
            println!("    {sentence}");
        }
    }
    for (name, score) in &scores {
        println!("{name:32} {}", score.row());
    }
    println!("{warned} runs that work pass with warnings");
    println!("{lines} lines read and folded in {folding:?}, judged in {judging:?}");
    Ok(())
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries: Result<Vec<_>, _> = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut folders: Vec<PathBuf> = entries?.into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

fn runs(program: &Path) -> Result<Vec<Run>, Box<dyn Error>> {
    let mut runs = Vec::new();
    for hardening in folders(program)? {
        for seed in folders(&hardening)? {
            let is_baseline = hardening.ends_with("none") && (seed.ends_with("1") || seed.ends_with("2"));
            runs.push(run(seed, is_baseline)?);
        }
    }
    Ok(runs)
}

fn run(path: PathBuf, is_baseline: bool) -> Result<Run, Box<dyn Error>> {
    let meta: Value = serde_json::from_slice(&fs::read(path.join("meta.json"))?)?;
    let ready = meta.get("ready_s").and_then(Value::as_f64);
    let died = meta.get("died").and_then(Value::as_bool).unwrap_or_default();
    let metrics = fs::read_to_string(path.join("metrics.csv"))?;
    let end = metrics
        .lines()
        .last()
        .and_then(|row| row.split(',').next())
        .and_then(|time| time.parse().ok());
    let end: f64 = end.unwrap_or(6.0);
    let mut log_only = Recording::new("");
    log_only.received(1, 1);
    log_only.fold(mark(Moment::Started, 0.0));
    if let Some(ready) = ready {
        log_only.fold(mark(Moment::Ready, ready));
    }
    log_only.fold(Sample::Logs(lines(&path)?));
    let mut full = log_only.clone();
    log_only.fold(mark(Moment::Complete, end));
    full.fold(mark(
        if ready.is_some() {
            Moment::Complete
        } else {
            Moment::NeverReady
        },
        end,
    ));
    if died {
        full.fold(Sample::Pod(dead(end)));
    }
    Ok(Run {
        is_baseline,
        works: meta.get("verdict").and_then(Value::as_str) == Some("works"),
        up: ready.is_some() && !died,
        log_only,
        full,
        path,
    })
}

fn lines(path: &Path) -> Result<LogLines, Box<dyn Error>> {
    let (text, times) = (
        fs::read(path.join("log.txt"))?,
        fs::read_to_string(path.join("log.ts"))?,
    );
    let mut seconds = times.lines().map(|time| time.parse().unwrap_or_default());
    let lines = text.split(|byte| *byte == b'\n').filter_map(|line| {
        Some(LogLine {
            time_nanos: at(seconds.next()?),
            text: line.to_vec(),
            cut_from: 0,
        })
    });
    Ok(LogLines {
        source: source(),
        first: 0,
        lines: lines.collect(),
        origin_nanos: EPOCH,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a short recording")]
fn at(seconds: f64) -> i64 {
    EPOCH + (seconds * 1e9) as i64
}

fn source() -> Source {
    Source {
        pod: "p".to_owned(),
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
        signal: 0,
        reason: "Error".to_owned(),
        message: String::new(),
        finished_nanos: at(seconds),
    };
    let container = ContainerState {
        name: "server".to_owned(),
        init: false,
        ready: false,
        started: true,
        restarts: 0,
        waiting_reason: String::new(),
        waiting_message: String::new(),
        terminated: Some(end),
        running: false,
    };
    PodState {
        pod: "p".to_owned(),
        pod_uid: "u".to_owned(),
        time_nanos: at(seconds),
        phase: "Running".to_owned(),
        ready: false,
        deleted: false,
        node: "n".to_owned(),
        reason: String::new(),
        message: String::new(),
        containers: vec![container],
        target: true,
    }
}

//! Measures how logs are read: `cargo run --release -p temper-bench --bin templates [folder]`.
//!
//! Grouping accuracy on Loghub-2k by the original labels, with one configuration for all systems; lines a second of one
//! thread through the fold that recordings are made with; memory over ten million lines. Beside drain3: its figures in
//! the oracle's design, and those that `e2e/bench-templates.sh` measures in the same run. Seconds are those of the
//! processor, since others may use it, too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use temper_bench::loghub::{Score, System, mean, score, systems};
use temper_core::logs::group;
use temper_core::recording::{LogLine, LogLines, Recording, Sample, Source};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/loghub2k");
const BENCH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench");

/// drain3's default on the content and on raw lines, as measured for the oracle's design (section 3.1).
const DRAIN3: [(&str, f64, f64); 10] = [
    ("BGL", 0.969, 0.933),
    ("HDFS", 0.998, 0.998),
    ("HPC", 0.741, 0.481),
    ("HealthApp", 0.576, 0.280),
    ("Mac", 0.715, 0.641),
    ("OpenSSH", 0.718, 0.329),
    ("Proxifier", 0.025, 0.002),
    ("Spark", 0.922, 0.918),
    ("Windows", 0.571, 0.423),
    ("Zookeeper", 0.967, 0.789),
];

/// Lines that a speed is measured over.
const TIMED: usize = 2_000_000;

/// Lines that memory is measured over.
const MANY: usize = 10_000_000;

/// Lines of one message of a worker.
const CHUNK: usize = 1_000;

#[derive(Serialize)]
struct Row {
    system: String,
    content: Score,
    raw: Score,
    drain3_design: Value,
    drain3_now: Value,
}

#[derive(Serialize)]
struct Speed {
    lines: usize,
    bytes_per_line: usize,
    lines_per_second: f64,
    drain3_lines_per_second: Option<f64>,
}

#[derive(Serialize)]
struct Memory {
    lines: usize,
    templates: usize,
    /// The largest size in memory after the first hundredth of the lines.
    peak_kib_before: u64,
    /// The same after all.
    peak_kib_after: u64,
}

#[derive(Serialize)]
struct Report {
    systems: Vec<Row>,
    mean: BTreeMap<&'static str, Score>,
    content_speed: Speed,
    raw_speed: Speed,
    memory: Memory,
}

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| FOLDER.to_owned()));
    if !folder.is_dir() {
        println!("no logs at {}: nothing measured", folder.display());
        return Ok(());
    }
    let bench = Path::new(BENCH);
    // The script that measures drain3 says why, if it could not.
    let drain3 = fs::read(bench.join("drain3.json")).unwrap_or_default();
    let drain3: Value = serde_json::from_slice(&drain3).unwrap_or_default();
    let systems = systems(&folder)?;
    let raw: Vec<&[u8]> = systems
        .iter()
        .flat_map(|system| &system.raw)
        .map(Vec::as_slice)
        .collect();
    let content: Vec<&[u8]> = systems
        .iter()
        .flat_map(|system| &system.content)
        .map(Vec::as_slice)
        .collect();
    // First of all, while nothing else has grown the process.
    let memory = memory(&raw)?;
    let rows: Vec<Row> = systems.iter().map(|system| row(system, &drain3)).collect();
    let means = [
        ("content", mean(rows.iter().map(|row| row.content))),
        ("raw", mean(rows.iter().map(|row| row.raw))),
    ];
    let report = Report {
        mean: BTreeMap::from(means),
        systems: rows,
        content_speed: speed(&content, &drain3, "content")?,
        raw_speed: speed(&raw, &drain3, "raw")?,
        memory,
    };
    print(&report);
    fs::create_dir_all(bench)?;
    fs::write(bench.join("templates.json"), serde_json::to_string_pretty(&report)?)?;
    Ok(())
}

fn row(system: &System, drain3: &Value) -> Row {
    let measured = |lines: &[Vec<u8>], is_raw| {
        let groups = group(lines.iter().map(Vec::as_slice), is_raw);
        score(&groups.lines, &system.labels)
    };
    let design = DRAIN3.iter().find(|(name, ..)| *name == system.name);
    Row {
        system: system.name.clone(),
        content: measured(&system.content, false),
        raw: measured(&system.raw, true),
        drain3_design: design.map_or(
            Value::Null,
            |(_, content, raw)| serde_json::json!({"content": content, "raw": raw}),
        ),
        drain3_now: drain3.get(&system.name).cloned().unwrap_or_default(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "millions of lines")]
fn speed(lines: &[&[u8]], drain3: &Value, part: &str) -> Result<Speed> {
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        best = best.min(fold(&mut Recording::new("temper-web-1"), lines, 0, TIMED)?);
    }
    let measured = drain3.as_object().into_iter().flat_map(|systems| systems.values());
    let sum = |field: &str| -> f64 {
        let values = measured
            .clone()
            .filter_map(|system| system.get(part)?.get(field)?.as_f64());
        values.sum()
    };
    Ok(Speed {
        lines: TIMED,
        bytes_per_line: lines.iter().map(|line| line.len()).sum::<usize>() / lines.len(),
        lines_per_second: TIMED as f64 / best,
        drain3_lines_per_second: (sum("seconds") > 0.0).then(|| sum("lines") / sum("seconds")),
    })
}

fn memory(lines: &[&[u8]]) -> Result<Memory> {
    let mut recording = Recording::new("temper-web-1");
    fold(&mut recording, lines, 0, MANY / 100)?;
    let peak_kib_before = peak_kib()?;
    fold(&mut recording, lines, MANY / 100, MANY)?;
    Ok(Memory {
        lines: MANY,
        templates: recording.logs().values().map(|log| log.templates().count()).sum(),
        peak_kib_before,
        peak_kib_after: peak_kib()?,
    })
}

/// Folds lines of a log that repeats these, as a worker publishes them; seconds of folding alone.
fn fold(recording: &mut Recording, lines: &[&[u8]], from: usize, to: usize) -> Result<f64> {
    let mut seconds = 0.0;
    let mut repeated = lines.iter().cycle().skip(from % lines.len());
    for first in (from..to).step_by(CHUNK) {
        let chunk = repeated.by_ref().take(CHUNK.min(to - first)).enumerate();
        let chunk = chunk.map(|(place, line)| LogLine {
            // A thousand lines a second.
            time_nanos: i64::try_from(first + place)
                .unwrap_or(i64::MAX)
                .saturating_mul(1_000_000),
            text: line.to_vec(),
            cut_from: 0,
        });
        let sample = Sample::Logs(LogLines {
            source: source(),
            first: u64::try_from(first)?,
            lines: chunk.collect(),
            origin_nanos: 0,
        });
        let begin = on_processor()?;
        recording.fold(sample);
        seconds += on_processor()? - begin;
    }
    Ok(seconds)
}

fn source() -> Source {
    Source {
        pod: "web-6d4cf56db6-x2x4z".to_owned(),
        pod_uid: "u".to_owned(),
        container: "server".to_owned(),
        restart: 0,
        init: false,
    }
}

/// Seconds that this thread has had a processor.
fn on_processor() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("failed to read the time on the processor")?;
    let nanos = text.split(' ').next().unwrap_or_default();
    Ok(nanos.parse::<f64>()? / 1e9)
}

/// The largest size in memory so far.
fn peak_kib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("failed to read the size in memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line
        .and_then(|line| line.split_whitespace().next())
        .context("no VmHWM in the status")?;
    Ok(number.parse()?)
}

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
fn print(report: &Report) {
    let of = |value: &Value, pointer: &str| {
        let figure = value.pointer(pointer).and_then(Value::as_f64);
        figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.3}"))
    };
    println!("grouping      content        raw            drain3, design   drain3, now");
    println!("              GA    FGA      GA    FGA      content raw      content raw");
    for row in &report.systems {
        println!(
            "{:12}  {:.3} {:.3}    {:.3} {:.3}    {:7} {:7}  {:7} {:7}",
            row.system,
            row.content.ga,
            row.content.fga,
            row.raw.ga,
            row.raw.fga,
            of(&row.drain3_design, "/content"),
            of(&row.drain3_design, "/raw"),
            of(&row.drain3_now, "/content/ga"),
            of(&row.drain3_now, "/raw/ga"),
        );
    }
    for (part, score) in &report.mean {
        println!("mean of {part}: GA {:.3}, FGA {:.3}", score.ga, score.fga);
    }
    for (part, speed) in [("content", &report.content_speed), ("raw", &report.raw_speed)] {
        let drain3 = speed.drain3_lines_per_second;
        println!(
            "{part}: {:.0} lines a second of {} bytes, masked and folded; drain3: {}",
            speed.lines_per_second,
            speed.bytes_per_line,
            drain3.map_or_else(|| "not measured".to_owned(), |rate| format!("{rate:.0}")),
        );
    }
    let Memory {
        lines,
        templates,
        peak_kib_before,
        peak_kib_after,
    } = &report.memory;
    println!(
        "memory over {lines} lines: {peak_kib_before} KiB after a hundredth, {peak_kib_after} KiB at the end; {templates} templates"
    );
}

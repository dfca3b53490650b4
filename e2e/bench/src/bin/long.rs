//! Measures the offline verdict on a long recording: `cargo run --release -p temper-bench --bin long [LINES]`.
//!
//! Two baselines and a candidate of so many lines (1,000,000 unless told) are written as files, then read, folded and
//! judged as `kubectl temper judge` does it. Memory is the peak of this process, which holds nothing else.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::json;
use temper_archive::Runs;

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn main() -> Result<()> {
    let lines: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |lines| lines.parse())?;
    let root = tempfile::tempdir()?;
    let baselines = ["a", "b"].map(|name| root.path().join(name));
    let candidate = root.path().join("candidate");
    for (seed, folder) in (1..).zip(&baselines) {
        write(folder, lines, seed)?;
    }
    write(&candidate, lines, 3)?;
    let before = peak()?;
    let begin = Instant::now();
    let verdict = Runs::read(&baselines, &candidate, false)?.judge();
    let seconds = begin.elapsed().as_secs_f64();
    let megabytes = peak()? / 1024;
    println!(
        "{lines} lines against 2 baselines of as many: {seconds:.2} s, {megabytes} MB ({} MB before), {:?}",
        before / 1024,
        verdict.outcome
    );
    let figures = json!({"lines": lines, "seconds": seconds, "peakMegabytes": megabytes, "outcome": format!("{:?}", verdict.outcome)});
    let bench = PathBuf::from("target/bench");
    fs::create_dir_all(&bench)?;
    fs::write(bench.join("long.json"), serde_json::to_string_pretty(&figures)? + "\n")?;
    Ok(())
}

/// A web server's log: some hundred kinds of messages, their values varying.
fn write(folder: &Path, lines: u64, seed: u64) -> Result<()> {
    fs::create_dir_all(folder)?;
    let (mut log, mut times) = (String::new(), String::new());
    let (mut text_file, mut time_file) = (
        fs::File::create(folder.join("log.txt"))?,
        fs::File::create(folder.join("log.ts"))?,
    );
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for n in 0..lines {
        // Knuth's generator; any spread will do.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let value = state >> 33;
        let (kind, port) = (value % 97, 1024 + value % 60_000);
        writeln!(
            log,
            "2026-11-23T18:{:02}:{:02}.{:03}Z INFO handler{kind} request {value:x} from 10.1.{}.{}:{port} served in {}.{}ms status=200",
            n / 60_000 % 60,
            n / 1000 % 60,
            n % 1000,
            value % 251,
            kind,
            value % 90,
            value % 7
        )?;
        writeln!(times, "{}.{:03}", n / 1000, n % 1000)?;
        if log.len() > 1 << 20 || n + 1 == lines {
            std::io::Write::write_all(&mut text_file, log.as_bytes())?;
            std::io::Write::write_all(&mut time_file, times.as_bytes())?;
            log.clear();
            times.clear();
        }
    }
    fs::write(folder.join("meta.json"), r#"{"ready_s": 0.5, "died": false}"#)?;
    Ok(())
}

/// Largest memory of this process so far, in KiB.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let line = line.context("/proc/self/status has no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

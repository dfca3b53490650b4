//! How values are put into words, alike in every output.

use std::fmt::Write;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use temper_api::{Outcome, RunPhase, RunRole, SettingState, Timings};

/// The state of a setting.
pub fn setting_state(state: SettingState) -> &'static str {
    match state {
        SettingState::Proven => "proven",
        SettingState::Rejected => "rejected",
        SettingState::Unproven => "unproven",
        SettingState::AlreadySet => "already set",
        SettingState::Pending => "pending",
    }
}

/// The phase of a run.
pub fn run_phase(phase: RunPhase) -> &'static str {
    match phase {
        RunPhase::Pending => "pending",
        RunPhase::Cloning => "cloning",
        RunPhase::Starting => "starting",
        RunPhase::Recording => "recording",
        RunPhase::Judging => "judging",
        RunPhase::Passed => "passed",
        RunPhase::Failed => "failed",
        RunPhase::Inconclusive => "inconclusive",
        RunPhase::Error => "error",
        RunPhase::Cancelled => "cancelled",
    }
}

/// The role of a run.
pub fn role(role: RunRole) -> &'static str {
    match role {
        RunRole::Baseline => "baseline",
        RunRole::Candidate => "candidate",
        RunRole::Verification => "verification",
    }
}

/// The outcome of a run.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Warned => "passed with warnings",
        Outcome::Failed => "failed",
        Outcome::Inconclusive => "inconclusive",
        Outcome::Error => "error",
    }
}

/// Whether a recommendation may stand on a run of this outcome.
pub fn dependable(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Passed | Outcome::Warned => true,
        Outcome::Failed | Outcome::Inconclusive | Outcome::Error => false,
    }
}

/// A span of time: `4.2 s`, `75 s`, `12 m 05 s`.
pub fn seconds(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value.abs() < 10.0 {
        return format!("{value:.1} s");
    }
    let rounded = value.round();
    if rounded.abs() < 120.0 {
        return format!("{rounded:.0} s");
    }
    let minutes = (rounded / 60.0).trunc();
    format!("{minutes:.0} m {:02.0} s", (rounded - minutes * 60.0).abs())
}

/// The same of a span that may not be known.
pub fn known_seconds(value: Option<f64>) -> String {
    seconds(value.unwrap_or(f64::NAN))
}

/// What the API server answered to the exact Pod at its level.
pub(crate) fn admission(admitted: bool) -> &'static str {
    if admitted {
        "admitted by the API server in a dry run"
    } else {
        "refused by the API server"
    }
}

/// Whether a run was seen at work.
pub fn exercised(exercised: bool) -> &'static str {
    if exercised { "Exercised" } else { "Not exercised" }
}

/// From the first run to the verdict.
pub(crate) fn seconds_to_verdict(timings: &Timings) -> Option<f64> {
    let (start, end) = (timings.started_at.as_ref()?, timings.completed_at.as_ref()?);
    Some(end.0.duration_since(start.0).as_secs_f64())
}

/// A moment, to the second.
pub(crate) fn moment(time: &MicroTime) -> String {
    time.0.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The unit in which a span of time is told in few digits: its length in seconds, and its name.
pub(crate) fn time_unit(span: f64) -> (f64, &'static str) {
    if span <= 300.0 {
        (1.0, "seconds")
    } else if span <= 3.0 * 3600.0 {
        (60.0, "minutes")
    } else {
        (3600.0, "hours")
    }
}

/// A number of things: `1 run`, `3 runs`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// Names as they are enumerated in a sentence; more than three are only counted.
pub(crate) fn listed(names: &[String], thing: &str) -> String {
    match names {
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, second, third] => format!("{first}, {second} and {third}"),
        many => count(many.len(), thing),
    }
}

/// CPU in cores, as Kubernetes writes it: `250m`, `1.5`.
pub(crate) fn cores(value: f64) -> String {
    let milli = value * 1000.0;
    if value >= 1.0 {
        trim_zeros(format!("{value:.2}"))
    } else if value == 0.0 {
        "0".to_owned()
    } else if milli >= 10.0 {
        format!("{milli:.0}m")
    } else {
        format!("{}m", trim_zeros(format!("{milli:.2}")))
    }
}

const UNITS: [(f64, &str); 3] = [(1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1024.0, "KiB")];

/// The unit in which a number of bytes is written, in bytes.
pub(crate) fn binary_unit(value: f64) -> f64 {
    UNITS
        .into_iter()
        .map(|(size, _)| size)
        .find(|size| value >= *size)
        .unwrap_or(1.0)
}

/// Memory in bytes, in binary units.
pub(crate) fn bytes(value: f64) -> String {
    for (size, unit) in UNITS {
        if value >= size {
            let scaled = value / size;
            let text = if scaled < 10.0 {
                trim_zeros(format!("{scaled:.1}"))
            } else {
                format!("{scaled:.0}")
            };
            return format!("{text} {unit}");
        }
    }
    format!("{value:.0} B")
}

fn trim_zeros(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Text that can do nothing but be read: line breaks become spaces, control characters and those that reorder or hide
/// text become visible escapes. A log line can thus neither move the cursor of a terminal nor end a YAML comment.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => plain.push(' '),
            character if is_steering(character) => escape(&mut plain, character),
            character => plain.push(character),
        }
    }
    plain
}

/// Whether a character does something else than to be read.
pub(crate) fn is_steering(character: char) -> bool {
    match character {
        '\u{2028}' | '\u{2029}' => true,
        // Bidirectional controls, zero-width characters, the byte order mark and tags are invisible.
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}' => true,
        character => character.is_control(),
    }
}

fn escape(text: &mut String, character: char) {
    // Writing to a String cannot fail.
    let _ = write!(text, "{}", character.escape_unicode());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time() {
        let texts = [0.0, 4.24, 9.96, 75.4, 119.6, 725.2, 3600.0, f64::NAN].map(seconds);
        assert_eq!(
            texts,
            [
                "0.0 s",
                "4.2 s",
                "10.0 s",
                "75 s",
                "2 m 00 s",
                "12 m 05 s",
                "60 m 00 s",
                "–"
            ]
        );
        assert_eq!([Some(4.24), None].map(known_seconds), ["4.2 s", "–"]);
    }

    #[test]
    fn enumerations() {
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        let texts: Vec<String> = (1..=4).map(|n| listed(&names[..n], "run")).collect();
        assert_eq!(texts, ["a", "a and b", "a, b and c", "4 runs"]);
        assert_eq!(count(1, "run"), "1 run");
    }

    #[test]
    fn quantities() {
        let cpu = [0.0, 0.0004, 0.002, 0.25, 1.0, 1.5].map(cores);
        assert_eq!(cpu, ["0", "0.4m", "2m", "250m", "1", "1.5"]);
        let memory = [0.0, 512.0, 2048.0, 1_572_864.0, 52_428_800.0, 2_147_483_648.0].map(bytes);
        assert_eq!(memory, ["0 B", "512 B", "2 KiB", "1.5 MiB", "50 MiB", "2 GiB"]);
    }

    #[test]
    fn nothing_hidden_survives() {
        assert_eq!(plain("a\u{1b}[2Jb"), r"a\u{1b}[2Jb");
        assert_eq!(plain("line\r\nnext"), "line  next");
        assert_eq!(plain("abc\u{202e}txt.exe"), r"abc\u{202e}txt.exe");
        assert_eq!(plain("Grüße, 日本"), "Grüße, 日本");
    }
}

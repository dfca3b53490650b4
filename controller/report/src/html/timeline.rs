//! The runs as bars on one clock, in the waves in which they started.

use maud::{Markup, html};

use super::runs::tone;
use crate::{
    rows::RunRow,
    waves::Wave,
    words::{count, role, seconds, time_unit},
};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 210.0;
const RIGHT: f64 = 150.0;
const HEADER: f64 = 30.0;
const ROW: f64 = 36.0;
const TOP: f64 = 6.0;
const AXIS: f64 = 40.0;
const NAME_CHARACTERS: usize = 26;
const HEADER_CHARACTERS: usize = 125;

/// Bars from start to end; the time until Ready is drawn thin.
pub(super) fn timeline(waves: &[Wave]) -> Markup {
    let rows = || waves.iter().flat_map(|wave| &wave.runs);
    let last = rows()
        .filter_map(|row| row.end.or(row.ready).or(row.start))
        .fold(0.0_f64, f64::max);
    if last <= 0.0 {
        return html! {};
    }
    let scale = Scale {
        per_second: (WIDTH - LEFT - RIGHT) / last,
    };
    let mut bands = Vec::with_capacity(waves.len());
    let mut bottom = TOP;
    for wave in waves {
        bands.push((wave, bottom));
        bottom += height(wave);
    }
    let (per_unit, unit) = time_unit(last);
    let step = tick(last / per_unit);
    let ticks = std::iter::successors(Some(0.0), |tick| Some(tick + step));
    let ticks: Vec<f64> = ticks.take_while(|tick| tick * per_unit <= last).collect();
    html! {
        figure {
            div.scroll tabindex="0" role="region" aria-label="Timeline of the runs" {
                svg.timeline xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (number(WIDTH)) " " (number(bottom + AXIS)) }
                    role="img" aria-labelledby="timeline-title timeline-description" {
                    title id="timeline-title" { "Timeline of the runs" }
                    desc id="timeline-description" {
                        "One bar for each of " (count(rows().count(), "run")) " over " (seconds(last))
                        "; the table below says the same in words."
                    }
                    @for (wave, top) in &bands { (band(wave, *top, height(wave))) }
                    @for tick in &ticks {
                        line.grid x1=(scale.x(tick * per_unit)) x2=(scale.x(tick * per_unit)) y1=(number(TOP)) y2=(number(bottom)) {}
                        text x=(scale.x(tick * per_unit)) y=(number(bottom + 17.0)) text-anchor="middle" { (tick) }
                    }
                    text x=(number(f64::midpoint(LEFT, WIDTH - RIGHT))) y=(number(bottom + 35.0)) text-anchor="middle" {
                        (unit) " since the first run"
                    }
                    @for (wave, top) in &bands {
                        // The lines of the grid must not run through the words.
                        (band(wave, *top, HEADER))
                        text.wave x="8" y=(number(top + 20.0)) { (short(&heading(wave).replace('`', "\""), HEADER_CHARACTERS)) }
                        @for (index, row) in wave.runs.iter().enumerate() {
                            (bar(row, wave.runs.iter().take(index).fold(top + HEADER, |y, _| y + ROW), last, &scale))
                        }
                    }
                }
            }
            figcaption {
                "Each bar is a run from its start to its end, thin until its clone was Ready. Runs of one band started together. "
                "Colour and word say how a run ended: one that was screened ended once it had been Ready for a while, as it was not to be recommended; rest the pointer on a bar for its settings and what it showed."
            }
        }
    }
}

/// The heading of a wave.
pub(super) fn heading(wave: &Wave) -> String {
    let Some(start) = wave.start else {
        return "Not started".to_owned();
    };
    format!("Wave {} at {}: {}", wave.number, seconds(start), wave.sentence())
}

fn height(wave: &Wave) -> f64 {
    wave.runs.iter().fold(HEADER, |height, _| height + ROW)
}

/// Every other wave has a ground of its own.
fn band(wave: &Wave, top: f64, height: f64) -> Markup {
    let class = if wave.number % 2 == 1 { "band" } else { "band other" };
    html! { rect class=(class) x="0" y=(number(top)) width=(number(WIDTH)) height=(number(height)) {} }
}

fn bar(row: &RunRow, top: f64, last: f64, scale: &Scale) -> Markup {
    let (base, middle) = (top + 14.0, top + ROW * 0.42);
    let label = html! {
        text x="8" y=(number(base)) { (short(&row.name, NAME_CHARACTERS)) }
        text.detail x="8" y=(number(base + 14.0)) { (short(&detail(row), NAME_CHARACTERS + 4)) }
    };
    let Some(start) = row.start else {
        return html! {
            (label)
            text x=(number(LEFT)) y=(number(middle + 4.0)) { (row.ended()) }
        };
    };
    let end = row.end.unwrap_or(last).max(start);
    // A run that never became Ready is thin from its start to its end.
    let ready = row.ready.unwrap_or(end).clamp(start, end);
    html! {
        g class={ "bar " (tone(row.phase)) } {
            title { (hover(row, start, end)) }
            (label)
            rect x=(scale.x(start)) y=(number(middle - 3.0)) width=(scale.width(ready - start)) height="6" {}
            rect x=(scale.x(ready)) y=(number(middle - 9.0)) width=(scale.width(end - ready)) height="18" rx="2" {}
            text x=(number(LEFT + end * scale.per_second + 6.0)) y=(number(middle + 4.0)) { (row.ended()) }
        }
    }
}

/// Role and settings, as far as they fit.
fn detail(row: &RunRow) -> String {
    match row.settings.as_slice() {
        [] => role(row.role).to_owned(),
        [only] => only.clone(),
        many => match row.repairs.len() {
            0 => format!("{}, {}", role(row.role), count(many.len(), "setting")),
            repairs => format!("{}, {}", count(many.len(), "setting"), count(repairs, "repair")),
        },
    }
}

/// Everything about a run, for who asks.
fn hover(row: &RunRow, start: f64, end: f64) -> String {
    let mut lines = vec![format!("{}: {}, {}", row.name, role(row.role), row.ended())];
    if !row.settings.is_empty() {
        lines.push(format!("settings: {}", row.settings.join(", ")));
    }
    if !row.repairs.is_empty() {
        lines.push(format!("with: {}", row.repairs.join("; ")));
    }
    let ready = row.ready_after().map_or_else(
        || "never Ready".to_owned(),
        |ready| format!("Ready after {}", seconds(ready)),
    );
    lines.push(format!("{} to {}, {ready}", seconds(start), seconds(end)));
    if !row.message.is_empty() {
        lines.push(row.message.clone());
    }
    lines.join("\n")
}

struct Scale {
    per_second: f64,
}

impl Scale {
    fn x(&self, seconds: f64) -> String {
        number(LEFT + seconds.max(0.0) * self.per_second)
    }

    fn width(&self, seconds: f64) -> String {
        number(seconds.max(0.0) * self.per_second)
    }
}

/// A round distance of ticks that makes at most nine of them.
fn tick(last: f64) -> f64 {
    const STEPS: [f64; 10] = [0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0];
    STEPS
        .into_iter()
        .find(|step| last / step <= 9.0)
        .unwrap_or_else(|| (last / 9.0).ceil())
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

fn short(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    text.chars().take(characters - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use temper_api::{RunPhase, RunRole};

    use super::*;
    use crate::waves::waves;

    #[test]
    fn ticks_are_round_and_few() {
        let steps = [1.5, 3.0, 45.0, 143.6, 300.0, 100_000.0].map(tick).map(number);
        assert_eq!(steps, ["0.5", "0.5", "5.0", "20.0", "60.0", "11112.0"]);
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(short("ä".repeat(30).as_str(), 26).chars().count(), 26);
    }

    #[test]
    fn runs_that_go_on_and_runs_that_wait() {
        let row = |name: &str, phase, start, ready, settings: &[&str]| RunRow {
            name: name.to_owned(),
            role: RunRole::Candidate,
            phase,
            settings: settings.iter().map(|id| (*id).to_owned()).collect(),
            repairs: vec!["a repair".to_owned(); settings.len() / 2],
            screening: false,
            start,
            ready,
            end: None,
            message: "why".to_owned(),
            attempts: 2,
        };
        let rows = [
            row("goes-on", RunPhase::Recording, Some(10.0), Some(20.0), &["a", "b"]),
            row("starts", RunPhase::Starting, Some(4000.0), None, &["a"]),
            row("waits", RunPhase::Pending, None, None, &[]),
        ];
        let svg = timeline(&waves(&rows)).into_string();
        insta::assert_snapshot!(svg.replace("><", ">\n<"));
    }

    #[test]
    fn nothing_started_is_no_picture() {
        assert_eq!(timeline(&[]).into_string(), "");
    }
}

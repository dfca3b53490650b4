//! The runs as bars on one clock.

use maud::{Markup, html};

use super::runs::tone;
use crate::{
    rows::RunRow,
    words::{run_phase, seconds},
};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 110.0;
const ROW: f64 = 26.0;
const TOP: f64 = 12.0;
const AXIS: f64 = 34.0;
const NAME_CHARACTERS: usize = 24;

/// Bars from start to end; the time until Ready is drawn thin.
pub(super) fn timeline(rows: &[RunRow]) -> Markup {
    let last = rows
        .iter()
        .filter_map(|row| row.end.or(row.ready).or(row.start))
        .fold(0.0_f64, f64::max);
    if last <= 0.0 {
        return html! {};
    }
    let step = tick(last);
    let scale = Scale {
        per_second: (WIDTH - LEFT - RIGHT) / last,
    };
    let mut tops = Vec::with_capacity(rows.len());
    let mut bottom = TOP;
    for _ in rows {
        tops.push(bottom);
        bottom += ROW;
    }
    let ticks: Vec<f64> = std::iter::successors(Some(0.0), |tick| Some(tick + step))
        .take_while(|tick| *tick <= last)
        .collect();
    html! {
        figure {
            svg.timeline xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (number(WIDTH)) " " (number(bottom + AXIS)) }
                role="img" aria-labelledby="timeline-title timeline-description" {
                title id="timeline-title" { "Timeline of the runs" }
                desc id="timeline-description" {
                    "One bar for each of " (rows.len()) " runs over " (seconds(last)) "; the table below says the same in numbers."
                }
                @for tick in &ticks {
                    line.grid x1=(scale.x(*tick)) x2=(scale.x(*tick)) y1=(number(TOP)) y2=(number(bottom)) {}
                    text x=(scale.x(*tick)) y=(number(bottom + 18.0)) text-anchor="middle" { (format!("{tick:.0}")) }
                }
                text x=(number(WIDTH)) y=(number(bottom + 18.0)) text-anchor="end" { "seconds" }
                @for (row, top) in rows.iter().zip(&tops) { (bar(row, *top, last, &scale)) }
            }
            figcaption {
                "Each run from its start to its end; thin until its clone was Ready. Colour and word say how it ended."
            }
        }
    }
}

fn bar(row: &RunRow, top: f64, last: f64, scale: &Scale) -> Markup {
    let base = top + ROW * 0.68;
    let Some(start) = row.start else {
        return html! { text x="0" y=(number(base)) { (short(&row.name)) " – " (run_phase(row.phase)) } };
    };
    let end = row.end.unwrap_or(last).max(start);
    // A run that never became Ready is thin from its start to its end.
    let ready = row.ready.unwrap_or(end).clamp(start, end);
    html! {
        g class={ "bar " (tone(row.phase)) } {
            title { (row.name) ": " (run_phase(row.phase)) ", " (seconds(start)) " to " (seconds(end)) }
            text x="0" y=(number(base)) { (short(&row.name)) }
            rect x=(scale.x(start)) y=(number(top + ROW * 0.38)) width=(scale.width(ready - start)) height=(number(ROW * 0.24)) {}
            rect x=(scale.x(ready)) y=(number(top + ROW * 0.15)) width=(scale.width(end - ready)) height=(number(ROW * 0.7)) rx="2" {}
            text x=(number(LEFT + end * scale.per_second + 6.0)) y=(number(base)) { (run_phase(row.phase)) }
        }
    }
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
    const STEPS: [f64; 12] = [
        1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
    ];
    STEPS
        .into_iter()
        .find(|step| last / step <= 9.0)
        .unwrap_or_else(|| (last / 9.0).ceil())
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

fn short(name: &str) -> String {
    if name.chars().count() <= NAME_CHARACTERS {
        return name.to_owned();
    }
    name.chars().take(NAME_CHARACTERS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let steps = [3.0, 45.0, 143.6, 700.0, 100_000.0].map(tick).map(number);
        assert_eq!(steps, ["1.0", "5.0", "20.0", "120.0", "11112.0"]);
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(short("ä".repeat(30).as_str()).chars().count(), NAME_CHARACTERS);
    }
}

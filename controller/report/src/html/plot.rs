//! One plot as inline SVG.
//!
//! plotters knows neither style sheets nor dark pages, so it draws with marker colours, which are then replaced by
//! classes that the page colours.

use maud::html;
use plotters::prelude::*;
use temper_api::Point;

use crate::words::time_unit;

const SIZE: (u32, u32) = (470, 230);
const INK: RGBColor = RGBColor(0, 0, 0);
const GRID: RGBColor = RGBColor(1, 1, 1);

/// How a curve is drawn. Colour, dashes and width each tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stroke {
    /// The workload as it is.
    Baseline,
    /// The same, once more.
    OtherBaseline,
    /// The workload with the recommendation.
    Hardened,
}

impl Stroke {
    /// The class that colours it, on the page as well as in the plot.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::OtherBaseline => "other-baseline",
            Self::Hardened => "hardened",
        }
    }

    /// How wide it is.
    pub(super) fn width(self) -> u32 {
        match self {
            Self::Baseline | Self::OtherBaseline => 2,
            Self::Hardened => 3,
        }
    }

    /// Every line has a colour of its own, by which it is found in what plotters wrote.
    fn marker(index: usize) -> RGBColor {
        let [.., high, low] = (index + 2).to_be_bytes();
        RGBColor(255, high, low)
    }
}

/// One curve.
pub(super) struct Line<'a> {
    /// How it is drawn.
    pub(super) stroke: Stroke,
    /// Shown where the pointer rests on it.
    pub(super) name: &'a str,
    /// Finite points in the order of time.
    pub(super) points: &'a [Point],
}

/// What to draw.
pub(super) struct Plot<'a> {
    /// Unique on the page.
    pub(super) id: &'a str,
    /// For those who cannot see it.
    pub(super) title: &'a str,
    /// The same.
    pub(super) description: &'a str,
    /// How a value is written.
    pub(super) unit: fn(f64) -> String,
    /// The values are drawn in multiples of this, so that ticks are round in the unit that people read.
    pub(super) scale: f64,
    /// The curves; the last is on top.
    pub(super) lines: &'a [Line<'a>],
}

/// Draws curves over the time since Ready.
pub(super) fn plot(what: &Plot<'_>) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut svg = String::new();
    draw(what, &mut svg)?;
    Ok(dress(what, &svg))
}

fn draw(what: &Plot<'_>, svg: &mut String) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let points = || what.lines.iter().flat_map(|line| line.points);
    let first = points().map(|point| point.t).fold(0.0, f64::min);
    let last = points().map(|point| point.t).fold(first + 1.0, f64::max);
    let highest = points().map(|point| point.v / what.scale).fold(0.0, f64::max);
    // A flat line at zero needs a height, too.
    let top = if highest > 0.0 { highest * 1.1 } else { 1.0 };
    let (per_unit, unit) = time_unit(last - first);
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(6)
        .margin_right(14)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(first / per_unit..last / per_unit, 0.0..top)?;
    let text = ("sans-serif", 14).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .label_style(text.clone())
        .axis_desc_style(text)
        .x_labels(7)
        .y_labels(5)
        .x_label_formatter(&|time| round(*time))
        .y_label_formatter(&|value| (what.unit)(*value * what.scale))
        .x_desc(format!("{unit} since Ready"))
        .draw()?;
    for (index, line) in what.lines.iter().enumerate() {
        let place = |point: &Point| (point.t / per_unit, point.v / what.scale);
        let style = ShapeStyle::from(Stroke::marker(index)).stroke_width(line.stroke.width());
        if let [only] = line.points {
            // A line needs two points.
            chart.draw_series([Circle::new(place(only), 3, style)])?;
        } else {
            chart.draw_series(LineSeries::new(line.points.iter().map(place), style))?;
        }
    }
    area.present()?;
    Ok(())
}

/// A tick of the clock: whole where it is whole.
fn round(time: f64) -> String {
    if (time - time.round()).abs() < 1e-6 {
        format!("{time:.0}")
    } else {
        format!("{time:.1}")
    }
}

/// Replaces marker colours by classes, and says what the plot shows.
fn dress(what: &Plot<'_>, svg: &str) -> String {
    let (title, description) = (format!("{}-title", what.id), format!("{}-description", what.id));
    let words = html! {
        title id=(title) { (what.title) }
        desc id=(description) { (what.description) }
    };
    let mut dressed = svg.replace("fill=\"#000000\"", "fill=\"currentColor\"");
    dressed = dressed.replace("stroke=\"#000000\"", "stroke=\"currentColor\"");
    dressed = dressed.replace("stroke=\"#010101\"", "class=\"grid\"");
    for (index, line) in what.lines.iter().enumerate() {
        let RGBColor(red, green, blue) = Stroke::marker(index);
        let marker = format!("stroke=\"#{red:02X}{green:02X}{blue:02X}\"");
        dressed = named(&dressed, &marker, line);
    }
    let (tag, rest) = dressed.split_once('>').unwrap_or_default();
    format!(
        "{tag} class=\"plot\" role=\"img\" aria-labelledby=\"{title} {description}\">{}{rest}",
        words.into_string()
    )
}

/// The element with this marker, with the class of its line, and named where the pointer rests on it.
fn named(svg: &str, marker: &str, line: &Line<'_>) -> String {
    let element = svg
        .split_once(marker)
        .and_then(|(before, rest)| Some((before, rest.split_once("/>")?)));
    let Some((before, (attributes, after))) = element else {
        return svg.to_owned();
    };
    let tag = before
        .rsplit_once('<')
        .and_then(|(_, tag)| tag.split(' ').next())
        .unwrap_or_default();
    let class = line.stroke.class();
    let title = html! { title { (line.name) } }.into_string();
    format!("{before}class=\"curve {class}\"{attributes}>{title}</{tag}>{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(points: &[Point]) -> String {
        let unit = |value: f64| format!("{value:.1}");
        plot(&Plot {
            id: "p",
            title: "t",
            description: "d",
            unit,
            scale: 1.0,
            lines: &[Line {
                stroke: Stroke::Hardened,
                name: "<run>",
                points,
            }],
        })
        .unwrap()
    }

    #[test]
    fn a_curve_with_its_axes() {
        let points = [Point { t: -1.0, v: 2.0 }, Point { t: 10.0, v: 4.0 }];
        insta::assert_snapshot!(of(&points));
    }

    #[test]
    fn long_recordings_are_told_in_hours() {
        let points = [Point { t: 0.0, v: 2.0 }, Point { t: 86_400.0, v: 4.0 }];
        assert!(of(&points).contains("hours since Ready"));
    }

    #[test]
    fn degenerate_curves_are_drawn_all_the_same() {
        let zero = [Point { t: 0.0, v: 0.0 }; 3];
        let one = [Point { t: 5.0, v: 1e300 }];
        for points in [&zero[..], &one, &[]] {
            let svg = of(points);
            assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
            assert!(!svg.contains("#FF"), "a marker is left: {svg}");
            assert_eq!(svg.contains("&lt;run&gt;"), !points.is_empty(), "{svg}");
        }
    }
}

//! One plot as inline SVG.
//!
//! plotters knows neither style sheets nor dark pages, so it draws with marker colours, which are then replaced by
//! classes that the page colours.

use maud::html;
use plotters::prelude::*;
use temper_api::Point;

const SIZE: (u32, u32) = (470, 230);
const INK: RGBColor = RGBColor(0, 0, 0);
const GRID: RGBColor = RGBColor(1, 1, 1);

/// What a curve stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    /// The workload as it is.
    Baseline,
    /// The same, once more.
    OtherBaseline,
    /// The workload with the recommendation.
    Hardened,
}

impl Curve {
    const ALL: [Self; 3] = [Self::Baseline, Self::OtherBaseline, Self::Hardened];

    /// The class that colours it, on the page as well as in the plot.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::OtherBaseline => "other-baseline",
            Self::Hardened => "hardened",
        }
    }

    fn marker(self) -> RGBColor {
        match self {
            Self::Baseline => RGBColor(2, 2, 2),
            Self::OtherBaseline => RGBColor(3, 3, 3),
            Self::Hardened => RGBColor(4, 4, 4),
        }
    }
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
    pub(super) curves: &'a [(Curve, &'a [Point])],
}

/// Draws curves over the seconds since Ready.
pub(super) fn plot(what: &Plot<'_>) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut svg = String::new();
    draw(what, &mut svg)?;
    Ok(dress(what, &svg))
}

fn draw(what: &Plot<'_>, svg: &mut String) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let points = || {
        let all = what.curves.iter().flat_map(|(_, points)| points.iter());
        all.filter(|point| point.t.is_finite() && point.v.is_finite())
    };
    let first = points().map(|point| point.t).fold(0.0, f64::min);
    let last = points().map(|point| point.t).fold(first + 1.0, f64::max);
    let highest = points().map(|point| point.v / what.scale).fold(0.0, f64::max);
    // A flat line at zero needs a height, too.
    let top = if highest > 0.0 { highest * 1.1 } else { 1.0 };
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(6)
        .margin_right(14)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(first..last, 0.0..top)?;
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
        .x_label_formatter(&|second| format!("{second:.0}"))
        .y_label_formatter(&|value| (what.unit)(*value * what.scale))
        .x_desc("seconds since Ready")
        .draw()?;
    for (curve, points) in what.curves {
        let finite = points.iter().filter(|point| point.t.is_finite() && point.v.is_finite());
        let style = ShapeStyle::from(curve.marker()).stroke_width(2);
        chart.draw_series(LineSeries::new(
            finite.map(|point| (point.t, point.v / what.scale)),
            style,
        ))?;
    }
    area.present()?;
    Ok(())
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
    for curve in Curve::ALL {
        let RGBColor(red, green, blue) = curve.marker();
        let marker = format!("stroke=\"#{red:02X}{green:02X}{blue:02X}\"");
        dressed = dressed.replace(&marker, &format!("class=\"curve {}\"", curve.class()));
    }
    let (tag, rest) = dressed.split_once('>').unwrap_or_default();
    format!(
        "{tag} class=\"plot\" role=\"img\" aria-labelledby=\"{title} {description}\">{}{rest}",
        words.into_string()
    )
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
            curves: &[(Curve::Hardened, points)],
        })
        .unwrap()
    }

    #[test]
    fn a_curve_with_its_axes() {
        let points = [Point { t: -1.0, v: 2.0 }, Point { t: 10.0, v: 4.0 }];
        insta::assert_snapshot!(of(&points));
    }

    #[test]
    fn degenerate_curves_are_drawn_all_the_same() {
        let zero = [Point { t: 0.0, v: 0.0 }; 3];
        let one = [Point { t: 5.0, v: 1e300 }];
        let none = [Point {
            t: f64::NAN,
            v: f64::INFINITY,
        }];
        for points in [&zero[..], &one, &none, &[]] {
            let svg = of(points);
            assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
        }
    }
}

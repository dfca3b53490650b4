//! CPU and memory of each container: the baselines against the verification run.

use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};
use temper_api::{RunRole, RunSummary, Series, SuggestedResources};

use super::{
    plot::{Line, Plot, Stroke, plot},
    section, sentence,
};
use crate::{
    error::Error,
    resources::resource_sentences,
    usage::{Comparison, Curve, comparisons},
    words::role,
};

/// A plot for each container and metric, and what follows for requests and limits.
pub(super) fn overview(
    series: &[Series],
    runs: &[RunSummary],
    resources: &BTreeMap<String, SuggestedResources>,
) -> Result<Markup, Error> {
    let comparisons = comparisons(series, runs);
    let mut body = html! {
        @if comparisons.is_empty() {
            p { "CPU and memory were not measured." }
        } @else {
            p { "Each plot has the workload as it is and the run of the recommendation on one clock, which starts when the clone was Ready." }
        }
    };
    let mut number = 0;
    for of_container in comparisons.chunk_by(|one, next| one.container == next.container) {
        let mut figures = Vec::new();
        for comparison in of_container {
            figures.push(figure(&format!("plot-{number}"), comparison)?);
            number += 1;
        }
        let container = of_container
            .first()
            .map_or("", |comparison| comparison.container.as_str());
        body = html! {
            (body)
            h3 { "Container " (container) }
            div.plots { @for figure in &figures { (figure) } }
        };
    }
    let suggested = resource_sentences(resources);
    if !suggested.is_empty() {
        body = html! {
            (body)
            h3 { "Requests and limits that are missing" }
            ul { @for line in &suggested { li { (sentence(line)) } } }
        };
    }
    Ok(section("usage", "CPU and memory", &body))
}

fn figure(id: &str, comparison: &Comparison) -> Result<Markup, Error> {
    let metric = comparison.metric;
    let curves = || comparison.curves.iter().zip(strokes(&comparison.curves));
    let lines: Vec<Line<'_>> = curves()
        .map(|(curve, stroke)| Line {
            stroke,
            name: &curve.run,
            points: &curve.points,
        })
        .collect();
    let drawn = plot(&Plot {
        id,
        title: &format!("{} of container {}", metric.heading, comparison.container),
        description: &describe(comparison),
        unit: metric.write,
        scale: (metric.scale)(comparison.highest()),
        lines: &lines,
    })
    .map_err(|source| Error::Plot {
        metric: metric.name.to_owned(),
        container: comparison.container.clone(),
        source,
    })?;
    Ok(html! {
        figure {
            p.label { (metric.heading) }
            (PreEscaped(drawn))
            figcaption {
                ul.legend {
                    @for (curve, stroke) in curves() {
                        li {
                            (swatch(stroke))
                            span {
                                (curve.run)
                                @if let Some(of) = curve.role.map(role) && !curve.run.starts_with(of) { " (" (of) ")" }
                                ": median " (comparison.write(curve.median)) ", highest " (comparison.write(curve.highest))
                            }
                        }
                    }
                }
            }
        }
    })
}

/// A short piece of a curve as the plot draws it.
fn swatch(stroke: Stroke) -> Markup {
    html! {
        svg.swatch xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 8" aria-hidden="true" {
            line class={ "curve " (stroke.class()) } x1="0" x2="28" y1="4" y2="4" stroke-width=(stroke.width()) {}
        }
    }
}

/// How each curve is drawn.
fn strokes(curves: &[Curve]) -> Vec<Stroke> {
    let mut baselines = 0;
    let stroke = |curve: &Curve| match curve.role {
        Some(RunRole::Baseline) => {
            baselines += 1;
            if baselines % 2 == 1 {
                Stroke::Baseline
            } else {
                Stroke::OtherBaseline
            }
        }
        Some(RunRole::Candidate | RunRole::Verification) | None => Stroke::Hardened,
    };
    curves.iter().map(stroke).collect()
}

/// What the curves say, for those who cannot see them.
fn describe(comparison: &Comparison) -> String {
    let parts = comparison.curves.iter().map(|curve| {
        let (median, highest) = (comparison.write(curve.median), comparison.write(curve.highest));
        format!("{} has a median of {median} and at most {highest}", curve.run)
    });
    format!("Over the time since Ready: {}.", parts.collect::<Vec<_>>().join(", "))
}

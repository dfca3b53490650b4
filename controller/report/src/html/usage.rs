//! CPU and memory of each container: the baselines against the verification run.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, PreEscaped, html};
use temper_api::{RunRole, RunSummary, Series};

use super::{
    plot::{Curve, Plot, plot},
    section,
};
use crate::{
    error::Error,
    words::{binary_unit, bytes, cores, plain, role},
};

/// A metric as it is shown.
struct Metric {
    name: &'static str,
    heading: &'static str,
    unit: fn(f64) -> String,
    scale: fn(f64) -> f64,
}

/// The metrics in the order in which they are shown.
const METRICS: [Metric; 2] = [
    Metric {
        name: "container.cpu.usage",
        heading: "CPU in cores",
        unit: cores,
        scale: |_| 1.0,
    },
    Metric {
        name: "container.memory.working_set",
        heading: "Memory working set",
        unit: bytes,
        scale: binary_unit,
    },
];

/// Two plots for each container.
pub(super) fn overview(series: &[Series], runs: &[RunSummary]) -> Result<Markup, Error> {
    let containers: BTreeSet<&str> = series.iter().map(|series| series.container.as_str()).collect();
    let roles: BTreeMap<&str, RunRole> = runs.iter().map(|run| (run.name.as_str(), run.role)).collect();
    let mut groups = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let mut figures = Vec::new();
        for metric in &METRICS {
            let of_metric: Vec<&Series> = series
                .iter()
                .filter(|series| series.container == *container && series.metric == metric.name && has_points(series))
                .collect();
            if !of_metric.is_empty() {
                let id = format!("plot-{index}-{}", figures.len());
                figures.push(figure(&id, container, metric, &of_metric, &roles)?);
            }
        }
        if !figures.is_empty() {
            groups.push(html! {
                h3 { "Container " (plain(container)) }
                div.plots { @for figure in &figures { (figure) } }
            });
        }
    }
    let body = html! {
        @if groups.is_empty() { p { "CPU and memory were not measured." } }
        @for group in &groups { (group) }
    };
    Ok(section("usage", "CPU and memory", &body))
}

fn figure(
    id: &str,
    container: &str,
    metric: &Metric,
    series: &[&Series],
    roles: &BTreeMap<&str, RunRole>,
) -> Result<Markup, Error> {
    let Metric {
        name,
        heading,
        unit,
        scale,
    } = *metric;
    let mut baselines = 0;
    let curves: Vec<(Curve, &Series)> = series
        .iter()
        .map(|series| {
            let curve = match roles.get(series.run.as_str()) {
                Some(RunRole::Baseline) => {
                    baselines += 1;
                    if baselines % 2 == 1 {
                        Curve::Baseline
                    } else {
                        Curve::OtherBaseline
                    }
                }
                _ => Curve::Hardened,
            };
            (curve, *series)
        })
        .collect();
    let drawn = plot(&Plot {
        id,
        title: &format!("{heading} of container {}", plain(container)),
        description: &describe(&curves, unit),
        unit,
        scale: scale(curves.iter().map(|(_, series)| highest(series)).fold(0.0, f64::max)),
        curves: &curves
            .iter()
            .map(|(curve, series)| (*curve, series.points.as_slice()))
            .collect::<Vec<_>>(),
    })
    .map_err(|source| Error::Plot {
        metric: name.to_owned(),
        container: plain(container),
        source,
    })?;
    Ok(html! {
        figure {
            p.label { (heading) }
            (PreEscaped(drawn))
            figcaption {
                ul.legend {
                    @for (curve, series) in &curves {
                        li class=(curve.class()) {
                            (plain(&series.run))
                            @if let Some(of) = roles.get(series.run.as_str()).map(|of| role(*of)) && !series.run.starts_with(of) {
                                " (" (of) ")"
                            }
                            ", at most " (unit(highest(series)))
                        }
                    }
                }
            }
        }
    })
}

/// What the curves say, for those who cannot see them.
fn describe(curves: &[(Curve, &Series)], unit: fn(f64) -> String) -> String {
    let parts: Vec<String> = curves
        .iter()
        .map(|(_, series)| format!("{} at most {}", plain(&series.run), unit(highest(series))))
        .collect();
    format!("Over the seconds since Ready: {}.", parts.join(", "))
}

fn highest(series: &Series) -> f64 {
    series
        .points
        .iter()
        .map(|point| point.v)
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max)
}

fn has_points(series: &Series) -> bool {
    series
        .points
        .iter()
        .any(|point| point.t.is_finite() && point.v.is_finite())
}

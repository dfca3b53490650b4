//! What was measured: the baselines beside the run of the recommendation, by container and metric.

use std::collections::{BTreeMap, BTreeSet};

use temper_api::{Point, RunRole, RunSummary, Series};

use crate::words::{binary_unit, bytes, cores, plain};

/// A metric as people read it.
#[derive(Debug)]
pub(crate) struct Metric {
    /// OpenTelemetry name.
    pub(crate) name: &'static str,
    /// Heading, with the unit where the values do not carry it.
    pub(crate) heading: &'static str,
    /// Unit of the values as they are stored.
    pub(crate) unit: &'static str,
    /// How a value is written.
    pub(crate) write: fn(f64) -> String,
    /// The size of the unit in which values up to this one are written.
    pub(crate) scale: fn(f64) -> f64,
}

/// The metrics in the order in which they are shown.
pub(crate) static METRICS: [Metric; 2] = [
    Metric {
        name: "container.cpu.usage",
        heading: "CPU in cores (1m is a thousandth)",
        unit: "cores",
        write: cores,
        scale: |_| 1.0,
    },
    Metric {
        name: "container.memory.working_set",
        heading: "Memory working set",
        unit: "bytes",
        write: bytes,
        scale: binary_unit,
    },
];

/// One metric of one container, from every run that was measured.
pub(crate) struct Comparison {
    /// Container.
    pub(crate) container: String,
    /// What was measured.
    pub(crate) metric: &'static Metric,
    /// A curve for each run, in the order of the report; none is empty.
    pub(crate) curves: Vec<Curve>,
}

/// What one run showed.
pub(crate) struct Curve {
    /// Run.
    pub(crate) run: String,
    /// What the run was for; none where the report does not list it.
    pub(crate) role: Option<RunRole>,
    /// Finite points in the order of the report.
    pub(crate) points: Vec<Point>,
    /// Half of the values are at most this.
    pub(crate) median: f64,
    /// No value is higher.
    pub(crate) highest: f64,
}

impl Comparison {
    /// The highest value of all curves.
    pub(crate) fn highest(&self) -> f64 {
        self.curves.iter().map(|curve| curve.highest).fold(0.0, f64::max)
    }

    /// A value as it is written.
    pub(crate) fn write(&self, value: f64) -> String {
        (self.metric.write)(value)
    }
}

/// Everything that was measured and can be compared, by container and then by metric.
pub(crate) fn comparisons(series: &[Series], runs: &[RunSummary]) -> Vec<Comparison> {
    let roles = roles(runs);
    let containers: BTreeSet<&str> = series.iter().map(|series| series.container.as_str()).collect();
    let pairs = containers
        .into_iter()
        .flat_map(|container| METRICS.iter().map(move |metric| (container, metric)));
    let comparisons = pairs.map(|(container, metric)| Comparison {
        container: plain(container),
        metric,
        curves: series
            .iter()
            .filter(|series| series.container == container && series.metric == metric.name)
            .filter_map(|series| curve(series, roles.get(series.run.as_str()).copied()))
            .collect(),
    });
    comparisons.filter(|comparison| !comparison.curves.is_empty()).collect()
}

/// What each run was for, by its name.
pub(crate) fn roles(runs: &[RunSummary]) -> BTreeMap<&str, RunRole> {
    runs.iter().map(|run| (run.name.as_str(), run.role)).collect()
}

/// What a series showed; none where it has no finite point.
pub(crate) fn curve(series: &Series, role: Option<RunRole>) -> Option<Curve> {
    let finite = |point: &&Point| point.t.is_finite() && point.v.is_finite();
    let points: Vec<Point> = series.points.iter().filter(finite).copied().collect();
    let mut values: Vec<f64> = points.iter().map(|point| point.v).collect();
    values.sort_by(f64::total_cmp);
    Some(Curve {
        run: plain(&series.run),
        role,
        points,
        median: *values.get((values.len().checked_sub(1)?) / 2)?,
        highest: *values.last()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn containers_and_metrics_of_all_runs() {
        let spec = sample::nginx().spec;
        let comparisons = comparisons(&spec.series, &spec.runs);
        let told: Vec<_> = comparisons
            .iter()
            .map(|of| (of.container.as_str(), of.metric.unit, of.curves.len()))
            .collect();
        assert_eq!(
            told,
            [
                ("log-shipper", "cores", 3),
                ("log-shipper", "bytes", 3),
                ("nginx", "cores", 3),
                ("nginx", "bytes", 3)
            ]
        );
        let roles = comparisons[0].curves.iter().map(|curve| curve.role);
        assert_eq!(
            roles.collect::<Vec<_>>(),
            [RunRole::Baseline, RunRole::Baseline, RunRole::Verification].map(Some)
        );
    }

    #[test]
    fn numbers_of_a_curve() {
        let series = |values: &[f64]| Series {
            run: "r".to_owned(),
            container: "c".to_owned(),
            metric: "m".to_owned(),
            points: values.iter().map(|v| Point { t: 0.0, v: *v }).collect(),
        };
        let of = curve(&series(&[5.0, 1.0, f64::NAN, 3.0]), None).unwrap();
        assert_eq!((of.points.len(), of.median, of.highest), (3, 3.0, 5.0));
        assert!(curve(&series(&[f64::INFINITY]), None).is_none());
        assert!(curve(&series(&[]), None).is_none());
    }
}

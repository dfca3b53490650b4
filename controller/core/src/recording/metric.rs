//! What the workload counts itself: metrics of its own, scraped from its containers.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::Recording;
use super::window::{Points, Window};

/// What one endpoint of a container said at one time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scrape {
    /// Which container.
    pub source: super::Source,
    /// Port of the endpoint.
    pub port: u32,
    /// When it was asked.
    pub time_nanos: i64,
    /// What it said, as far as it is compared.
    pub metrics: Vec<Metric>,
    /// It said more than that: what is not there may be there all the same.
    pub is_cut: bool,
}

/// The value of one metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// Name, with those of its labels that tell states apart, such as `http_requests_total{code="500"}`.
    pub name: String,
    /// It only rises; else it rises and falls.
    pub is_counter: bool,
    /// The value, summed over all other labels.
    pub value: Number,
}

/// A number with a place among all numbers, so that the order of samples makes no difference.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// An endpoint of a container in one Pod and between two restarts: UID, restarts, port.
type Instance = (String, u32, u32);

/// Everything that the endpoints of one container said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Endpoints {
    asked: BTreeMap<Instance, BTreeSet<i64>>,
    /// By name and whether it is a counter.
    series: BTreeMap<(String, bool), BTreeMap<Instance, BTreeMap<i64, Number>>>,
    is_cut: bool,
}

impl Endpoints {
    /// Adds a scrape. An endpoint has one value at one time; of two, the larger.
    pub(super) fn add(&mut self, scrape: Scrape) {
        self.is_cut |= scrape.is_cut;
        let instance = (scrape.source.pod_uid, scrape.source.restart, scrape.port);
        self.asked
            .entry(instance.clone())
            .or_default()
            .insert(scrape.time_nanos);
        for metric in scrape.metrics.into_iter().filter(|metric| metric.value.0.is_finite()) {
            let series = self.series.entry((metric.name, metric.is_counter)).or_default();
            let values = series.entry(instance.clone()).or_default();
            let value = values.entry(scrape.time_nanos).or_insert(metric.value);
            *value = metric.value.max(*value);
        }
    }

    /// The points of a series, for each instance. A counter that appears after its endpoint was zero before: programs show
    /// many of them only once they have counted.
    fn points(&self, series: &BTreeMap<Instance, BTreeMap<i64, Number>>, is_counter: bool) -> Vec<Points> {
        let of = |(instance, values): (&Instance, &BTreeMap<i64, Number>)| {
            let first = values.keys().next();
            let asked = self.asked.get(instance).into_iter().flatten();
            let before = asked.filter(|time| is_counter && !self.is_cut && Some(*time) < first);
            let zeros = before.map(|time| (*time, 0.0));
            zeros
                .chain(values.iter().map(|(time, value)| (*time, value.0)))
                .collect()
        };
        series.iter().map(of).collect()
    }
}

/// Whether everything that a container counts itself is known, so that what is not there is not counted.
pub fn knows_own_metrics(recording: &Recording, container: &str) -> bool {
    recording
        .metrics
        .get(container)
        .is_some_and(|endpoints| !endpoints.is_cut)
}

/// What a container counted itself between Ready and the end of its recording: by container, name and whether it is a
/// counter, by how much that rose, or the median of what rises and falls. None where there are too few points.
pub fn own_metrics(recording: &Recording) -> BTreeMap<(&str, &str, bool), Option<f64>> {
    let Some(window) = Window::of(recording) else {
        return BTreeMap::new();
    };
    let mut totals = BTreeMap::new();
    for (container, endpoints) in &recording.metrics {
        for ((name, is_counter), series) in &endpoints.series {
            let points = endpoints.points(series, *is_counter);
            let total = if *is_counter {
                window.rise(&points)
            } else {
                window.median(&points)
            };
            totals.insert((container.as_str(), name.as_str(), *is_counter), total);
        }
    }
    totals
}

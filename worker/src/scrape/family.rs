//! From an endpoint's text to a list that is short and the same for the same text: what is not compared is left out, and
//! what differs by names of clients, paths or Pods is added up.

use std::collections::BTreeMap;

use temper_proto::v1::{Metric, MetricKind};

use crate::exposition::{Kind, Line, Sample, line};
use crate::redact::Redactor;

/// Metrics that are told of one endpoint, counters first.
const MAX_METRICS: usize = 256;

/// Metrics that are held while an answer is read.
const MAX_HELD: usize = 4096;

/// Labels that tell states apart, and not who or where.
const STATES: [&str; 7] = [
    "code",
    "level",
    "outcome",
    "result",
    "severity",
    "status",
    "status_code",
];

/// A longer value is no state.
const MAX_STATE: usize = 32;

/// What a runtime says of itself: the kubelet measures it, and it moves with the machine's load.
const RUNTIME: [&str; 7] = ["go_", "jvm_", "nodejs_", "process_", "promhttp_", "python_", "scrape_"];

/// The metrics of an answer, and whether there were more than are told.
pub(super) fn compact(text: &str, redactor: &Redactor) -> (Vec<Metric>, bool) {
    let mut family = ("", Kind::Other);
    let mut held: BTreeMap<(bool, String), f64> = BTreeMap::new();
    for line in text.lines().filter_map(line) {
        match line {
            Line::Type(name, kind) => family = (name, kind),
            Line::Sample(sample) if !sample.value.is_finite() || RUNTIME.iter().any(|r| sample.name.starts_with(r)) => {
            }
            Line::Sample(sample) => {
                if let Some(is_counter) = is_counter(&sample, family) {
                    // Counters come first.
                    let key = (!is_counter, redactor.redact_text(&key(&sample)));
                    if held.len() < MAX_HELD || held.contains_key(&key) {
                        *held.entry(key).or_default() += sample.value;
                    }
                }
            }
        }
    }
    let metric = |((is_gauge, name), value): ((bool, String), f64)| Metric {
        name,
        kind: if is_gauge {
            MetricKind::Gauge
        } else {
            MetricKind::Counter
        }
        .into(),
        value,
    };
    let cut = held.len() > MAX_METRICS;
    (held.into_iter().map(metric).take(MAX_METRICS).collect(), cut)
}

/// Whether a sample is of a counter; none for one that is not compared, such as a bucket or a quantile.
fn is_counter(sample: &Sample<'_>, (family, kind): (&str, Kind)) -> Option<bool> {
    let suffix = sample.name.strip_prefix(family).filter(|_| !family.is_empty());
    match (suffix, kind) {
        (Some("" | "_total"), Kind::Counter) | (Some("_count"), Kind::Distribution) => Some(true),
        (Some(""), Kind::Gauge) => Some(false),
        (Some("_created"), Kind::Counter | Kind::Distribution) => None,
        (Some("" | "_bucket" | "_sum"), Kind::Distribution) => None,
        (Some(""), Kind::Other) => None,
        // No type was said: the name tells.
        _ => match sample.name.rsplit_once('_') {
            Some((_, "total" | "count")) => Some(true),
            Some((_, "bucket" | "sum" | "created" | "info")) => None,
            _ => Some(false),
        },
    }
}

/// The name, with the labels that tell states apart.
fn key(sample: &Sample<'_>) -> String {
    let mut states: Vec<(&str, &str)> = sample
        .labels
        .iter()
        .map(|(name, value)| (*name, &**value))
        .filter(|(name, value)| STATES.contains(name) && value.len() <= MAX_STATE)
        .collect();
    if states.is_empty() {
        return sample.name.to_owned();
    }
    states.sort_unstable();
    let states: Vec<String> = states.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{}{{{}}}", sample.name, states.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Prometheus' client for Go writes it, shortened.
    const ANSWER: &str = r#"# HELP go_goroutines Number of goroutines that currently exist.
# TYPE go_goroutines gauge
go_goroutines 8
# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200",handler="/a",pod="web-1"} 10
http_requests_total{code="200",handler="/b",pod="web-1"} 5
http_requests_total{code="500",handler="/a",pod="web-1"} 1
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.1"} 14
http_request_duration_seconds_bucket{le="+Inf"} 16
http_request_duration_seconds_sum 2.5
http_request_duration_seconds_count 16
# TYPE rpc_seconds summary
rpc_seconds{quantile="0.5"} 4
rpc_seconds_sum 1.7e+07
rpc_seconds_count 2693
# TYPE queue_length gauge
queue_length{shard="0"} 3
queue_length{shard="1"} 4
temperature NaN
untyped_jobs_total 7
untyped_depth 2
# TYPE build info
build_info{version="1"} 1
"#;

    fn read(text: &str) -> Vec<(String, bool, f64)> {
        let (metrics, cut) = compact(text, &Redactor::new([]).unwrap());
        assert!(!cut || metrics.len() == MAX_METRICS);
        let of = |metric: Metric| (metric.name.clone(), metric.kind() == MetricKind::Counter, metric.value);
        metrics.into_iter().map(of).collect()
    }

    #[test]
    fn what_is_compared_is_kept_and_added_up() {
        let told: Vec<String> = read(ANSWER)
            .into_iter()
            .map(|(name, is_counter, value)| format!("{} {name} {value}", if is_counter { "counter" } else { "gauge" }))
            .collect();
        assert_eq!(
            told,
            [
                "counter http_request_duration_seconds_count 16",
                "counter http_requests_total{code=\"200\"} 15",
                "counter http_requests_total{code=\"500\"} 1",
                "counter rpc_seconds_count 2693",
                "counter untyped_jobs_total 7",
                "gauge queue_length 7",
                "gauge untyped_depth 2",
            ]
        );
    }

    #[test]
    fn open_metrics_is_read_alike() {
        let text = "# TYPE jobs counter\n# UNIT jobs jobs\njobs_total 3 # {id=\"x\"} 1\njobs_created 1.7e9\n# EOF\n";
        assert_eq!(read(text), [("jobs_total".to_owned(), true, 3.0)]);
    }

    #[test]
    fn a_page_that_is_no_list_of_metrics_has_none() {
        assert!(read("<!DOCTYPE html>\n<html><body>not here</body></html>\n").is_empty());
    }

    #[test]
    fn a_list_has_an_end() {
        let lines: Vec<String> = (0..5000)
            .map(|n| {
                format!(
                    "gauge_{n} 1
events_{n}_total 1
"
                )
            })
            .collect();
        let text = lines.concat();
        let told = read(&text);
        assert_eq!(told.len(), MAX_METRICS);
        assert!(told.iter().all(|(_, is_counter, _)| *is_counter), "counters first");
    }

    proptest! {
        #[test]
        fn the_order_of_lines_makes_no_difference(values in proptest::collection::vec((0_u8..5, 0_u8..3, 0_u32..100), 0..30)) {
            let line = |(name, code, value): &(u8, u8, u32)| format!("m{name}_total{{code=\"{code}\"}} {value}\n");
            let straight: String = values.iter().map(line).collect();
            let reversed: String = values.iter().rev().map(line).collect();
            prop_assert_eq!(read(&straight), read(&reversed));
        }

        #[test]
        fn nothing_breaks_it(text in "(\\PC{0,40}\n){0,10}") {
            prop_assert!(read(&text).len() <= MAX_METRICS);
        }
    }
}

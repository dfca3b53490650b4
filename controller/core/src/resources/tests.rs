use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::recording::{Mark, Moment, Probe, ProbeMode, Sample, Source, Usage};

const SECOND: i64 = 1_000_000_000;

fn pod(containers: &serde_json::Value) -> PodSpec {
    serde_json::from_value(json!({"containers": containers})).unwrap()
}

fn mark(moment: Moment, second: i64) -> Sample {
    Sample::Mark(Mark {
        moment,
        time_nanos: second * SECOND,
        message: String::new(),
        published: 0,
        lost: 0,
        attempt: 1,
    })
}

/// A minute of container `app`, Ready at 10 s: its rate of CPU in thousandths, and its working set in MiB, each 10 s.
fn recording(measured: &[(u64, u64)]) -> Recording {
    let mut recording = Recording::new("clone");
    recording.fold(mark(Moment::Started, 0));
    recording.fold(mark(Moment::Ready, 10));
    let mut spent = 0;
    for (index, (millicores, mebibytes)) in measured.iter().enumerate() {
        spent += millicores * 10 * 1_000_000;
        recording.fold(Sample::Usage(Usage {
            source: Source {
                pod: "p".to_owned(),
                pod_uid: "u".to_owned(),
                container: "app".to_owned(),
                ..Source::default()
            },
            time_nanos: i64::try_from(index).unwrap() * 10 * SECOND,
            cpu_core_nanos: Some(spent),
            memory_working_set_bytes: Some(mebibytes << 20),
            ..Usage::default()
        }));
    }
    recording
}

fn suggested(pod: &PodSpec, recordings: &[Recording]) -> Option<Suggestion> {
    let recordings: Vec<&Recording> = recordings.iter().collect();
    suggest(pod, &recordings).get("app").copied()
}

#[test]
fn what_was_used_is_asked_for_and_more_is_allowed() {
    let measured = recording(&[(0, 40), (12, 41), (12, 42), (13, 42), (11, 42), (12, 42)]);
    let app = pod(&json!([{"name": "app"}]));
    assert_eq!(
        suggested(&app, &[measured.clone(), measured]),
        Some(Suggestion {
            cpu_request: Some(15),
            memory_request: Some(42),
            memory_limit: Some(53),
        })
    );
}

#[test]
fn a_peak_before_ready_counts_for_the_limit_only() {
    let measured = recording(&[(0, 200), (900, 20), (3, 20), (3, 20), (3, 20), (3, 20)]);
    let calm = recording(&[(0, 20); 60]);
    let suggestion = suggested(&pod(&json!([{"name": "app"}])), &[measured, calm]).unwrap();
    assert_eq!(suggestion.memory_limit, Some(250));
    assert_eq!(suggestion.memory_request, Some(20));
    // The first rate ends at Ready, and is the start's.
    assert_eq!(suggestion.cpu_request, Some(5));
}

#[test]
fn what_a_container_says_is_left_to_it() {
    let measured = || [recording(&[(10, 20); 9])];
    let says = |resources: serde_json::Value| {
        let app = pod(&json!([{"name": "app", "resources": resources}]));
        suggested(&app, &measured())
    };
    let cpu = Some(10);
    let only_cpu = Suggestion {
        cpu_request: cpu,
        ..Suggestion::default()
    };
    assert_eq!(says(json!({"limits": {"memory": "1Gi"}})), Some(only_cpu));
    assert_eq!(says(json!({"requests": {"memory": "1Gi"}})), Some(only_cpu));
    assert_eq!(says(json!({"limits": {"cpu": "1", "memory": "1Gi"}})), None);
    let only_memory = says(json!({"requests": {"cpu": "1"}})).unwrap();
    assert_eq!((only_memory.cpu_request, only_memory.memory_limit), (None, Some(25)));
}

#[test]
fn hardly_anything_measured_is_nothing_suggested() {
    let app = pod(&json!([{"name": "app"}]));
    assert_eq!(suggested(&app, &[recording(&[(10, 20); 2])]), None);
    assert_eq!(suggested(&app, &[]), None);
    let small = suggested(&app, &[recording(&[(0, 1); 5])]).unwrap();
    assert_eq!(
        (small.cpu_request, small.memory_request, small.memory_limit),
        (Some(5), Some(1), Some(16))
    );
}

#[test]
fn containers_that_end_are_not_measured() {
    let init: PodSpec = serde_json::from_value(json!({"initContainers": [{"name": "app"}], "containers": []})).unwrap();
    assert_eq!(suggested(&init, &[recording(&[(10, 20); 9])]), None);
}

#[test]
fn a_suggestion_fills_what_is_left_open_and_is_then_complete() {
    let mut app = pod(&json!([{"name": "app", "resources": {"requests": {"cpu": "1"}}}, {"name": "other"}]));
    let measured = recording(&[(10, 20); 9]);
    let quantities = |values: BTreeMap<String, String>| {
        let values = values.into_iter().map(|(name, value)| (name, Quantity(value)));
        Some(values.collect())
    };
    let suggested = suggest(&app, &[&measured]).into_iter().map(|(container, suggestion)| {
        let (requests, limits) = suggestion.quantities();
        let resources = ResourceRequirements {
            requests: quantities(requests),
            limits: quantities(limits),
            ..ResourceRequirements::default()
        };
        (container, resources)
    });
    apply(&suggested.collect(), &mut app);
    assert_eq!(
        serde_json::to_value(&app.containers).unwrap(),
        json!([
            {"name": "app", "resources": {"requests": {"cpu": "1", "memory": "20Mi"}, "limits": {"memory": "25Mi"}}},
            {"name": "other"}
        ])
    );
    assert!(suggest(&app, &[&measured]).is_empty());
}

#[test]
fn only_what_probes_drove_every_time_was_exercised() {
    let calm = recording(&[]);
    let mut driven = recording(&[]);
    driven.fold(Sample::Probe(Probe {
        name: "get".to_owned(),
        mode: ProbeMode::Continuous,
        time_nanos: SECOND,
        passed: true,
        message: String::new(),
        port: None,
    }));
    let drivers = BTreeSet::from(["get"]);
    assert_eq!(exercise(&[&driven, &driven], &drivers), Exercise::Probed);
    assert_eq!(
        exercise(&[&driven], &BTreeSet::new()),
        Exercise::Unknown,
        "it asks nothing"
    );
    assert_eq!(exercise(&[&driven, &calm], &drivers), Exercise::Unknown);
    assert_eq!(exercise(&[], &drivers), Exercise::Unknown);
}

proptest! {
    #[test]
    fn a_limit_is_above_every_measurement_and_never_below_the_request(
        measured in prop::collection::vec((0_u64..5_000, 0_u64..5_000), 3..40)
    ) {
        let highest = measured.iter().map(|(_, mebibytes)| *mebibytes).max().unwrap();
        let suggestion = suggested(&pod(&json!([{"name": "app"}])), &[recording(&measured)]).unwrap();
        prop_assert!(suggestion.memory_limit.unwrap() >= highest.max(16));
        prop_assert!(suggestion.memory_limit >= suggestion.memory_request);
        prop_assert!(suggestion.cpu_request.is_none_or(|millicores| millicores % 5 == 0 && millicores > 0));
    }
}

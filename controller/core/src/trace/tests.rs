mod shape;

use super::*;
use crate::recording::{Mark, Moment};
use crate::search::Role;

const SECOND: i64 = 1_000_000_000;

fn at(seconds: i64) -> i64 {
    seconds * SECOND
}

fn attempt(number: u32, cloned: Option<i64>, ready: Option<i64>, lost: Option<i64>) -> Attempt {
    Attempt {
        number,
        job: format!("clone-{number}"),
        cloned: cloned.map(at),
        ready: ready.map(at),
        lost: lost.map(|seconds| Lost {
            at: at(seconds),
            why: "the worker's Job is gone".to_owned(),
        }),
    }
}

/// A run that passed at its first attempt.
fn passed() -> Run {
    Run {
        trace: trace_id("check-uid", 1, None),
        uid: "run-uid".to_owned(),
        name: "all".to_owned(),
        check: "web".to_owned(),
        namespace: "shop".to_owned(),
        target: Target {
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
        },
        role: Role::Candidate,
        settings: vec!["runAsNonRoot".to_owned()],
        clone: Some("clone".to_owned()),
        job_namespace: "temper-runs".to_owned(),
        created: at(0),
        started: Some(at(1)),
        attempts: vec![attempt(1, Some(2), Some(5), None)],
        recorded: Some(at(25)),
        ended: at(27),
        outcome: Outcome::Passed,
        message: None,
    }
}

fn marks(marks: &[(u32, Moment, i64)]) -> Vec<Mark> {
    let mark = |(attempt, moment, seconds): &(u32, Moment, i64)| Mark {
        moment: *moment,
        time_nanos: at(*seconds),
        message: String::new(),
        published: 7,
        lost: 0,
        attempt: *attempt,
    };
    marks.iter().map(mark).collect()
}

/// Name and seconds of every phase.
fn told(run: &Run) -> Vec<(&'static str, i64, i64)> {
    let told = |phased: &Phased| {
        (
            phased.phase.name(),
            phased.start_nanos / SECOND,
            phased.end_nanos / SECOND,
        )
    };
    phases(run).iter().map(told).collect()
}

fn named<'a>(spans: &'a [Span], name: &str, service: Service) -> Vec<&'a Span> {
    spans
        .iter()
        .filter(|span| span.name == name && span.service == service)
        .collect()
}

#[test]
fn ids_survive_every_process() {
    let trace = trace_id("0b5f6c1e-1111-2222-3333-444455556666", 1, None);
    assert_eq!(trace.to_string(), "9509c213af9e52bb68ce27adcb1f3ed4");
    assert_eq!(SpanId::of("uid", "run").to_string(), "5225279d7b8d87ab");
    let others = [
        trace_id("0b5f6c1e-1111-2222-3333-444455556666", 2, None),
        trace_id("0b5f6c1e-1111-2222-3333-444455556666", 1, Some("again")),
        trace_id("0b5f6c1e-1111-2222-3333-444455556667", 1, None),
    ];
    assert!(!others.contains(&trace), "{others:?}");
}

#[test]
fn a_context_is_read_as_it_was_written() {
    let (trace, span) = (trace_id("uid", 1, None), SpanId::of("uid", "run"));
    let text = traceparent(trace, span);
    assert_eq!(text.len(), 55);
    assert_eq!(parse_traceparent(&text), Ok((trace, span)));
    let (zero_trace, zero_span) = ("0".repeat(32), "0".repeat(16));
    for wrong in [
        String::new(),
        text.to_uppercase(),
        format!("{text}-00"),
        text.replacen("00-", "01-", 1),
        format!("00-{zero_trace}-{span}-01"),
        format!("00-{trace}-{zero_span}-01"),
        format!("00-{trace}-{span}-1"),
        format!("00-{span}-{trace}-01"),
    ] {
        assert_eq!(parse_traceparent(&wrong), Err(InvalidTraceparent(wrong.clone())));
    }
}

#[test]
fn a_run_that_passed() {
    let run = passed();
    let expected = [
        ("wait", 0, 1),
        ("clone", 1, 2),
        ("start", 2, 5),
        ("record", 5, 25),
        ("judge", 25, 27),
    ];
    assert_eq!(told(&run), expected);
    let cleaned = cleaned(&run, at(33));
    assert_eq!((cleaned.start_nanos, cleaned.end_nanos), (at(25), at(33)));
    let told = [
        (1, Moment::Started, 3),
        (1, Moment::Ready, 5),
        (1, Moment::Complete, 25),
    ];
    let spans = super::run(&run, &marks(&told));
    let [worker] = named(&spans, "record", Service::Worker)[..] else {
        panic!("{spans:#?}");
    };
    assert_eq!((worker.start_nanos, worker.end_nanos), (at(3), at(25)));
    assert_eq!(worker.parent, Some(job("run-uid", 1)));
    assert_eq!(
        worker.events,
        [Event {
            name: "ready",
            time_nanos: at(5)
        }]
    );
    assert!(spans.iter().all(|span| span.error.is_none()), "{spans:#?}");
}

#[test]
fn a_lost_worker_is_an_error_and_the_next_attempt_continues_it() {
    let run = Run {
        attempts: vec![
            attempt(1, Some(2), Some(5), Some(9)),
            attempt(2, Some(10), Some(5), None),
        ],
        recorded: Some(at(30)),
        ended: at(31),
        ..passed()
    };
    let expected = [
        ("wait", 0, 1),
        ("clone", 1, 2),
        ("start", 2, 5),
        ("record", 5, 9),
        ("clone", 9, 10),
        ("start", 10, 10),
        ("record", 10, 30),
        ("judge", 30, 31),
    ];
    assert_eq!(told(&run), expected);
    let told = [
        (1, Moment::Started, 3),
        (2, Moment::Started, 11),
        (2, Moment::Complete, 30),
    ];
    let spans = super::run(&run, &marks(&told));
    let [first, second] = named(&spans, "job", Service::Controller)[..] else {
        panic!("{spans:#?}");
    };
    assert_eq!(first.error.as_deref(), Some("the worker's Job is gone"));
    assert_eq!((first.start_nanos, first.end_nanos), (at(1), at(9)));
    assert_eq!((&first.links[..], &second.links[..]), (&[][..], &[first.id][..]));
    assert_eq!(second.error, None);
    let [lost, replaced] = named(&spans, "record", Service::Worker)[..] else {
        panic!("{spans:#?}");
    };
    assert!(lost.error.is_some() && replaced.error.is_none());
    assert_eq!(lost.end_nanos, at(9), "it said nothing more: it ends with its attempt");
}

#[test]
fn a_run_ends_wherever_it_is() {
    let early = Run {
        recorded: None,
        ended: at(7),
        outcome: Outcome::Failed,
        ..passed()
    };
    assert_eq!(told(&early).last(), Some(&("record", 5, 7)));
    let never_ready = Run {
        attempts: vec![attempt(1, Some(2), None, None)],
        ..passed()
    };
    assert_eq!(told(&never_ready)[2..], [("start", 2, 25), ("judge", 25, 27)]);
    let refused = Run {
        attempts: vec![attempt(1, None, None, None)],
        recorded: None,
        ended: at(2),
        outcome: Outcome::Error,
        message: Some("a volume would share state".to_owned()),
        ..passed()
    };
    assert_eq!(told(&refused), [("wait", 0, 1), ("clone", 1, 2)]);
    let spans = run(&refused, &[]);
    assert_eq!(spans[0].error, refused.message);
    assert!(named(&spans, "job", Service::Controller).is_empty(), "nothing was made");
    let given_up = Run {
        attempts: vec![
            attempt(1, Some(2), None, Some(5)),
            attempt(2, Some(6), None, Some(9)),
            attempt(3, Some(10), None, None),
        ],
        recorded: None,
        outcome: Outcome::Error,
        message: Some("infrastructure failed 3 times".to_owned()),
        ..passed()
    };
    let spans = run(&given_up, &[]);
    let jobs = named(&spans, "job", Service::Controller);
    assert!(
        jobs.len() == 3 && jobs.iter().all(|job| job.error.is_some()),
        "{jobs:#?}"
    );
    let cancelled = Run {
        started: None,
        attempts: vec![],
        recorded: None,
        outcome: Outcome::Cancelled,
        ..passed()
    };
    assert_eq!(told(&cancelled), [("wait", 0, 27)]);
}

#[test]
fn the_root_tells_how_the_check_ended() {
    let facts = Check {
        trace: trace_id("check-uid", 1, None),
        uid: "check-uid".to_owned(),
        name: "web".to_owned(),
        namespace: "shop".to_owned(),
        target: passed().target,
        created: at(0),
        ended: at(40),
        reason: "RunError".to_owned(),
        message: "run `all` could not be carried out".to_owned(),
        verified: false,
        failed: true,
        summary: None,
        runs: 3,
    };
    let root = check(&facts);
    assert_eq!((root.parent, root.error.as_ref()), (None, Some(&facts.message)));
    assert!(
        root.attributes
            .contains(&("k8s.deployment.name", Value::Text("web".to_owned())))
    );
    assert_eq!(run(&passed(), &[])[0].parent, Some(root.id));
}

//! The spans of one attempt of a run: its Job, and the worker in it.

use super::id::SpanId;
use super::phase::Phased;
use super::run::{Attempt, Run, below, job, whole_error};
use super::span::{Event, Kind, Service, Span, Value};
use crate::recording::{Mark, Moment};

/// From the first to the last phase of its attempt; none if no Job was made, or it has no phase.
pub(super) fn job_span(run: &Run, phases: &[Phased], attempt: &Attempt, before: Option<&Attempt>) -> Option<Span> {
    if attempt.cloned.is_none() && attempt.lost.is_none() {
        return None;
    }
    let mut own = phases.iter().filter(|phased| phased.attempt == Some(attempt.number));
    let first = own.next()?;
    let end = own.next_back().unwrap_or(first);
    // The attempt that infrastructure was given up with is not replaced: it ends as the run does.
    let lost = attempt.lost.as_ref().map(|lost| lost.why.clone());
    let mut attributes = below(run, Some(attempt.number));
    attributes.push(("k8s.namespace.name", Value::Text(run.job_namespace.clone())));
    attributes.push(("k8s.job.name", Value::Text(attempt.job.clone())));
    Some(Span {
        trace: run.trace,
        id: job(&run.uid, attempt.number),
        parent: Some(Run::span_id(&run.uid)),
        service: Service::Controller,
        kind: Kind::Producer,
        name: "job".to_owned(),
        start_nanos: first.start_nanos,
        end_nanos: end.end_nanos,
        attributes,
        events: Vec::new(),
        links: before.map(|before| job(&run.uid, before.number)).into_iter().collect(),
        error: lost.or_else(|| whole_error(run)),
    })
}

/// What the marks of an attempt's worker tell; none if it was lost before it could say anything.
pub(super) fn worker_span(run: &Run, job: &Span, attempt: &Attempt, marks: &[Mark]) -> Option<Span> {
    let own = |mark: &&Mark, moment: Moment| mark.attempt == attempt.number && mark.moment == moment;
    let at = |moment: Moment| {
        marks
            .iter()
            .filter(|mark| own(mark, moment))
            .min_by_key(|mark| mark.time_nanos)
    };
    let within = |time: i64| time.clamp(job.start_nanos, job.end_nanos);
    let start_nanos = within(at(Moment::Started)?.time_nanos);
    let end = [Moment::Complete, Moment::NeverReady, Moment::Interrupted]
        .into_iter()
        .find_map(at);
    let end_nanos = end.map_or(job.end_nanos, |end| within(end.time_nanos)).max(start_nanos);
    let ready = at(Moment::Ready).map(|mark| Event {
        name: "ready",
        time_nanos: mark.time_nanos.clamp(start_nanos, end_nanos),
    });
    let mut attributes = job.attributes.clone();
    if let Some(end) = end {
        attributes.push(("temper.worker.published", Value::count(end.published)));
        attributes.push(("temper.worker.lost", Value::count(end.lost)));
    }
    Some(Span {
        trace: run.trace,
        id: SpanId::of(&run.uid, &format!("worker/{}", attempt.number)),
        parent: Some(job.id),
        service: Service::Worker,
        kind: Kind::Consumer,
        name: "record".to_owned(),
        start_nanos,
        end_nanos,
        attributes,
        events: ready.into_iter().collect(),
        links: Vec::new(),
        error: job.error.clone(),
    })
}

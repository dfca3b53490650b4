//! The span of the check itself: the root of its trace.

use super::Target;
use super::id::{SpanId, TraceId};
use super::span::{Kind, Service, Span, Value};

/// A check that has ended, as its object shows it. Times are nanoseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its trace.
    pub trace: TraceId,
    /// UID.
    pub uid: String,
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// The workload.
    pub target: Target,
    /// Its object was created.
    pub created: i64,
    /// Its verdict stood, or it was deleted.
    pub ended: i64,
    /// Reason of its end, such as Verified.
    pub reason: String,
    /// One sentence about that.
    pub message: String,
    /// Its recommendation was verified.
    pub verified: bool,
    /// It ended without an answer about the workload.
    pub failed: bool,
    /// Settings proven of settings applicable, such as `5/7`.
    pub summary: Option<String>,
    /// Runs that it made.
    pub runs: usize,
}

impl Check {
    /// Its own span: the root of the trace.
    pub fn span_id(trace: TraceId) -> SpanId {
        SpanId::of(&trace.to_string(), "check")
    }
}

/// The span of a check that has ended.
pub fn check(check: &Check) -> Span {
    let mut attributes = vec![
        ("k8s.namespace.name", Value::Text(check.namespace.clone())),
        check.target.attribute(),
        ("temper.check.name", Value::Text(check.name.clone())),
        ("temper.check.uid", Value::Text(check.uid.clone())),
        ("temper.check.reason", Value::Text(check.reason.clone())),
        ("temper.check.message", Value::Text(check.message.clone())),
        ("temper.check.verified", Value::Flag(check.verified)),
        ("temper.check.runs", Value::count(check.runs)),
    ];
    let summary = check.summary.clone();
    attributes.extend(summary.map(|summary| ("temper.check.summary", Value::Text(summary))));
    Span {
        trace: check.trace,
        id: Check::span_id(check.trace),
        parent: None,
        service: Service::Controller,
        kind: Kind::Internal,
        name: "check".to_owned(),
        start_nanos: check.created,
        end_nanos: check.ended.max(check.created),
        attributes,
        events: Vec::new(),
        links: Vec::new(),
        error: check.failed.then(|| check.message.clone()),
    }
}

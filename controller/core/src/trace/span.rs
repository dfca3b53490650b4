//! What a span says, apart from how it is sent.

use super::id::{SpanId, TraceId};

/// One span: a thing with a beginning and an end. Times are nanoseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The trace of its check.
    pub trace: TraceId,
    /// Its id: the same, whoever writes it and however often.
    pub id: SpanId,
    /// The span above; none for the check itself.
    pub parent: Option<SpanId>,
    /// Who did it.
    pub service: Service,
    /// Its part in a conversation.
    pub kind: Kind,
    /// Short, and the same for the same kind of thing.
    pub name: String,
    /// When it began.
    pub start_nanos: i64,
    /// When it ended; never before it began.
    pub end_nanos: i64,
    /// What else is known.
    pub attributes: Attributes,
    /// Moments within it.
    pub events: Vec<Event>,
    /// Spans of the same trace that it continues.
    pub links: Vec<SpanId>,
    /// Why it is an error. A workload that fails under a setting is evidence, not an error.
    pub error: Option<String>,
}

/// Names and values; names are OpenTelemetry's where it has one, and else begin with `temper.`.
pub type Attributes = Vec<(&'static str, Value)>;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// Texts, in order.
    Texts(Vec<String>),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

impl Value {
    /// A number of things; more than a signed number holds is as many as it holds.
    pub(super) fn count(number: impl TryInto<i64>) -> Self {
        Self::Number(number.try_into().unwrap_or(i64::MAX))
    }
}

/// A moment within a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub name: &'static str,
    /// When.
    pub time_nanos: i64,
}

/// Who did what a span tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The controller.
    Controller,
    /// A worker. It sends no spans: it is small, may be killed at any moment, and needs no way to a collector, because
    /// the marks that it publishes say everything.
    Worker,
}

/// A span's part in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// None.
    Internal,
    /// It asks for work that is done elsewhere.
    Producer,
    /// It is that work.
    Consumer,
}

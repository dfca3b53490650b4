//! The spans of one run.

use strum::IntoStaticStr;

use super::Target;
use super::attempt::{job_span, worker_span};
use super::id::{SpanId, TraceId};
use super::phase::{Phase, Phased, phases};
use super::span::{Attributes, Kind, Service, Span, Value};
use crate::recording::Mark;
use crate::search::Role;

/// A run that has ended, as its object shows it. Times are nanoseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The trace of its check.
    pub trace: TraceId,
    /// UID of the run.
    pub uid: String,
    /// Short name within the check.
    pub name: String,
    /// Name of the check.
    pub check: String,
    /// Namespace of check and workload.
    pub namespace: String,
    /// The workload.
    pub target: Target,
    /// What it was for.
    pub role: Role,
    /// Ids of the settings under test.
    pub settings: Vec<String>,
    /// Namespace of the clone, if it left Pending.
    pub clone: Option<String>,
    /// Namespace of the worker's Job.
    pub job_namespace: String,
    /// Its object was created.
    pub created: i64,
    /// It left Pending.
    pub started: Option<i64>,
    /// Its attempts in order, the one that ended it last; none if it never left Pending.
    pub attempts: Vec<Attempt>,
    /// The worker had recorded everything.
    pub recorded: Option<i64>,
    /// It ended.
    pub ended: i64,
    /// What came of it.
    pub outcome: Outcome,
    /// One sentence about that.
    pub message: Option<String>,
}

/// One attempt of a run: one worker on the clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Counts from 1.
    pub number: u32,
    /// Name of the worker's Job.
    pub job: String,
    /// All objects were made.
    pub cloned: Option<i64>,
    /// Every Pod of the clone was Ready.
    pub ready: Option<i64>,
    /// Set where infrastructure failed and another attempt followed.
    pub lost: Option<Lost>,
}

/// How an attempt was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// When it was given up.
    pub at: i64,
    /// Why, for people.
    pub why: String,
}

/// What came of a run. The text is what spans and metrics call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// The workload works.
    Passed,
    /// It works and says something new.
    Warned,
    /// It does not work.
    Failed,
    /// It could not be decided.
    Inconclusive,
    /// Infrastructure failed.
    Error,
    /// Its check ended or was deleted first.
    Cancelled,
}

/// The spans of a run that has ended: its own, those of its phases, its Jobs and, from their marks, its workers.
pub fn run(run: &Run, marks: &[Mark]) -> Vec<Span> {
    let phases = phases(run);
    let mut spans = vec![whole(run)];
    spans.extend(phases.iter().map(|phased| phase(run, phased)));
    for (index, attempt) in run.attempts.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| run.attempts.get(index));
        let Some(job) = job_span(run, &phases, attempt, before) else {
            continue;
        };
        let worker = worker_span(run, &job, attempt, marks);
        spans.push(job);
        spans.extend(worker);
    }
    spans
}

/// The span of a run's cleaning up, which ended when nothing that the run made was left.
pub fn cleaned(run: &Run, at: i64) -> Span {
    let start = run.recorded.unwrap_or(run.ended).clamp(run.created, run.end());
    phase(
        run,
        &Phased {
            phase: Phase::CleanUp,
            attempt: None,
            start_nanos: start,
            end_nanos: at.max(start),
        },
    )
}

/// The span of an attempt's Job, under which its worker works.
pub fn job(run_uid: &str, attempt: u32) -> SpanId {
    SpanId::of(run_uid, &format!("job/{attempt}"))
}

impl Run {
    /// Its own span.
    pub fn span_id(uid: &str) -> SpanId {
        SpanId::of(uid, "run")
    }

    /// When it ended, whatever clocks say not before it was created.
    pub(super) fn end(&self) -> i64 {
        self.ended.max(self.created)
    }

    /// What spans and metrics call its role.
    pub fn role_name(&self) -> &'static str {
        match self.role {
            Role::Baseline => "baseline",
            Role::Candidate => "candidate",
            Role::Verification => "verification",
        }
    }
}

fn whole(run: &Run) -> Span {
    let mut attributes = vec![
        ("k8s.namespace.name", Value::Text(run.namespace.clone())),
        run.target.attribute(),
        ("temper.check.name", Value::Text(run.check.clone())),
        ("temper.run.name", Value::Text(run.name.clone())),
        ("temper.run.uid", Value::Text(run.uid.clone())),
        ("temper.run.role", Value::Text(run.role_name().to_owned())),
        ("temper.run.settings", Value::Texts(run.settings.clone())),
        ("temper.run.outcome", Value::Text(<&str>::from(run.outcome).to_owned())),
        ("temper.run.attempts", Value::count(run.attempts.len())),
    ];
    attributes.extend(
        run.clone
            .clone()
            .map(|clone| ("temper.clone.namespace", Value::Text(clone))),
    );
    attributes.extend(
        run.message
            .clone()
            .map(|message| ("temper.run.message", Value::Text(message))),
    );
    Span {
        trace: run.trace,
        id: Run::span_id(&run.uid),
        parent: Some(super::Check::span_id(run.trace)),
        service: Service::Controller,
        kind: Kind::Internal,
        name: format!("run {}", run.name),
        start_nanos: run.created,
        end_nanos: run.end(),
        attributes,
        events: Vec::new(),
        links: Vec::new(),
        error: whole_error(run),
    }
}

/// Why the run is an error, if infrastructure failed.
pub(super) fn whole_error(run: &Run) -> Option<String> {
    let why = || {
        run.message
            .clone()
            .unwrap_or_else(|| "infrastructure failed".to_owned())
    };
    (run.outcome == Outcome::Error).then(why)
}

/// What every span below a run says, so that each can be found by itself.
pub(super) fn below(run: &Run, attempt: Option<u32>) -> Attributes {
    let mut attributes = vec![("temper.run.name", Value::Text(run.name.clone()))];
    attributes.extend(attempt.map(|attempt| ("temper.attempt", Value::Number(attempt.into()))));
    attributes
}

fn phase(run: &Run, phased: &Phased) -> Span {
    let name = phased.phase.name();
    let part = phased
        .attempt
        .map_or_else(|| name.to_owned(), |attempt| format!("{name}/{attempt}"));
    Span {
        trace: run.trace,
        id: SpanId::of(&run.uid, &part),
        parent: Some(Run::span_id(&run.uid)),
        service: Service::Controller,
        kind: Kind::Internal,
        name: name.to_owned(),
        start_nanos: phased.start_nanos,
        end_nanos: phased.end_nanos,
        attributes: below(run, phased.attempt),
        events: Vec::new(),
        links: Vec::new(),
        error: None,
    }
}

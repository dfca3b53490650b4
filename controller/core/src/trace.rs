//! The trace of a check: from what is known of it to spans.
//!
//! A span here is no live object that somebody must keep until it ends. Whoever finishes a thing writes its span, with
//! start and end, from what the status of the thing and its recording hold. So a process that is killed leaves no
//! hole: the next one knows as much. Ids follow from UIDs, so what is written twice is the same span.
//!
//! ```text
//! check                                     from its creation to its verdict
//! ├─ run baseline-1                         from its creation to its end
//! │  ├─ wait ─ clone ─ start ─ record ─ judge    one begins where the other ends
//! │  ├─ clean up                            may outlast the run and the check
//! │  ├─ job (attempt 1)
//! │  │  └─ record                           of the worker, told by its marks
//! │  └─ job (attempt 2) ─link▶ job (attempt 1)
//! └─ run all …
//! ```

mod attempt;
mod check;
mod id;
mod phase;
mod run;
mod span;

pub use check::{Check, check};
pub use id::{InvalidTraceparent, SpanId, TraceId, parse_traceparent, trace_id, traceparent};
pub use phase::{Phase, Phased, phases};
pub use run::{Attempt, Lost, Outcome, Run, cleaned, job, run};
pub use span::{Attributes, Event, Kind, Service, Span, Value};

/// The workload that something is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Kind, such as Deployment.
    pub kind: String,
    /// Name.
    pub name: String,
}

impl Target {
    /// As OpenTelemetry's conventions name it; kinds that they do not know are told by our own name.
    fn attribute(&self) -> (&'static str, Value) {
        let key = match self.kind.as_str() {
            "Deployment" => "k8s.deployment.name",
            "StatefulSet" => "k8s.statefulset.name",
            "DaemonSet" => "k8s.daemonset.name",
            "ReplicaSet" => "k8s.replicaset.name",
            "Job" => "k8s.job.name",
            "CronJob" => "k8s.cronjob.name",
            "Pod" => "k8s.pod.name",
            _ => "temper.target.name",
        };
        (key, Value::Text(self.name.clone()))
    }
}

#[cfg(test)]
mod tests;

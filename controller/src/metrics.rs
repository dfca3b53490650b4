//! Every metric, registered in one place.

mod checks;
mod labels;

use std::time::Instant;

use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram};
use prometheus_client::registry::{Metric, Registry};
use temper_api::FindingRecord;
use temper_core::run::Job;
use temper_core::trace::{Phase, Run, phases};

pub(crate) use self::checks::Checks;
use self::labels::{Category, ENDED_EARLY, Ended, FAILED, GONE, ORPHANS, OfPhase, Reason, Rule};
pub(crate) use self::labels::{Failure, Kind};
use crate::error::Error;

/// A histogram by labels.
type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// What the controller counts.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    /// Checks as they are.
    pub(crate) checks: Checks,
    /// Seconds from the creation of a check to its end, by the reason of that.
    pub(crate) check_duration: Histograms<Reason>,
    /// Runs that ended.
    pub(crate) runs_ended: Family<Ended, Counter>,
    /// Seconds that runs spent in each phase.
    pub(crate) run_phase_duration: Histograms<OfPhase>,
    /// Workers that were lost and replaced.
    pub(crate) workers_replaced: Family<Reason, Counter>,
    /// Places that runs hold.
    pub(crate) places_held: Gauge,
    /// Runs that wait for a place.
    pub(crate) runs_waiting: Gauge,
    /// Clones that exist, as the janitor last saw.
    pub(crate) clones: Gauge,
    /// What the janitor removed.
    pub(crate) orphans_removed: Family<Kind, Counter>,
    /// Findings of the oracles.
    pub(crate) findings: Family<Rule, Counter>,
    /// Messages taken from JetStream.
    pub(crate) messages_ingested: Counter,
    /// Messages that are not what the wire says.
    pub(crate) messages_malformed: Counter,
    /// Seconds between a message's arrival at JetStream and here.
    pub(crate) ingest_delay: Histogram,
    /// Seconds that reconciles took, by kind.
    pub(crate) reconcile_duration: Histograms<Kind>,
    /// Reconciles that failed and are repeated.
    pub(crate) reconcile_failures: Family<Failure, Counter>,
    /// Requests to the API server that failed.
    pub(crate) kubernetes_request_errors: Family<Category, Counter>,
    /// 1 while this process may write.
    pub(crate) leader: Gauge,
    /// Spans that were sent.
    pub(crate) spans_exported: Counter,
    /// Spans that no collector took.
    pub(crate) spans_lost: Counter,
}

impl Metrics {
    /// Makes the metrics and the registry that shows them.
    pub(crate) fn register() -> (Self, Registry) {
        let mut all = Registry::with_prefix("temper");
        let all_ref = &mut all;
        let metrics = Self {
            checks: Checks::register(all_ref),
            check_duration: add(
                all_ref,
                "check_duration_seconds",
                "From the creation of a check to its end",
                Family::new_with_constructor(hours),
            ),
            runs_ended: add(all_ref, "runs_ended", "Runs that ended", Family::default()),
            run_phase_duration: add(
                all_ref,
                "run_phase_duration_seconds",
                "Time that runs spent in each phase; `wait` is the time in line",
                Family::new_with_constructor(minutes),
            ),
            workers_replaced: add(
                all_ref,
                "workers_replaced",
                "Workers that were lost and replaced",
                Family::default(),
            ),
            places_held: add(all_ref, "places_held", "Places that runs hold", Gauge::default()),
            runs_waiting: add(all_ref, "runs_waiting", "Runs that wait for a place", Gauge::default()),
            clones: add(
                all_ref,
                "clones",
                "Namespaces that Temper made, as of the last minute",
                Gauge::default(),
            ),
            orphans_removed: add(
                all_ref,
                "orphans_removed",
                "Objects that no run answered for and that were removed",
                Family::default(),
            ),
            findings: add(all_ref, "findings", "Findings of the oracles", Family::default()),
            messages_ingested: add(
                all_ref,
                "messages_ingested",
                "Messages taken from JetStream",
                Counter::default(),
            ),
            messages_malformed: add(
                all_ref,
                "messages_malformed",
                "Messages that could not be decoded",
                Counter::default(),
            ),
            ingest_delay: add(
                all_ref,
                "ingest_delay_seconds",
                "From a message's arrival at JetStream to its being read; long after a restart, which reads all again",
                minutes(),
            ),
            reconcile_duration: add(
                all_ref,
                "reconcile_duration_seconds",
                "Time that reconciles took",
                Family::new_with_constructor(seconds),
            ),
            reconcile_failures: add(
                all_ref,
                "reconcile_failures",
                "Reconciles that failed and are repeated",
                Family::default(),
            ),
            kubernetes_request_errors: add(
                all_ref,
                "kubernetes_request_errors",
                "Requests to the API server that failed a reconcile",
                Family::default(),
            ),
            leader: add(
                all_ref,
                "leader",
                "Whether this process is the one that writes",
                Gauge::default(),
            ),
            spans_exported: add(all_ref, "spans_exported", "Spans that were sent", Counter::default()),
            spans_lost: add(
                all_ref,
                "spans_lost",
                "Spans that no collector took",
                Counter::default(),
            ),
        };
        // An alert on the first of these needs the zero before it.
        for kind in ORPHANS {
            drop(metrics.orphans_removed.get_or_create(&Kind { kind }));
        }
        for reason in [FAILED, GONE, ENDED_EARLY] {
            drop(metrics.workers_replaced.get_or_create(&Reason { reason }));
        }
        (metrics, all)
    }

    /// A check ended with this reason, so long after its creation.
    pub(crate) fn check_ended(&self, reason: &str, seconds: f64) {
        let reason = checks::known(reason);
        self.check_duration.get_or_create(&Reason { reason }).observe(seconds);
    }

    /// A run ended.
    pub(crate) fn run_ended(&self, run: &Run, findings: &[FindingRecord]) {
        let (outcome, role) = (run.outcome.into(), run.role_name());
        self.runs_ended.get_or_create(&Ended { outcome, role }).inc();
        for phased in phases(run) {
            self.phase_ended(phased.phase, phased.end_nanos - phased.start_nanos);
        }
        for finding in findings {
            let labels = Rule {
                rule: finding.rule.clone(),
                weight: format!("{:?}", finding.weight),
            };
            self.findings.get_or_create(&labels).inc();
        }
    }

    /// A run left a phase.
    pub(crate) fn phase_ended(&self, phase: Phase, nanos: i64) {
        let seconds = std::time::Duration::from_nanos(nanos.unsigned_abs()).as_secs_f64();
        let phase = phase.name();
        self.run_phase_duration
            .get_or_create(&OfPhase { phase })
            .observe(seconds);
    }

    /// A worker was lost, as its Job shows.
    pub(crate) fn worker_replaced(&self, job: &Job) {
        let reason = match job {
            Job::Failed(_) => FAILED,
            Job::Absent => GONE,
            Job::Active | Job::Succeeded => ENDED_EARLY,
        };
        self.workers_replaced.get_or_create(&Reason { reason }).inc();
    }

    /// A reconcile failed; whether or not it counts as a failure, a request may have.
    pub(crate) fn request_failed(&self, error: &Error) {
        if let Some(category) = error.request() {
            self.kubernetes_request_errors
                .get_or_create(&Category { category })
                .inc();
        }
    }

    /// Measures a reconcile.
    pub(crate) async fn timed<T>(&self, kind: &'static str, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let outcome = work.await;
        let elapsed = began.elapsed().as_secs_f64();
        self.reconcile_duration.get_or_create(&Kind { kind }).observe(elapsed);
        outcome
    }
}

fn add<M: Metric + Clone>(all: &mut Registry, name: &str, help: &str, metric: M) -> M {
    all.register(name, help, metric.clone());
    metric
}

/// For what takes moments.
fn seconds() -> Histogram {
    Histogram::new([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
    ])
}

/// For what takes seconds to minutes.
fn minutes() -> Histogram {
    Histogram::new([
        0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
    ])
}

/// For what takes minutes to a day.
fn hours() -> Histogram {
    Histogram::new([
        15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 3600.0, 7200.0, 14_400.0, 43_200.0, 86_400.0,
    ])
}

#[cfg(test)]
mod tests;

//! Logs: one JSON object a line, fields instead of interpolation, and the trace that a line belongs to.

use kube::ResourceExt as _;
use temper_api::{CheckRun, WorkloadHardeningCheck};
use temper_core::trace::{Check, Run};
use tracing::{Span, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::args::LogFormat;
use crate::trace;

/// Starts logging. `RUST_LOG` sets the level.
pub(crate) fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,kube=warn"));
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Json => registry.with(json(std::io::stdout)).init(),
        LogFormat::Text => registry.with(fmt::layer()).init(),
    }
}

/// The innermost span alone: those of ours do not nest, and those of libraries say nothing that we need.
fn json<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer)
}

/// What every line about a check carries. At level error, so that no filter parts a line from its trace.
pub(crate) fn of_check(check: &WorkloadHardeningCheck) -> Span {
    let trace = trace::of_check(check);
    tracing::error_span!(
        "check",
        trace_id = %trace,
        span_id = %Check::span_id(trace),
        namespace = check.namespace().unwrap_or_default(),
        check = check.name_any(),
    )
}

/// What every line about a run carries.
pub(crate) fn of_run(run: &CheckRun) -> Span {
    tracing::error_span!(
        "run",
        trace_id = %trace::of_run(run),
        span_id = %Run::span_id(&run.uid().unwrap_or_default()),
        namespace = run.namespace().unwrap_or_default(),
        check = run.spec.check.name,
        run = run.spec.run,
    )
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex, PoisonError};

    use serde_json::{Value, json};

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_carries_its_trace_whatever_the_filter() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::registry()
            .with(EnvFilter::new("error"))
            .with(json(move || writer.clone()));
        let mut run = trace::tests::run();
        run.metadata.annotations = None;
        tracing::subscriber::with_default(subscriber, || {
            of_run(&run).in_scope(|| tracing::error!(attempt = 2, "worker is replaced"));
            tracing::warn!("the filter holds");
        });
        let bytes = written.0.lock().unwrap().clone();
        let mut line: Value = serde_json::from_slice(&bytes).unwrap();
        let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert!(time.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{time}");
        let expected = json!({
            "level": "ERROR",
            "target": "temper_controller::telemetry::tests",
            "message": "worker is replaced",
            "attempt": 2,
            "span": {
                "name": "run",
                "trace_id": trace::of_run(&run).to_string(),
                "span_id": Run::span_id("run-uid").to_string(),
                "namespace": "shop",
                "check": "web",
                "run": "all",
            }
        });
        assert_eq!(line, expected);
    }
}

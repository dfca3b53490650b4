//! The worker's own log, on standard error. Every line carries the trace of the run.
//!
//! The worker sends no spans: it is small, it may be killed at any moment, and so it needs no way to a collector. What
//! its marks say is enough for the controller to write them.

use tracing::{Span, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::args::{LogFormat, RecordArgs};

/// Sends the log to standard error; `RUST_LOG` chooses what.
pub(crate) fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Json => registry.with(json(std::io::stderr)).init(),
        LogFormat::Text => registry.with(fmt::layer().with_writer(std::io::stderr)).init(),
    }
}

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

/// What every line carries. At level error, so that no filter parts a line from its trace.
pub(crate) fn span(args: &RecordArgs) -> Span {
    let (trace_id, span_id) = args.traceparent.as_deref().and_then(ids).unwrap_or_default();
    tracing::error_span!(
        "record",
        trace_id,
        span_id,
        namespace = args.namespace,
        run = args.run,
        attempt = args.attempt,
    )
}

/// The ids of trace and span in a W3C trace context.
fn ids(traceparent: &str) -> Option<(&str, &str)> {
    let mut parts = traceparent.split('-').skip(1);
    let (trace, span) = (parts.next()?, parts.next()?);
    let is_id = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id(trace, 32) && is_id(span, 16)).then_some((trace, span))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    fn args(traceparent: &str) -> RecordArgs {
        let line = format!(
            "temper-worker record --namespace n --selector a=b --check-uid u --run all --run-uid v --attempt 2 \
             --duration 10 --start-deadline 60 --nats-url nats://n --traceparent {traceparent}"
        );
        // Not `parse_from`: that one ends the whole process where a word is missing.
        let Command::Record(args) = Cli::try_parse_from(line.split_whitespace()).unwrap().command else {
            panic!("{line}");
        };
        *args
    }

    #[test]
    fn a_line_carries_the_trace_of_the_run() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let writer: Arc<File> = Arc::new(file.reopen().unwrap());
        let subscriber = tracing_subscriber::registry()
            .with(EnvFilter::new("warn"))
            .with(json(writer));
        let args = args("00-9509c213af9e52bb68ce27adcb1f3ed4-5225279d7b8d87ab-01");
        tracing::subscriber::with_default(subscriber, || {
            let _entered = span(&args).entered();
            tracing::warn!(part = "pod/1", "publishing failed and is repeated");
            tracing::info!("the filter holds");
        });
        let text = std::fs::read_to_string(file.path()).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "name": "record",
            "trace_id": "9509c213af9e52bb68ce27adcb1f3ed4",
            "span_id": "5225279d7b8d87ab",
            "namespace": "n",
            "run": "all",
            "attempt": 2
        });
        assert_eq!(line["span"], expected);
        assert_eq!(
            (line["part"].as_str(), line["level"].as_str()),
            (Some("pod/1"), Some("WARN"))
        );
    }

    #[test]
    fn what_is_no_context_is_no_trace() {
        assert_eq!(ids("00-9509-5225279d7b8d87ab-01"), None);
        assert_eq!(ids(""), None);
    }
}

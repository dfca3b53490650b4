//! Sends spans to a collector by OTLP, at once: nothing waits in this process for a later export.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use temper_core::trace::{self, Kind, Service, Span};
use tokio::sync::Mutex;

use super::client::{self, Client};
use super::settings::{self, Settings};
use crate::error::chain;
use crate::metrics::Metrics;

/// Where spans go; nowhere unless somebody asked for it.
#[derive(Debug)]
pub(crate) struct Exporter {
    otlp: Option<Otlp>,
    metrics: Metrics,
}

#[derive(Debug)]
struct Otlp {
    /// OpenTelemetry allows one export at a time.
    services: Mutex<[(Service, SpanExporter); 2]>,
    client: Client,
    timeout: Duration,
}

/// Why there is no exporter.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Unsupported(#[from] settings::Unsupported),
    #[error(transparent)]
    Client(#[from] client::Error),
    #[error("failed to make the exporter of spans")]
    Build(#[from] ExporterBuildError),
}

impl Exporter {
    /// As the standard variables say. Where they ask for what cannot be done, that is logged and no span is sent.
    pub(crate) fn from_env(metrics: Metrics) -> Self {
        Self::from(metrics, |name| std::env::var(name).ok())
    }

    fn from(metrics: Metrics, variable: impl Fn(&str) -> Option<String>) -> Self {
        let otlp = otlp(&metrics, variable).unwrap_or_else(|error| {
            tracing::error!(error = chain(&error), "no spans are exported");
            None
        });
        Self { otlp, metrics }
    }

    /// Whether spans go anywhere.
    pub(crate) fn is_on(&self) -> bool {
        self.otlp.is_some()
    }

    /// Sends spans and waits until they were taken, or for the timeout. A failure is logged and counted, and nothing
    /// else changes.
    pub(crate) async fn export(&self, spans: Vec<Span>) {
        let Some(otlp) = &self.otlp else { return };
        let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        let failed = match tokio::time::timeout(otlp.timeout, otlp.export(spans)).await {
            Ok(Ok(())) => {
                self.metrics.spans_exported.inc_by(count);
                return;
            }
            Ok(Err(error)) => otlp.client.why().unwrap_or_else(|| chain(&error)),
            Err(_) => format!("the collector did not take them within {} ms", otlp.timeout.as_millis()),
        };
        self.metrics.spans_lost.inc_by(count);
        tracing::warn!(spans = count, error = failed, "spans were lost");
    }
}

impl Otlp {
    async fn export(&self, spans: Vec<Span>) -> opentelemetry_sdk::error::OTelSdkResult {
        let services = self.services.lock().await;
        for (service, exporter) in &*services {
            let own = spans.iter().filter(|span| span.service == *service);
            let own: Vec<SpanData> = own.map(data).collect();
            if !own.is_empty() {
                exporter.export(own).await?;
            }
        }
        Ok(())
    }
}

fn otlp(metrics: &Metrics, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Otlp>, Error> {
    let Some(settings) = settings::read(variable)? else {
        return Ok(None);
    };
    let client = Client::new(&settings, metrics.clone())?;
    let exporter = |service: Service| -> Result<_, Error> {
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_endpoint(settings.endpoint.to_string())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(settings.timeout)
            .build()?;
        exporter.set_resource(&resource(service, &settings));
        Ok((service, exporter))
    };
    let services = Mutex::new([exporter(Service::Controller)?, exporter(Service::Worker)?]);
    let host = settings.endpoint.host().unwrap_or_default();
    tracing::info!(host, "spans are exported");
    Ok(Some(Otlp {
        services,
        client,
        timeout: settings.timeout,
    }))
}

/// Who a span is from. `OTEL_RESOURCE_ATTRIBUTES` hold for both, a name that the user chose for the controller alone.
fn resource(service: Service, settings: &Settings) -> Resource {
    let builder = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    match service {
        Service::Controller if settings.is_named => builder,
        Service::Controller => builder.with_service_name("temper-controller"),
        Service::Worker => builder.with_service_name("temper-worker"),
    }
    .build()
}

/// A span in OpenTelemetry's own terms.
fn data(span: &Span) -> SpanData {
    let mut events = SpanEvents::default();
    let event = |event: &trace::Event| opentelemetry::trace::Event::new(event.name, time(event.time_nanos), vec![], 0);
    events.events = span.events.iter().map(event).collect();
    let mut links = SpanLinks::default();
    let link = |id: &trace::SpanId| opentelemetry::trace::Link::new(context(span.trace, *id), vec![], 0);
    links.links = span.links.iter().map(link).collect();
    SpanData {
        span_context: context(span.trace, span.id),
        parent_span_id: span
            .parent
            .map_or(SpanId::INVALID, |id| SpanId::from_bytes(id.to_bytes())),
        // A worker's parent is a span of the controller's.
        parent_span_is_remote: span.service == Service::Worker,
        span_kind: match span.kind {
            Kind::Internal => SpanKind::Internal,
            Kind::Producer => SpanKind::Producer,
            Kind::Consumer => SpanKind::Consumer,
        },
        name: span.name.clone().into(),
        start_time: time(span.start_nanos),
        end_time: time(span.end_nanos),
        attributes: span
            .attributes
            .iter()
            .map(|(key, value)| KeyValue::new(*key, self::value(value)))
            .collect(),
        dropped_attributes_count: 0,
        events,
        links,
        status: span.error.clone().map_or(Status::Unset, Status::error),
        instrumentation_scope: InstrumentationScope::builder("temper")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build(),
    }
}

fn context(trace: trace::TraceId, span: trace::SpanId) -> SpanContext {
    let (trace, span) = (
        TraceId::from_bytes(trace.to_bytes()),
        SpanId::from_bytes(span.to_bytes()),
    );
    SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::NONE)
}

fn value(value: &trace::Value) -> Value {
    match value {
        trace::Value::Text(text) => text.clone().into(),
        trace::Value::Texts(texts) => {
            Value::Array(Array::String(texts.iter().cloned().map(StringValue::from).collect()))
        }
        trace::Value::Number(number) => (*number).into(),
        trace::Value::Flag(flag) => (*flag).into(),
    }
}

fn time(nanos: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
}

#[cfg(test)]
mod tests;

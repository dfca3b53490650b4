//! What an OpenTelemetry collector received, read from its output.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{AsyncBufReadExt as _, TryStreamExt as _};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use kube::api::{DeleteParams, ListParams, LogParams};
use kube::{Api, ResourceExt};
use serde_json::Value;

use crate::bed::Bed;

/// Name of the collector's objects, and of the host in the endpoint that Temper is installed with.
pub const COLLECTOR: &str = "otel-collector";

/// Spans are sent before anybody can see that something ended: only the collector's own output takes time.
const PATIENCE: Duration = Duration::from_mins(1);

/// A span as the collector wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Trace id, in hexadecimal digits.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// Id of its parent; none for a root.
    pub parent: Option<String>,
    /// The resource's `service.name`.
    pub service: String,
    /// Name.
    pub name: String,
    /// Begin, in nanoseconds since the Unix epoch.
    pub start: u64,
    /// End, likewise.
    pub end: u64,
    /// Attributes that are texts or numbers, as texts.
    pub attributes: BTreeMap<String, String>,
    /// Names of its events.
    pub events: Vec<String>,
    /// Ids of the spans that it links to.
    pub links: Vec<String>,
    /// Its status is Error.
    pub is_error: bool,
}

impl Span {
    /// The value of an attribute; empty if it has none.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// Whether another one lies within it.
    pub fn encloses(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// The collector of `e2e/workloads/otel-collector.yaml`: what is sent to it can be read from its output.
#[expect(missing_debug_implementations, reason = "a client has none")]
pub struct Collector {
    bed: Bed,
}

impl Collector {
    /// Starts it in the namespace of a bed, and waits until it is Ready.
    pub async fn start(bed: &Bed) -> Result<Self> {
        bed.workload(COLLECTOR).await?;
        Ok(Self { bed: bed.clone() })
    }

    /// Removes it.
    pub async fn stop(self) -> Result<()> {
        let now = DeleteParams::background();
        Api::<Deployment>::namespaced(self.bed.client.clone(), &self.bed.namespace)
            .delete(COLLECTOR, &now)
            .await?;
        Api::<Service>::namespaced(self.bed.client.clone(), &self.bed.namespace)
            .delete(COLLECTOR, &now)
            .await?;
        Api::<ConfigMap>::namespaced(self.bed.client.clone(), &self.bed.namespace)
            .delete(COLLECTOR, &now)
            .await?;
        Ok(())
    }

    /// Reads until what was received holds, and returns all of it; a span that was sent twice is there once.
    pub async fn spans(&self, what: &str, holds: impl Fn(&[Span]) -> bool) -> Result<Vec<Span>> {
        let spans = tokio::time::timeout(PATIENCE, Box::pin(self.read(holds))).await;
        spans.with_context(|| format!("gave up waiting for {what}"))?
    }

    async fn read(&self, holds: impl Fn(&[Span]) -> bool) -> Result<Vec<Span>> {
        let pods: Api<Pod> = Api::namespaced(self.bed.client.clone(), &self.bed.namespace);
        let own = ListParams::default().labels(&format!("app={COLLECTOR}"));
        let pod = pods.list(&own).await?.items.first().map(ResourceExt::name_any);
        let pod = pod.context("the collector has no Pod")?;
        let follow = LogParams {
            follow: true,
            ..LogParams::default()
        };
        let mut lines = pods.log_stream(&pod, &follow).await?.lines();
        let mut spans = Vec::new();
        while let Some(line) = lines.try_next().await? {
            spans = merge(spans, parse(&line)?);
            if holds(&spans) {
                return Ok(spans);
            }
        }
        bail!("the collector ended")
    }
}

/// One of each id: the last, which is whole whatever came before.
fn merge(known: Vec<Span>, more: Vec<Span>) -> Vec<Span> {
    let mut by_id = BTreeMap::new();
    for span in known.into_iter().chain(more) {
        by_id.insert((span.trace.clone(), span.id.clone()), span);
    }
    by_id.into_values().collect()
}

/// Reads a request of OTLP in JSON; any other line is of the collector's own log.
fn parse(line: &str) -> Result<Vec<Span>> {
    let mut spans = Vec::new();
    if !line.starts_with(r#"{"resourceSpans""#) {
        return Ok(spans);
    }
    let request: Value = serde_json::from_str(line).context("a line of the collector is not JSON")?;
    for resource in list(&request, "resourceSpans") {
        let service = attributes(resource.get("resource").unwrap_or(&Value::Null));
        let service = service.get("service.name").cloned().unwrap_or_default();
        for scope in list(resource, "scopeSpans") {
            for span in list(scope, "spans") {
                spans.push(self::span(span, &service)?);
            }
        }
    }
    Ok(spans)
}

fn span(span: &Value, service: &str) -> Result<Span> {
    let text = |name: &str| span.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    // 64-bit numbers are texts in the JSON of protobuf.
    let time = |name: &str| {
        let text = text(name);
        text.parse().with_context(|| format!("`{name}` of a span is `{text}`"))
    };
    let of = |list: Vec<&Value>, name: &str| -> Vec<String> {
        let text = |value: &&Value| Some(value.get(name)?.as_str()?.to_owned());
        list.iter().filter_map(text).collect()
    };
    Ok(Span {
        trace: text("traceId"),
        id: text("spanId"),
        parent: Some(text("parentSpanId")).filter(|id| !id.is_empty()),
        service: service.to_owned(),
        name: text("name"),
        start: time("startTimeUnixNano")?,
        end: time("endTimeUnixNano")?,
        attributes: attributes(span),
        events: of(list(span, "events"), "name"),
        links: of(list(span, "links"), "spanId"),
        is_error: span.pointer("/status/code").and_then(Value::as_u64) == Some(2),
    })
}

fn list<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect()
}

fn attributes(value: &Value) -> BTreeMap<String, String> {
    let pair = |attribute: &&Value| {
        let value = attribute.get("value")?.as_object()?.values().next()?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((attribute.get("key")?.as_str()?.to_owned(), value))
    };
    list(value, "attributes").iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"temper-worker"}}]},"scopeSpans":[{"scope":{"name":"temper"},"spans":[{"traceId":"9509c213af9e52bb68ce27adcb1f3ed4","spanId":"5225279d7b8d87ab","parentSpanId":"1111111111111111","flags":257,"name":"record","kind":5,"startTimeUnixNano":"1767268803000000000","endTimeUnixNano":"1767268840000000000","attributes":[{"key":"temper.run.name","value":{"stringValue":"all"}},{"key":"temper.attempt","value":{"intValue":"2"}}],"events":[{"timeUnixNano":"1767268813000000000","name":"ready"}],"links":[{"traceId":"9509c213af9e52bb68ce27adcb1f3ed4","spanId":"2222222222222222"}],"status":{"message":"lost","code":2}}]}]}]}"#;

    #[test]
    fn what_a_collector_writes_is_read() {
        assert_eq!(parse("2026-01-01T12:00:00Z warn nothing to see").unwrap(), []);
        let (once, again) = (parse(LINE).unwrap(), parse(LINE).unwrap());
        let [span] = &merge(once, again)[..] else {
            panic!("one span was sent twice");
        };
        assert_eq!((span.service.as_str(), span.name.as_str()), ("temper-worker", "record"));
        assert_eq!(span.parent.as_deref(), Some("1111111111111111"));
        assert_eq!(
            (span.attribute("temper.run.name"), span.attribute("temper.attempt")),
            ("all", "2")
        );
        assert_eq!(
            (&span.events[..], &span.links[..]),
            (&["ready".to_owned()][..], &["2222222222222222".to_owned()][..])
        );
        assert_eq!(span.end - span.start, 37_000_000_000);
        assert!(span.is_error);
    }
}

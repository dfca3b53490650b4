//! Against a real listener, which is no collector but answers like one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value;
use temper_core::recording::{Mark, Moment};
use temper_proto::Message as _;
use tokio::net::TcpListener;

use super::*;
use crate::trace::{facts, tests::run};

#[derive(Clone)]
struct Collector {
    answer: (StatusCode, Vec<u8>),
    taken: Arc<Mutex<Vec<(HeaderMap, ExportTraceServiceRequest)>>>,
}

/// Listens on a free port of this machine.
async fn collector(answer: (StatusCode, Vec<u8>)) -> (String, Collector) {
    let collector = Collector {
        answer,
        taken: Arc::default(),
    };
    let take = async |State(collector): State<Collector>, headers: HeaderMap, body: Bytes| {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        collector.taken.lock().unwrap().push((headers, request));
        collector.answer
    };
    let app = axum::Router::new()
        .route("/v1/traces", post(take))
        .with_state(collector.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}"), collector)
}

fn sending_to(endpoint: &str) -> (Exporter, Metrics) {
    let (metrics, _) = Metrics::register();
    let variables = BTreeMap::from([
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.to_owned()),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "500".to_owned()),
    ]);
    let exporter = Exporter::from(metrics.clone(), |name| variables.get(name).cloned());
    assert!(exporter.is_on());
    (exporter, metrics)
}

fn spans() -> Vec<Span> {
    let run = run();
    let facts = facts(&run, &run.status.clone().unwrap(), "temper-runs");
    let mark = |attempt, moment, seconds: i64| Mark {
        moment,
        time_nanos: facts.created + seconds * 1_000_000_000,
        message: String::new(),
        published: 9,
        lost: 0,
        attempt,
    };
    let marks = [
        mark(1, Moment::Started, 3),
        mark(2, Moment::Started, 12),
        mark(2, Moment::Ready, 13),
        mark(2, Moment::Complete, 40),
    ];
    trace::run(&facts, &marks)
}

#[tokio::test]
async fn spans_arrive_as_they_are() {
    let (endpoint, collector) = collector((StatusCode::OK, vec![])).await;
    let (exporter, metrics) = sending_to(&endpoint);
    let spans = spans();
    exporter.export(spans.clone()).await;
    assert_eq!(metrics.spans_exported.get(), u64::try_from(spans.len()).unwrap());
    assert_eq!(metrics.spans_lost.get(), 0);
    let taken = collector.taken.lock().unwrap();
    assert_eq!(taken.len(), 2, "one request for each service");
    let mut found = Vec::new();
    for (headers, request) in &*taken {
        assert_eq!(headers["content-type"], "application/x-protobuf");
        for resource in &request.resource_spans {
            let attributes = &resource.resource.as_ref().unwrap().attributes;
            let name = attributes
                .iter()
                .find(|attribute| attribute.key == "service.name")
                .unwrap();
            let Some(any_value::Value::StringValue(service)) = name.value.clone().unwrap().value else {
                panic!("{name:?}");
            };
            for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
                found.push((service.clone(), span.clone()));
            }
        }
    }
    assert_eq!(found.len(), spans.len());
    for span in &spans {
        let (service, sent) = found
            .iter()
            .find(|(_, sent)| sent.span_id == span.id.to_bytes())
            .unwrap();
        let expected = match span.service {
            Service::Controller => "temper-controller",
            Service::Worker => "temper-worker",
        };
        assert_eq!(service, expected);
        assert_eq!(sent.trace_id, span.trace.to_bytes());
        assert_eq!(
            sent.parent_span_id,
            span.parent.map(|id| id.to_bytes().to_vec()).unwrap_or_default()
        );
        assert_eq!(sent.name, span.name);
        assert_eq!(sent.start_time_unix_nano, u64::try_from(span.start_nanos).unwrap());
        assert_eq!(sent.end_time_unix_nano, u64::try_from(span.end_nanos).unwrap());
        assert_eq!(sent.attributes.len(), span.attributes.len());
        assert_eq!(sent.events.len(), span.events.len());
        let links: Vec<_> = sent.links.iter().map(|link| link.span_id.clone()).collect();
        let expected: Vec<_> = span.links.iter().map(|id| id.to_bytes().to_vec()).collect();
        assert_eq!(links, expected);
        let status = sent.status.as_ref().unwrap();
        assert_eq!(status.message, span.error.clone().unwrap_or_default());
    }
}

#[tokio::test]
async fn a_collector_that_is_away_costs_spans_and_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (exporter, metrics) = sending_to(&format!("http://{address}"));
    exporter.export(spans()).await;
    assert_eq!(metrics.spans_exported.get(), 0);
    assert_eq!(metrics.spans_lost.get(), u64::try_from(spans().len()).unwrap());
}

#[tokio::test]
async fn a_collector_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (exporter, metrics) = sending_to(&format!("http://{address}"));
    let patience = Duration::from_secs(30);
    let returned = tokio::time::timeout(patience, exporter.export(spans())).await;
    assert!(returned.is_ok(), "the exporter hangs");
    assert!(metrics.spans_lost.get() > 0);
}

#[tokio::test]
async fn what_a_collector_refuses_is_counted() {
    let partial = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: 3,
            error_message: "quota".to_owned(),
        }),
    };
    let (endpoint, _partly) = collector((StatusCode::OK, partial.encode_to_vec())).await;
    let (exporter, metrics) = sending_to(&endpoint);
    exporter
        .export(
            spans()
                .into_iter()
                .filter(|span| span.service == Service::Controller)
                .collect(),
        )
        .await;
    assert_eq!(metrics.spans_lost.get(), 3);
    let (endpoint, refuses) = collector((StatusCode::UNAUTHORIZED, vec![])).await;
    let (exporter, metrics) = sending_to(&endpoint);
    exporter.export(spans()).await;
    assert_eq!(metrics.spans_exported.get(), 0);
    assert_eq!(
        refuses.taken.lock().unwrap().len(),
        1,
        "what is refused is not repeated"
    );
}

#[tokio::test]
async fn a_mistake_in_a_variable_stops_nothing() {
    let (metrics, _) = Metrics::register();
    let exporter = Exporter::from(metrics.clone(), |name| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://127.0.0.1:4317".to_owned()),
        "OTEL_EXPORTER_OTLP_PROTOCOL" => Some("grpc".to_owned()),
        _ => None,
    });
    assert!(!exporter.is_on());
    exporter.export(spans()).await;
    assert_eq!(metrics.spans_lost.get(), 0, "spans that nobody can get are not lost");
}

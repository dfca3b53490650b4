//! Posts spans with the HTTP client that the Kubernetes client has in the process anyway.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client as Hyper, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use temper_proto::Message as _;

use super::settings::Settings;
use crate::error::chain;
use crate::metrics::Metrics;

/// A collector answers with a few bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The client of both services.
#[derive(Debug, Clone)]
pub(super) struct Client {
    inner: Hyper<HttpsConnector<HttpConnector>, Full<Bytes>>,
    metrics: Metrics,
    /// Why the last request failed: the exporter in between says only that it did.
    why: Arc<Mutex<Option<String>>>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("failed to read certificates of OTEL_EXPORTER_OTLP_CERTIFICATE `{path}`: it must be a PEM file")]
    Certificates {
        path: String,
        source: rustls::pki_types::pem::Error,
    },
    #[error("failed to use a certificate of OTEL_EXPORTER_OTLP_CERTIFICATE `{path}`")]
    Certificate { path: String, source: rustls::Error },
    #[error("failed to read the system's certificates: name some with OTEL_EXPORTER_OTLP_CERTIFICATE")]
    System(#[source] std::io::Error),
    #[error("failed to configure TLS")]
    Tls(#[source] rustls::Error),
}

impl Client {
    pub(super) fn new(settings: &Settings, metrics: Metrics) -> Result<Self, Error> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(settings)?)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            inner: Hyper::builder(TokioExecutor::new()).build(connector),
            metrics,
            why: Arc::default(),
        })
    }

    /// Why the last request failed, if it did and nobody asked since.
    pub(super) fn why(&self) -> Option<String> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn post(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = self.inner.request(request.map(Full::new)).await?.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    /// A collector may take a request and leave out some of its spans.
    fn count_refused(&self, answer: &Response<Bytes>) {
        let body = answer.body().clone();
        let partial = ExportTraceServiceResponse::decode(body)
            .ok()
            .and_then(|answer| answer.partial_success);
        if let Some(partial) = partial.filter(|partial| partial.rejected_spans > 0) {
            tracing::warn!(
                spans = partial.rejected_spans,
                why = partial.error_message,
                "the collector refused spans"
            );
            self.metrics.spans_lost.inc_by(partial.rejected_spans.unsigned_abs());
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // Whoever exports has a timeout for all of it.
        let answer = self.post(request).await;
        let why = answer.as_ref().err().map(|error| chain(&**error));
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = why;
        if let Ok(answer) = &answer
            && answer.status().is_success()
        {
            self.count_refused(answer);
        }
        answer
    }
}

/// Certificates are read only where they are used: the system's take a megabyte.
fn tls(settings: &Settings) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::Tls)?;
    let builder = match &settings.certificates {
        _ if settings.endpoint.scheme_str() != Some("https") => builder.with_root_certificates(RootCertStore::empty()),
        Some(path) => builder.with_root_certificates(roots(path)?),
        None => builder.with_native_roots().map_err(Error::System)?,
    };
    Ok(builder.with_no_client_auth())
}

fn roots(file: &Path) -> Result<RootCertStore, Error> {
    let path = || file.display().to_string();
    let unreadable = |source| Error::Certificates { path: path(), source };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(unreadable)? {
        let added = roots.add(certificate.map_err(unreadable)?);
        added.map_err(|source| Error::Certificate { path: path(), source })?;
    }
    Ok(roots)
}

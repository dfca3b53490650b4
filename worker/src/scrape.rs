//! Asks the target's own endpoints for metrics, apart from everything else, so that one that does not answer holds up
//! nothing.

mod endpoint;
mod family;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use kube::Client;
use kube::client::Body;
use temper_proto::subject::Kind;
use temper_proto::v1::{self, chunk};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

pub(crate) use self::endpoint::{Endpoint, WantedList, endpoints};
use crate::dial;
use crate::follow::Order;
use crate::pods::now;
use crate::publish::Publisher;
use crate::redact::Redactor;
use crate::sampler::Sampled;

const PATIENCE: Duration = Duration::from_secs(3);

/// Bytes that an answer may have: one that has more is not read.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// Between two questions at least.
const SHORTEST: Duration = Duration::from_secs(5);

/// Questions that a recording is spread over at most, so that its size does not grow with its length.
const QUESTIONS: u32 = 60;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Publishes what the endpoints of the target say until the recording, which takes this long, ends, and once more then.
pub(crate) async fn scrape(
    publisher: Publisher,
    redactor: watch::Receiver<Arc<Redactor>>,
    targets: watch::Receiver<Vec<Sampled>>,
    mut order: watch::Receiver<Order>,
    duration: Duration,
) {
    let mut due = tokio::time::interval(SHORTEST.max(duration / QUESTIONS));
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut clients: BTreeMap<String, Client> = BTreeMap::new();
    let mut silent: BTreeSet<Endpoint> = BTreeSet::new();
    loop {
        tokio::select! {
            _ = due.tick() => {}
            _ = order.changed() => {}
        }
        if *order.borrow() == Order::Halt {
            return;
        }
        let is_last = *order.borrow() != Order::Record;
        let targets = targets.borrow().clone();
        // One after the other: each answer is held as a whole.
        for target in targets.iter().filter(|target| target.pod.ready) {
            for endpoint in &target.endpoints {
                let time_nanos = now();
                match ask(endpoint, &mut clients).await {
                    Ok(text) => {
                        let (metrics, cut) = family::compact(&text, &Arc::clone(&redactor.borrow()));
                        let metrics = v1::Metrics {
                            source: Some(source(target, endpoint)),
                            port: endpoint.port.into(),
                            time_nanos,
                            metrics,
                            cut,
                        };
                        let part = part(&metrics);
                        publisher.send(Kind::Metrics, part, chunk::Body::Metrics(metrics)).await;
                    }
                    // A workload that is not there yet, or any more, is seen elsewhere: said once.
                    Err(error) => {
                        if silent.insert(endpoint.clone()) {
                            let error = &*error as &dyn std::error::Error;
                            tracing::warn!(?endpoint, error, "endpoint gives no metrics");
                        }
                    }
                }
            }
        }
        if is_last {
            return;
        }
    }
}

async fn ask(endpoint: &Endpoint, clients: &mut BTreeMap<String, Client>) -> Result<String> {
    let base = endpoint.base();
    let client = if let Some(client) = clients.get(&base) {
        client.clone()
    } else {
        let client = dial::client(&base, PATIENCE)?;
        clients.insert(base, client.clone());
        client
    };
    let request = http::Request::get(&endpoint.path)
        .header(http::header::ACCEPT, "text/plain;version=0.0.4,*/*;q=0.1")
        .body(Body::empty())?;
    let read = async {
        let response = client.send(request).await?;
        if !response.status().is_success() {
            return Err(format!("it answers with status {}", response.status()).into());
        }
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await?;
        Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
    };
    tokio::time::timeout(PATIENCE, read).await?
}

fn source(target: &Sampled, endpoint: &Endpoint) -> v1::Source {
    let mut states = target.pod.containers.iter();
    let state = states.find(|state| state.name == endpoint.container);
    v1::Source {
        pod: target.pod.pod.clone(),
        pod_uid: target.pod.pod_uid.clone(),
        container: endpoint.container.clone(),
        restart: state.map_or(0, |state| state.restarts),
        init: false,
    }
}

fn part(metrics: &v1::Metrics) -> String {
    let source = metrics.source.clone().unwrap_or_default();
    let (uid, container) = (source.pod_uid, source.container);
    format!("metrics/{uid}/{container}/{}/{}", metrics.port, metrics.time_nanos)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that gives this answer to everybody.
    async fn server(answer: String) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Endpoint {
            ip: "127.0.0.1".to_owned(),
            port,
            path: "/metrics".to_owned(),
            container: "app".to_owned(),
        }
    }

    async fn answered(head: &str, body: &str) -> Result<String> {
        // kube wants one, whatever the address.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let length = body.len();
        let endpoint = server(format!(
            "HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
        .await;
        ask(&endpoint, &mut BTreeMap::new()).await
    }

    #[tokio::test]
    async fn an_answer_is_read_as_far_as_it_is_one() {
        assert_eq!(answered("200 OK", "a 1\n").await.unwrap(), "a 1\n");
        assert!(answered("503 Service Unavailable", "a 1\n").await.is_err());
        assert!(
            answered("302 Found\r\nlocation: http://169.254.169.254/", "")
                .await
                .is_err()
        );
        let large = "a 1\n".repeat(MAX_BODY / 4 + 1);
        assert!(answered("200 OK", &large).await.is_err());
    }
}

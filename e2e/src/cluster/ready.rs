//! What "up" means: every part answers, all nodes are ready, names resolve and Pods can be made.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{self, ServiceAccount};
use kube::Client;
use kube::api::Api;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::agents::POLICY_ENGINE_PORT;
use super::layout::Layout;
use super::node::Node;
use super::part::Part;
use crate::wait;

/// Waits until the API server serves.
pub(super) async fn api(layout: &Layout, client: &Client) -> Result<()> {
    wait::until("the API server is ready", Duration::from_mins(1), || async {
        Part::Etcd.must_run(layout)?;
        Part::ApiServer.must_run(layout)?;
        let request = http::Request::get("/readyz").body(Vec::new())?;
        Ok(client.request_text(request).await.is_ok())
    })
    .await
}

/// Waits until the API server knows a node.
pub(super) async fn registered(node: Node<'_>, client: &Client, limit: Duration) -> Result<()> {
    let nodes = Api::<v1::Node>::all(client.clone());
    let what = format!("{} is known to the API server", node.name());
    wait::until(&what, limit, || async {
        Part::Kubelet(node.index()).must_run(node.layout())?;
        Ok(matches!(nodes.get_opt(&node.name()).await, Ok(Some(_))))
    })
    .await
}

/// Waits until Pods can be made, placed, run and found on every node.
pub(super) async fn everything(layout: &Layout, client: &Client, limit: Duration) -> Result<()> {
    let missing = Mutex::new(String::new());
    let note = |text: String| *missing.lock().unwrap_or_else(PoisonError::into_inner) = text;
    let waited = wait::until("the cluster is ready", limit, || async {
        for part in Part::all(layout) {
            part.must_run(layout)?;
        }
        // A part that was paused lets its callers wait.
        note("an answer of the API server".to_owned());
        let found = first_missing(layout, client).await;
        let ready = found.is_none();
        note(found.unwrap_or_default());
        Ok(ready)
    })
    .await;
    let missing = missing.into_inner().unwrap_or_else(PoisonError::into_inner);
    waited.with_context(|| format!("not ready: {missing}"))
}

/// What the cluster lacks, if anything.
async fn first_missing(layout: &Layout, client: &Client) -> Option<String> {
    for node in layout.nodes() {
        if let Some(part) = missing_of_node(node, client).await {
            return Some(format!("{part} of {}", node.name()));
        }
    }
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), "default");
    if !matches!(accounts.get_opt("default").await, Ok(Some(_))) {
        return Some("the default service account, made by kube-controller-manager".to_owned());
    }
    None
}

/// What a node lacks. While the API server is starting its answers are errors, and the deadline is the judge of those.
async fn missing_of_node(node: Node<'_>, client: &Client) -> Option<&'static str> {
    let nodes = Api::<v1::Node>::all(client.clone());
    let found = nodes.get_opt(&node.name()).await.ok().flatten();
    if !found.as_ref().is_some_and(is_ready) {
        return Some("the Ready condition");
    }
    // The API server remembers the node of a kubelet that has just ended.
    if TcpStream::connect((node.address(), 10250)).await.is_err() {
        return Some("the kubelet");
    }
    for (part, port, path) in [
        ("kube-proxy", 10256, "/healthz"),
        ("coredns", 8181, "/ready"),
        ("kube-router", POLICY_ENGINE_PORT, "/healthz"),
    ] {
        if !answers(node, port, path).await {
            return Some(part);
        }
    }
    None
}

fn is_ready(node: &v1::Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Whether a part says 200 on its plain health endpoint.
async fn answers(node: Node<'_>, port: u16, path: &str) -> bool {
    let exchange = async {
        let mut stream = TcpStream::connect((node.address(), port)).await?;
        stream
            .write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes())
            .await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(2), exchange).await;
    matches!(answer, Ok(Ok(text)) if text.split(' ').nth(1) == Some("200"))
}

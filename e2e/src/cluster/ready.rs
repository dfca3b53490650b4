//! What "up" means: every part answers, the node is ready, names resolve and Pods can be made.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Node, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::layout::Layout;
use super::part::Part;
use crate::wait;

/// Waits until the API server serves.
pub(super) async fn api(layout: &Layout, client: &Client) -> Result<()> {
    wait::until("the API server is ready", Duration::from_mins(1), async || {
        Part::Etcd.must_run(layout)?;
        Part::ApiServer.must_run(layout)?;
        let request = http::Request::get("/readyz").body(Vec::new())?;
        Ok(client.request_text(request).await.is_ok())
    })
    .await
}

/// Waits until Pods can be made, placed, run and found.
pub(super) async fn node(layout: &Layout, client: &Client, limit: Duration) -> Result<()> {
    let nodes = Api::<Node>::all(client.clone());
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), "default");
    let mut missing = "the API server";
    let waited = wait::until("the cluster is ready", limit, async || {
        for part in Part::ALL {
            part.must_run(layout)?;
        }
        missing = "the node";
        // While the API server is starting its answers are errors, and the deadline is the judge of those.
        let Ok(node) = nodes.get_opt(&layout.node_name()).await else {
            return Ok(false);
        };
        if !node.as_ref().is_some_and(is_ready) {
            return Ok(false);
        }
        // The API server remembers the node of a kubelet that has just ended.
        missing = "the kubelet";
        if TcpStream::connect((layout.node_address(), 10250)).await.is_err() {
            return Ok(false);
        }
        missing = "the default service account, made by kube-controller-manager";
        if !matches!(accounts.get_opt("default").await, Ok(Some(_))) {
            return Ok(false);
        }
        missing = "kube-proxy";
        if !answers(layout, 10256, "/healthz").await {
            return Ok(false);
        }
        missing = "coredns";
        Ok(answers(layout, 8181, "/ready").await)
    })
    .await;
    waited.with_context(|| format!("not ready: {missing}"))
}

fn is_ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Whether a part says 200 on its plain health endpoint.
async fn answers(layout: &Layout, port: u16, path: &str) -> bool {
    let exchange = async {
        let mut stream = TcpStream::connect((layout.node_address(), port)).await?;
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

/// Lets CoreDNS read what it serves.
pub(super) async fn grant_dns(client: &Client) -> Result<()> {
    let name = "temper:coredns";
    let role: ClusterRole = serde_json::from_value(json!({
        "metadata": { "name": name },
        "rules": [
            { "apiGroups": [""], "resources": ["namespaces", "pods", "services"], "verbs": ["list", "watch"] },
            { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"] },
        ],
    }))?;
    let binding: ClusterRoleBinding = serde_json::from_value(json!({
        "metadata": { "name": name },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:coredns" }],
    }))?;
    let parameters = PostParams::default();
    let roles = Api::<ClusterRole>::all(client.clone());
    roles
        .create(&parameters, &role)
        .await
        .with_context(|| format!("failed to create ClusterRole `{name}`"))?;
    let bindings = Api::<ClusterRoleBinding>::all(client.clone());
    bindings
        .create(&parameters, &binding)
        .await
        .with_context(|| format!("failed to create its binding `{name}`"))?;
    Ok(())
}

//! What the programs may do that run beside Kubernetes: each has an account of its own and no more rights than it uses.

use anyhow::{Context, Result};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};

/// Account of CoreDNS.
pub(super) const DNS: &str = "temper:coredns";
/// Account of kube-router.
pub(super) const POLICY_ENGINE: &str = "temper:kube-router";
/// Account of the provisioner of volumes.
pub(super) const PROVISIONER: &str = "temper:provisioner";

/// Gives every account its rights.
pub(super) async fn grant(client: &Client) -> Result<()> {
    tokio::try_join!(
        role(client, DNS, dns()),
        role(client, POLICY_ENGINE, policy_engine()),
        role(client, PROVISIONER, provisioner()),
    )?;
    Ok(())
}

/// To see what it serves.
fn dns() -> Value {
    json!([
        { "apiGroups": [""], "resources": ["namespaces", "pods", "services"], "verbs": ["list", "watch"] },
        { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"] },
    ])
}

/// To see policies and whom they are about, and to find its own node. It watches Services and their endpoints without a
/// use for them.
fn policy_engine() -> Value {
    json!([
        { "apiGroups": [""], "resources": ["endpoints", "namespaces", "pods", "services"], "verbs": ["list", "watch"] },
        { "apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"] },
        { "apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["list", "watch"] },
    ])
}

/// To see claims, and to make and remove their volumes.
fn provisioner() -> Value {
    json!([
        { "apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["list", "watch"] },
        {
            "apiGroups": [""],
            "resources": ["persistentvolumes"],
            "verbs": ["list", "watch", "create", "patch", "delete"],
        },
    ])
}

/// Binds a user to a role of its own name.
async fn role(client: &Client, user: &str, rules: Value) -> Result<()> {
    let role: ClusterRole = serde_json::from_value(json!({ "metadata": { "name": user }, "rules": rules }))?;
    let binding: ClusterRoleBinding = serde_json::from_value(json!({
        "metadata": { "name": user },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": user },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
    }))?;
    let parameters = PostParams::default();
    Api::<ClusterRole>::all(client.clone())
        .create(&parameters, &role)
        .await
        .with_context(|| format!("failed to create ClusterRole `{user}`"))?;
    Api::<ClusterRoleBinding>::all(client.clone())
        .create(&parameters, &binding)
        .await
        .with_context(|| format!("failed to create its binding `{user}`"))?;
    Ok(())
}

//! What every clone gets that its source does not have: a fence around its network and a limit on its size.

use serde_json::{Value, json};

/// Where the Pods of a clone may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Egress {
    /// Cluster DNS and the clone itself.
    Deny,
    /// Also private addresses.
    ClusterOnly,
    /// Anywhere.
    Allow,
}

/// A NetworkPolicy that lets nobody in from elsewhere but the worker of the same run, which has the same labels in the
/// namespace of workers, and out only as far as `egress` says.
pub fn fence(namespace: &str, labels: &[(String, String)], egress: Egress, workers: &str) -> Value {
    let clone = json!({"podSelector": {}});
    let worker = json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": workers}},
        "podSelector": {"matchLabels": map(labels)}
    });
    let dns = json!({"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]});
    let mut out = vec![json!({"to": [clone]}), dns];
    if egress == Egress::ClusterOnly {
        // RFC 1918 and RFC 6598: where clusters put Pods and Services.
        let blocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
        let peers: Vec<Value> = blocks.iter().map(|cidr| json!({"ipBlock": {"cidr": cidr}})).collect();
        out.push(json!({"to": peers}));
    }
    let mut spec = json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [clone, worker]}]});
    if egress != Egress::Allow
        && let Some(spec) = spec.as_object_mut()
    {
        spec.insert("policyTypes".to_owned(), json!(["Ingress", "Egress"]));
        spec.insert("egress".to_owned(), json!(out));
    }
    object("networking.k8s.io/v1", "NetworkPolicy", namespace, labels, &spec)
}

/// A ResourceQuota that keeps a clone from growing beyond what it was made with.
pub fn quota(namespace: &str, labels: &[(String, String)], pods: u32) -> Value {
    // Twice, and some more: a Deployment that replaces a failing Pod has both for a moment.
    let spec = json!({"hard": {"pods": (pods * 2 + 10).to_string(), "services.loadbalancers": "0", "services.nodeports": "0"}});
    object("v1", "ResourceQuota", namespace, labels, &spec)
}

fn object(api_version: &str, kind: &str, namespace: &str, labels: &[(String, String)], spec: &Value) -> Value {
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "temper-fence", "namespace": namespace, "labels": map(labels)},
        "spec": spec
    })
}

fn map(labels: &[(String, String)]) -> serde_json::Map<String, Value> {
    labels.iter().map(|(k, v)| (k.clone(), json!(v))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn besides_the_clone_only_the_worker_of_the_same_run_comes_in() {
        let labels = [("temper.dev/run-uid".to_owned(), "u".to_owned())];
        let policy = fence("clone", &labels, Egress::Deny, "temper-runs");
        let worker = json!({
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "temper-runs"}},
            "podSelector": {"matchLabels": {"temper.dev/run-uid": "u"}}
        });
        assert_eq!(
            policy.pointer("/spec/ingress"),
            Some(&json!([{"from": [{"podSelector": {}}, worker]}]))
        );
    }
}

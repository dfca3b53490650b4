//! How the copy of each kind differs from its source.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Source;

/// Text at a JSON pointer, empty if there is none.
pub(super) fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn describe(object: &Value) -> String {
    format!("{}/{}", text(object, "/kind"), text(object, "/metadata/name"))
}

/// A copy that differs in its metadata only.
pub(super) fn plain(object: &Value) -> Value {
    object.clone()
}

pub(super) fn named<'a>(objects: &'a [Value], names: &'a BTreeSet<String>) -> impl Iterator<Item = &'a Value> {
    objects
        .iter()
        .filter(|object| names.contains(text(object, "/metadata/name")))
}

/// A token is of no use in another namespace, and Kubernetes makes its own there.
pub(super) fn is_token(secret: &Value) -> bool {
    text(secret, "/type") == "kubernetes.io/service-account-token"
}

/// The list of token Secrets is the source's.
pub(super) fn service_account(account: &Value) -> Value {
    without(account, &["/secrets"])
}

/// A claim starts empty: a bound volume is the source's own.
pub(super) fn claim(claim: &Value) -> Value {
    without(claim, &["/spec/volumeName", "/spec/dataSource", "/spec/dataSourceRef"])
}

/// Reachable from inside the clone only.
pub(super) fn service(service: &Value) -> Value {
    let headless = text(service, "/spec/clusterIP") == "None";
    let mut copy = without(
        service,
        &[
            "/spec/clusterIPs",
            "/spec/externalIPs",
            "/spec/externalTrafficPolicy",
            "/spec/healthCheckNodePort",
            "/spec/loadBalancerClass",
            "/spec/loadBalancerIP",
            "/spec/loadBalancerSourceRanges",
            "/spec/allocateLoadBalancerNodePorts",
        ],
    );
    if let Some(spec) = copy.get_mut("spec").and_then(Value::as_object_mut) {
        if !headless {
            spec.remove("clusterIP");
        }
        spec.insert("type".to_owned(), json!("ClusterIP"));
        for port in spec
            .get_mut("ports")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            remove(port, "nodePort");
        }
    }
    copy
}

/// Whether a Service selects Pods of one of these label sets.
pub(super) fn selects(service: &Value, labels: &[&Value]) -> bool {
    let Some(selector) = service.pointer("/spec/selector").and_then(Value::as_object) else {
        return false;
    };
    !selector.is_empty()
        && labels
            .iter()
            .any(|set| selector.iter().all(|(key, value)| set.get(key) == Some(value)))
}

/// The RoleBindings that name one of these ServiceAccounts, and their Roles.
pub(super) fn roles(source: &Source, accounts: &BTreeSet<String>, clone: &str) -> Vec<Value> {
    let mut roles = BTreeSet::new();
    let mut bindings = Vec::new();
    for binding in &source.role_bindings {
        let mut copy = binding.clone();
        let Some(subjects) = copy.get_mut("subjects").and_then(Value::as_array_mut) else {
            continue;
        };
        // Only the clone's own accounts: a person or a group gets nothing from a clone.
        subjects.retain(|subject| {
            // Without a namespace it is the binding's own.
            let namespace = text(subject, "/namespace");
            text(subject, "/kind") == "ServiceAccount"
                && (namespace.is_empty() || namespace == source.namespace)
                && accounts.contains(text(subject, "/name"))
        });
        if subjects.is_empty() {
            continue;
        }
        for subject in subjects.iter_mut().filter_map(Value::as_object_mut) {
            subject.insert("namespace".to_owned(), json!(clone));
        }
        if text(binding, "/roleRef/kind") == "Role" {
            roles.insert(text(binding, "/roleRef/name").to_owned());
        }
        bindings.push(copy);
    }
    named(&source.roles, &roles).map(plain).chain(bindings).collect()
}

/// Policies add up, so a copied one may open nothing that our fence closes: only peers inside the clone are kept.
pub(super) fn network_policy(policy: &Value) -> Value {
    let mut copy = policy.clone();
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        let rules = copy
            .pointer_mut(&format!("/spec/{direction}"))
            .and_then(Value::as_array_mut);
        let Some(rules) = rules else { continue };
        rules.retain_mut(|rule| {
            let Some(rule) = rule.as_object_mut() else { return false };
            let list = rule.entry(peers).or_insert_with(|| json!([{"podSelector": {}}]));
            let Some(list) = list.as_array_mut() else { return false };
            if list.is_empty() {
                list.push(json!({"podSelector": {}}));
            }
            list.retain(|peer| peer.get("namespaceSelector").is_none() && peer.get("ipBlock").is_none());
            !list.is_empty()
        });
    }
    copy
}

/// The workload's own selector in the text form that list and watch take.
pub(super) fn selector(workload: &Value) -> String {
    let mut terms = Vec::new();
    let labels = workload
        .pointer("/spec/selector/matchLabels")
        .and_then(Value::as_object);
    for (key, value) in labels.into_iter().flatten() {
        terms.push(format!("{key}={}", value.as_str().unwrap_or_default()));
    }
    let expressions = workload
        .pointer("/spec/selector/matchExpressions")
        .and_then(Value::as_array);
    for expression in expressions.into_iter().flatten() {
        let key = text(expression, "/key");
        let values: Vec<&str> = expression
            .get("values")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        terms.push(match text(expression, "/operator") {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    terms.join(",")
}

fn without(object: &Value, paths: &[&str]) -> Value {
    let mut copy = object.clone();
    for path in paths {
        if let Some((parent, field)) = path.rsplit_once('/')
            && let Some(parent) = copy.pointer_mut(parent)
        {
            remove(parent, field);
        }
    }
    copy
}

fn remove(object: &mut Value, field: &str) {
    if let Some(map) = object.as_object_mut() {
        Map::remove(map, field);
    }
}

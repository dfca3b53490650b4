//! Metadata of a copy: what the API server set goes, and so does what other tools track their objects by.

use serde_json::{Map, Value, json};

/// Prefixes of labels and annotations by which deployment tools would take a copy for their own.
const TRACKING: [&str; 9] = [
    "argocd.argoproj.io/",
    "deployment.kubernetes.io/",
    "external-dns.alpha.kubernetes.io/",
    "helm.toolkit.fluxcd.io/",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kustomize.toolkit.fluxcd.io/",
    "meta.helm.sh/",
    "pv.kubernetes.io/",
    "volume.",
];

/// Whether no controller owns the object: what is owned is made by its owner, in a clone too.
pub fn has_no_controller(object: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    !owners
        .into_iter()
        .flatten()
        .any(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

/// Keeps of an object's metadata its name, and the labels and annotations that mean something to Kubernetes or its
/// users; drops the status.
pub fn strip(object: &mut Value) {
    let Some(root) = object.as_object_mut() else { return };
    root.remove("status");
    let Some(old) = root.remove("metadata") else { return };
    let mut new = Map::new();
    if let Some(name) = old.get("name") {
        new.insert("name".to_owned(), name.clone());
    }
    for field in ["labels", "annotations"] {
        let Some(pairs) = old.get(field).and_then(Value::as_object) else {
            continue;
        };
        let kept: Map<String, Value> = pairs
            .iter()
            .filter(|(key, value)| !TRACKING.iter().any(|prefix| key.starts_with(prefix)) && !is_helm(key, value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !kept.is_empty() {
            new.insert(field.to_owned(), Value::Object(kept));
        }
    }
    root.insert("metadata".to_owned(), Value::Object(new));
}

fn is_helm(key: &str, value: &Value) -> bool {
    key == "app.kubernetes.io/managed-by" && value == "Helm"
}

/// Puts a copy into its namespace, with our labels.
pub(super) fn place(object: &mut Value, namespace: &str, labels: &[(String, String)]) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    metadata.insert("namespace".to_owned(), json!(namespace));
    let slot = metadata.entry("labels").or_insert_with(|| json!({}));
    if let Some(map) = slot.as_object_mut() {
        for (key, value) in labels {
            map.insert(key.clone(), json!(value));
        }
    }
}

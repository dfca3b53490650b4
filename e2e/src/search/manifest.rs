//! Manifests as people write them: several documents in a file, lists of objects, any kind.

use anyhow::{Context, Result, ensure};
use kube::core::TypeMeta;
use serde_json::{Value, json};

/// What an object is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named<'a> {
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
}

/// Reads the objects of YAML or JSON. Lists are taken apart, empty documents left out.
pub(super) fn parse(text: &str) -> Result<Vec<Value>> {
    // As kubectl does: a mode of 0644 is octal.
    let options = serde_saphyr::options! { legacy_octal_numbers: true };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)?;
    let mut objects = Vec::new();
    for document in documents {
        flatten(document, &mut objects)?;
    }
    Ok(objects)
}

fn flatten(document: Value, objects: &mut Vec<Value>) -> Result<()> {
    if document.is_null() {
        return Ok(());
    }
    let kind = text(&document, "/kind").unwrap_or_default();
    if let Some(items) = document.get("items").and_then(Value::as_array)
        && kind.ends_with("List")
    {
        return items.iter().cloned().try_for_each(|item| flatten(item, objects));
    }
    for field in ["apiVersion", "kind", "metadata"] {
        let named = text(&document, "/metadata/name").unwrap_or("without a name");
        ensure!(
            document.get(field).is_some(),
            "{field}: missing in an object {named}: every object needs apiVersion, kind and metadata"
        );
    }
    text(&document, "/metadata/name").with_context(|| format!("metadata.name: missing in a {kind}: give it one"))?;
    objects.push(document);
    Ok(())
}

/// Its API version, kind and name.
pub(super) fn named(object: &Value) -> Named<'_> {
    Named {
        api_version: text(object, "/apiVersion").unwrap_or_default(),
        kind: text(object, "/kind").unwrap_or_default(),
        name: text(object, "/metadata/name").unwrap_or_default(),
    }
}

/// Its namespace, if it says one.
pub(super) fn namespace(object: &Value) -> Option<&str> {
    text(object, "/metadata/namespace").filter(|name| !name.is_empty())
}

/// Kinds that it defines, in each of its versions.
pub(super) fn defined(object: &Value) -> Vec<TypeMeta> {
    if named(object).kind != "CustomResourceDefinition" {
        return Vec::new();
    }
    let word = |path| text(object, path).unwrap_or_default();
    let versions = object.pointer("/spec/versions").and_then(Value::as_array);
    let each = versions.into_iter().flatten().map(|version| TypeMeta {
        api_version: format!(
            "{}/{}",
            word("/spec/group"),
            version["name"].as_str().unwrap_or_default()
        ),
        kind: word("/spec/names/kind").to_owned(),
    });
    each.collect()
}

/// Whether it starts Pods of its own, whatever its kind. A PodTemplate has none.
pub(super) fn is_workload(object: &Value) -> bool {
    let containers = object.pointer(pod_path(object)).and_then(|spec| spec.get("containers"));
    containers.is_some_and(Value::is_array)
}

/// Where the spec of its Pods is.
fn pod_path(object: &Value) -> &'static str {
    match named(object).kind {
        "Pod" => "/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec/template/spec",
    }
}

/// Labels that its Pods have.
pub(super) fn pod_labels(object: &Value) -> Vec<(String, String)> {
    let path = match named(object).kind {
        "Pod" => "/metadata/labels",
        "CronJob" => "/spec/jobTemplate/spec/template/metadata/labels",
        _ => "/spec/template/metadata/labels",
    };
    let labels = object.pointer(path).and_then(Value::as_object);
    let pairs = labels.into_iter().flatten();
    pairs
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

/// Names of all its containers, init containers first.
pub(super) fn containers(object: &Value) -> Vec<&str> {
    each_container(object).filter_map(|one| text(one, "/name")).collect()
}

fn each_container(object: &Value) -> impl Iterator<Item = &Value> {
    let spec = object.pointer(pod_path(object));
    ["initContainers", "containers"]
        .into_iter()
        .filter_map(move |list| spec?.get(list)?.as_array())
        .flatten()
}

/// Lets containers whose images were loaded start without a registry, where the manifest leaves that open.
pub(super) fn pull_if_absent(object: &mut Value, loaded: &[String]) {
    let path = pod_path(object);
    let Some(spec) = object.pointer_mut(path) else {
        return;
    };
    for list in ["initContainers", "containers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let is_loaded = text(container, "/image").is_some_and(|image| loaded.contains(&reference(image)));
            if is_loaded && container.get("imagePullPolicy").is_none() {
                json_patch::merge(container, &json!({"imagePullPolicy": "IfNotPresent"}));
            }
        }
    }
}

/// The object in a namespace.
pub(super) fn placed(object: &Value, namespace: &str) -> Value {
    let mut object = object.clone();
    json_patch::merge(&mut object, &json!({"metadata": {"namespace": namespace}}));
    object
}

/// The full name of an image, as container runtimes complete a short one.
pub(super) fn reference(image: &str) -> String {
    let (first, rest) = image.split_once('/').unwrap_or(("", image));
    let is_host = first.contains(['.', ':']) || first == "localhost";
    let full = match (is_host, first) {
        (true, _) => image.to_owned(),
        (false, "") => format!("docker.io/library/{rest}"),
        (false, _) => format!("docker.io/{image}"),
    };
    let last = full.rsplit('/').next().unwrap_or_default();
    if last.contains([':', '@']) {
        full
    } else {
        format!("{full}:latest")
    }
}

fn text<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    object.pointer(path).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_lists_and_json_are_the_same_objects() {
        let yaml = "
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
---
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: b, namespace: home}
    spec: {template: {spec: {containers: []}}}
  - {apiVersion: v1, kind: Secret, metadata: {name: c}}
";
        let objects = parse(yaml).unwrap();
        assert_eq!(
            objects.iter().map(|one| named(one).name).collect::<Vec<_>>(),
            ["a", "b", "c"]
        );
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
        assert_eq!(parse(&list).unwrap(), objects);
        assert_eq!(namespace(&objects[1]), Some("home"));
        assert_eq!(
            objects.iter().map(is_workload).collect::<Vec<_>>(),
            [false, true, false]
        );
    }

    #[test]
    fn modes_are_octal_as_kubectl_reads_them() {
        let objects = parse("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {mode: 0644}}").unwrap();
        assert_eq!(objects[0]["spec"]["mode"], 0o644);
    }

    #[test]
    fn what_is_no_object_is_told() {
        let said = parse("{apiVersion: v1, kind: Pod, metadata: {}}")
            .unwrap_err()
            .to_string();
        assert_eq!(said, "metadata.name: missing in a Pod: give it one");
        let said = parse("{kind: Pod, metadata: {name: a}}").unwrap_err().to_string();
        assert!(said.starts_with("apiVersion: missing in an object a"), "{said}");
    }

    #[test]
    fn containers_of_all_kinds_are_found() {
        let spec = json!({"initContainers": [{"name": "i"}], "containers": [{"name": "c"}]});
        let template = json!({"metadata": {"labels": {"app": "x"}}, "spec": spec});
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}});
        let job = json!({"spec": {"template": template}});
        let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": job}});
        for object in [&deployment, &cron] {
            assert_eq!(containers(object), ["i", "c"]);
            assert_eq!(pod_labels(object), [("app".to_owned(), "x".to_owned())]);
        }
    }

    #[test]
    fn short_names_of_images_are_completed() {
        for (short, full) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("a/b:1", "docker.io/a/b:1"),
            ("localhost/b", "localhost/b:latest"),
            ("registry.example:5000/b@sha256:0", "registry.example:5000/b@sha256:0"),
        ] {
            assert_eq!(reference(short), full);
        }
    }

    #[test]
    fn only_what_was_loaded_and_says_nothing_is_not_pulled() {
        let mut pod = json!({"kind": "Pod", "spec": {"containers": [
            {"image": "a"}, {"image": "b"}, {"image": "a", "imagePullPolicy": "Always"}
        ]}});
        pull_if_absent(&mut pod, &[reference("a")]);
        let policies: Vec<&Value> = each_container(&pod).map(|one| &one["imagePullPolicy"]).collect();
        assert_eq!(
            policies,
            ["IfNotPresent", "", "Always"]
                .map(|word| match word {
                    "" => json!(null),
                    word => json!(word),
                })
                .iter()
                .collect::<Vec<_>>()
        );
    }
}

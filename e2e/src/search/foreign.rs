//! Anybody's manifests as subjects: one for each workload, in its namespace, with everything beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use kube::Client;
use kube::core::{GroupVersionKind, TypeMeta};
use kube::discovery::{Scope, pinned_kind};
use serde_json::Value;

use super::manifest::{self, Named, is_workload, named, namespace};
use super::subject::Subject;

/// What manifests ask for.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// What lies outside of namespaces, in the order of its making.
    pub shared: Vec<Value>,
    /// One for each workload.
    pub subjects: Vec<Subject>,
}

/// Reads manifests of a file or of all files of a folder. Images that were `loaded` need no registry.
pub async fn read(client: &Client, path: &Path, loaded: &[String]) -> Result<Foreign> {
    let mut files = Vec::new();
    for file in list(path)? {
        let text = fs::read_to_string(&file).with_context(|| format!("failed to read `{}`", file.display()))?;
        files.push(manifest::parse(&text).with_context(|| format!("in `{}`", file.display()))?);
    }
    let outside = outside(client, files.iter().flatten()).await?;
    let mut foreign = arrange(files, |object| {
        let Named { api_version, kind, .. } = named(object);
        outside.contains(&(api_version.to_owned(), kind.to_owned()))
    });
    ensure!(
        !foreign.subjects.is_empty(),
        "`{}` holds no workload: an object with a Pod template, or a Pod, is wanted",
        path.display()
    );
    for subject in &mut foreign.subjects {
        let beside = subject.surroundings.iter_mut();
        for object in beside.chain([&mut subject.workload]) {
            manifest::pull_if_absent(object, loaded);
        }
    }
    Ok(foreign)
}

/// The files to read, in the order of their names.
fn list(path: &Path) -> Result<Vec<PathBuf>> {
    let read = |path: &Path| format!("failed to read `{}`", path.display());
    if fs::metadata(path).with_context(|| read(path))?.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).with_context(|| read(path))? {
        let entry = entry?.path();
        let is_manifest = entry
            .extension()
            .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|one| extension == *one));
        if entry.is_dir() {
            files.extend(list(&entry)?);
        } else if is_manifest {
            files.push(entry);
        }
    }
    files.sort();
    Ok(files)
}

/// API version and kind of what lies outside of namespaces. A kind that nobody knows is said to lie within.
async fn outside(client: &Client, objects: impl Iterator<Item = &Value>) -> Result<BTreeSet<(String, String)>> {
    let objects: Vec<&Value> = objects.collect();
    let mut outside = BTreeSet::new();
    let mut defined = BTreeSet::new();
    for definition in &objects {
        for types in manifest::defined(definition) {
            let kind = (types.api_version, types.kind);
            if definition
                .pointer("/spec/scope")
                .is_some_and(|scope| scope == "Cluster")
            {
                outside.insert(kind.clone());
            }
            defined.insert(kind);
        }
    }
    let kinds = objects.iter().map(|object| {
        let Named { api_version, kind, .. } = named(object);
        (api_version.to_owned(), kind.to_owned())
    });
    for kind in kinds.collect::<BTreeSet<_>>().difference(&defined) {
        let types = TypeMeta {
            api_version: kind.0.clone(),
            kind: kind.1.clone(),
        };
        let known = pinned_kind(client, &GroupVersionKind::try_from(&types)?).await;
        if known.is_ok_and(|(_, capabilities)| capabilities.scope == Scope::Cluster) {
            outside.insert(kind.clone());
        }
    }
    Ok(outside)
}

/// Puts every object where it belongs. What names no namespace comes beside each workload of its file that names none,
/// in a namespace of the workload's name; where its file has no such workload, beside those of all files.
fn arrange(files: Vec<Vec<Value>>, is_outside: impl Fn(&Value) -> bool) -> Foreign {
    let mut shared = Vec::new();
    let mut homes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let (mut unnamed, mut loose) = (BTreeSet::new(), Vec::new());
    for file in files {
        let (out, within): (Vec<_>, Vec<_>) = file.into_iter().partition(&is_outside);
        shared.extend(out);
        let (placed, open): (Vec<_>, Vec<_>) = within.into_iter().partition(|object| namespace(object).is_some());
        for object in placed {
            let home = homes.entry(namespace(&object).unwrap_or_default().to_owned());
            home.or_default().push(object);
        }
        let (workloads, beside): (Vec<_>, Vec<_>) = open.into_iter().partition(is_workload);
        if workloads.is_empty() {
            loose.extend(beside);
            continue;
        }
        for workload in workloads {
            let home = named(&workload).name.replace('.', "-");
            let objects = homes.entry(home.clone()).or_default();
            objects.extend(beside.iter().cloned());
            objects.push(workload);
            unnamed.insert(home);
        }
    }
    for home in &unnamed {
        homes.entry(home.clone()).or_default().extend(loose.iter().cloned());
    }
    // What others are made of comes first.
    shared.sort_by_key(|object| !matches!(named(object).kind, "CustomResourceDefinition" | "Namespace"));
    let subjects = homes.into_iter().flat_map(|(home, objects)| subjects(&home, &objects));
    Foreign {
        subjects: subjects.collect(),
        shared,
    }
}

/// One for each workload of a namespace; the others are its neighbours.
fn subjects(home: &str, objects: &[Value]) -> Vec<Subject> {
    let placed: Vec<Value> = objects.iter().map(|object| manifest::placed(object, home)).collect();
    let are_many = placed.iter().filter(|object| is_workload(object)).count() > 1;
    let each = placed.iter().enumerate().filter(|(_, object)| is_workload(object));
    each.map(|(at, workload)| {
        let beside = placed.iter().enumerate().filter(|(other, _)| *other != at);
        let mut surroundings: Vec<Value> = beside.map(|(_, object)| object.clone()).collect();
        surroundings.sort_by_key(is_workload);
        Subject {
            name: if are_many {
                format!("{home}-{}", named(workload).name)
            } else {
                home.to_owned()
            },
            namespace: home.to_owned(),
            surroundings,
            workload: workload.clone(),
            check: Value::Null,
            client: None,
            seed: None,
            truth: None,
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
    }

    fn deployment(name: &str, namespace: Option<&str>) -> Value {
        let template = json!({"spec": {"containers": [{"name": "c", "image": "i"}]}});
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
            "spec": {"template": template}
        })
    }

    fn arranged(files: Vec<Vec<Value>>) -> Vec<(String, String, Vec<String>)> {
        let foreign = arrange(files, |object| named(object).kind.starts_with("Cluster"));
        let told = foreign.subjects.iter().map(|subject| {
            let beside = subject.surroundings.iter().map(|object| named(object).name.to_owned());
            (subject.name.clone(), subject.namespace.clone(), beside.collect())
        });
        told.collect()
    }

    fn line(name: &str, namespace: &str, beside: &[&str]) -> (String, String, Vec<String>) {
        let beside = beside.iter().map(|one| (*one).to_owned());
        (name.to_owned(), namespace.to_owned(), beside.collect())
    }

    #[test]
    fn what_names_no_namespace_comes_beside_the_workload_of_its_file() {
        let files = vec![
            vec![config("a"), deployment("web", None)],
            vec![deployment("db", None), config("b")],
            vec![config("loose")],
        ];
        assert_eq!(
            arranged(files),
            [line("db", "db", &["b", "loose"]), line("web", "web", &["a", "loose"])]
        );
    }

    #[test]
    fn workloads_of_one_namespace_are_each_others_neighbours() {
        let files = vec![vec![deployment("web", Some("shop")), deployment("db", Some("shop"))]];
        assert_eq!(
            arranged(files),
            [line("shop-web", "shop", &["db"]), line("shop-db", "shop", &["web"])]
        );
    }

    #[test]
    fn definitions_come_before_what_they_define() {
        let role = json!({"apiVersion": "v1", "kind": "ClusterRole", "metadata": {"name": "r"}});
        let definition = json!({"kind": "CustomResourceDefinition", "metadata": {"name": "d"}});
        let foreign = arrange(vec![vec![role, definition, deployment("web", None)]], |object| {
            !is_workload(object)
        });
        let names: Vec<&str> = foreign.shared.iter().map(|object| named(object).name).collect();
        assert_eq!(names, ["d", "r"]);
        assert_eq!(foreign.subjects[0].workload["metadata"]["namespace"], "web");
    }
}

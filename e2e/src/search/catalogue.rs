//! The catalogue of `e2e/search`: workloads, and what is known of them before they are run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::manifest;
use super::subject::{Asked, Subject};
use super::truth::Truth;
use crate::bed;
use crate::field::Catalogue;

/// One file of the catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    /// A sample of `e2e/workloads` that has its manifests.
    sample: Option<String>,
    /// Its manifests.
    #[serde(default)]
    manifests: Vec<Value>,
    /// The program of `e2e/field` whose files are its ConfigMap `config`.
    files: Option<String>,
    /// Merged into the spec of its check.
    #[serde(default)]
    check: Value,
    client: Option<Asked>,
    seed: Option<String>,
    truth: Truth,
}

/// Reads the catalogue; only these workloads, if any are named.
pub fn catalogue(only: &[String]) -> Result<Vec<Subject>> {
    let folder = root().join("workloads");
    let mut subjects = BTreeMap::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("failed to list `{}`", folder.display()))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let subject = subject(&name, &path).with_context(|| format!("in `{}`", path.display()))?;
        subjects.insert(name, subject);
    }
    for name in only {
        let known = || subjects.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        ensure!(
            subjects.contains_key(name),
            "no workload is named `{name}`; there are {}",
            known()
        );
    }
    subjects.retain(|name, _| only.is_empty() || only.contains(name));
    Ok(subjects.into_values().collect())
}

/// Scripts of clients that only this catalogue has.
pub(super) fn drivers() -> PathBuf {
    root().join("driver")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("search")
}

fn subject(name: &str, path: &Path) -> Result<Subject> {
    let written: Written = serde_saphyr::from_str(&fs::read_to_string(path)?)?;
    let Written {
        sample,
        manifests,
        files,
        check,
        client,
        seed,
        truth,
    } = written;
    let mut objects = manifests;
    if let Some(sample) = sample {
        let path = bed::sample(&sample);
        let text = fs::read_to_string(&path).with_context(|| format!("sample: `{sample}`: no such workload"))?;
        objects.extend(manifest::parse(&text)?);
    }
    if let Some(program) = files {
        let catalogue = Catalogue::read(std::slice::from_ref(&program))?;
        let program = catalogue.programs.into_values().next().context("files: no program")?;
        objects.push(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config"}, "data": program.files
        }));
    }
    let (mut workloads, surroundings): (Vec<_>, Vec<_>) = objects.into_iter().partition(manifest::is_workload);
    ensure!(
        workloads.len() == 1,
        "manifests: {} workloads, wanted: 1",
        workloads.len()
    );
    let workload = workloads.pop().context("manifests: no workload")?;
    let containers = manifest::containers(&workload);
    for container in truth.fails.keys() {
        ensure!(
            containers.contains(&container.as_str()),
            "truth.fails: no container is named `{container}`; there are {}",
            containers.join(", ")
        );
    }
    Ok(Subject {
        name: name.to_owned(),
        namespace: format!("search-{name}"),
        surroundings,
        workload,
        check,
        client,
        seed,
        truth: Some(truth),
    })
}

#[cfg(test)]
mod tests {
    use temper_api::SETTINGS;

    use super::*;

    /// Settings that the catalogue speaks of.
    fn settings(truth: &Truth) -> impl Iterator<Item = &String> {
        let failing = truth.fails.values().flat_map(BTreeMap::keys);
        truth.repairs.keys().chain(failing).chain(&truth.either)
    }

    #[test]
    fn the_catalogue_is_sound() {
        let subjects = catalogue(&[]).unwrap();
        assert!(subjects.len() >= 25, "{}", subjects.len());
        for subject in &subjects {
            let truth = subject.truth.as_ref().unwrap();
            let name = &subject.name;
            for setting in settings(truth) {
                assert!(SETTINGS.contains(&setting.as_str()), "{name}: no setting `{setting}`");
            }
            assert!(
                ["Restricted", "Baseline", "Privileged"].contains(&truth.level.as_str()),
                "{name}"
            );
            assert!(!truth.why.is_empty(), "{name}");
            if let Some(asked) = &subject.client {
                let script = format!("of_{}.py", asked.program);
                let field = Path::new(env!("CARGO_MANIFEST_DIR")).join("field/driver");
                assert!(
                    [field, drivers()].iter().any(|folder| folder.join(&script).exists()),
                    "{name}: no {script}"
                );
            }
        }
        assert!(catalogue(&["nothing".to_owned()]).is_err());
    }
}

//! Anybody's images: archives of either kind in a folder, loaded under the names by which manifests know them.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::Command;

use super::manifest::reference;
use crate::cluster::{self, Cluster};
use crate::command::{output, run};
use crate::images::{Archive, load_hook};

/// Loads all archives of a folder into the cluster; full names of their images.
pub async fn load(folder: &Path) -> Result<Vec<String>> {
    let mut loaded = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("failed to read `{}`", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    if folder.join("index.json").exists() {
        paths = vec![folder.to_owned()];
    }
    for path in paths {
        // A layout that nobody packed.
        let packed = tempfile::Builder::new().suffix(".tar").tempfile()?;
        let archive = if path.join("index.json").exists() {
            run(Command::new("tar")
                .arg("-cf")
                .arg(packed.path())
                .arg("-C")
                .arg(&path)
                .arg("."))
            .await?;
            packed.path()
        } else if path.is_file() {
            &path
        } else {
            continue;
        };
        let names = bring(archive).await;
        let names = names.with_context(|| format!("failed to load `{}`", path.display()))?;
        tracing::info!(archive = %path.display(), images = names.join(" "), "loaded");
        loaded.extend(names);
    }
    ensure!(
        !loaded.is_empty(),
        "`{}` holds no image archive: OCI or docker archives are wanted, as `docker save` or `skopeo copy` write them",
        folder.display()
    );
    Ok(loaded)
}

async fn bring(archive: &Path) -> Result<Vec<String>> {
    let names = names(archive).await?;
    let full: Vec<String> = names.iter().map(|name| reference(name)).collect();
    if cluster::external() {
        let hook = load_hook().context("set TEMPER_LOAD_IMAGE to a command that loads an archive into the cluster")?;
        let archive = Archive {
            name: full.join(" "),
            path: archive.to_owned(),
        };
        archive.load_by(&hook).await?;
    } else {
        let pairs: Vec<(String, String)> = names.into_iter().zip(full.iter().cloned()).collect();
        Cluster::from_env()?.bring(archive, &pairs).await?;
    }
    Ok(full)
}

/// Names of the images in an archive, as containerd will know them at first.
async fn names(archive: &Path) -> Result<Vec<String>> {
    let tar = || Command::new("tar");
    let listed = output(tar().arg("-tf").arg(archive)).await?;
    let find = |name: &str| {
        let same = |line: &&str| line.trim_start_matches("./") == name;
        listed.lines().find(same).map(str::to_owned)
    };
    let read = async |entry: String| -> Result<Value> {
        let text = output(tar().arg("-xOf").arg(archive).arg(entry)).await?;
        Ok(serde_json::from_str(&text)?)
    };
    if let Some(index) = find("index.json") {
        of_index(&read(index).await?)
    } else if let Some(manifest) = find("manifest.json") {
        of_manifest(&read(manifest).await?)
    } else {
        bail!("neither an OCI nor a docker archive: it has no index.json and no manifest.json")
    }
}

/// Names in an OCI layout's index. The first annotation is whole where there is one; the second may be a tag alone.
fn of_index(index: &Value) -> Result<Vec<String>> {
    let manifests = index["manifests"].as_array().context("index.json: no manifests")?;
    let name = |manifest: &Value| {
        let annotations = &manifest["annotations"];
        let annotation = |key: &str| annotations.get(key).and_then(Value::as_str).map(str::to_owned);
        let name = annotation("io.containerd.image.name").or_else(|| annotation("org.opencontainers.image.ref.name"));
        let name = name.context("index.json: the image has no name")?;
        ensure!(
            name.contains(['/', ':', '@']),
            "index.json: the image is named `{name}`, a tag alone: write the archive with the whole name, such as \
             oci-archive:FILE:REGISTRY/NAME:TAG"
        );
        Ok(name)
    };
    manifests.iter().map(name).collect()
}

/// Names in a docker archive's manifest, which containerd completes by itself.
fn of_manifest(manifest: &Value) -> Result<Vec<String>> {
    let images = manifest.as_array().context("manifest.json: not a list")?;
    let tags = images.iter().filter_map(|image| image["RepoTags"].as_array()).flatten();
    let names: Vec<String> = tags.filter_map(Value::as_str).map(reference).collect();
    ensure!(
        !names.is_empty(),
        "manifest.json: the image has no name: save it by its name and tag"
    );
    Ok(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_found_in_either_kind() {
        let annotated = |key: &str, name: &str| json!({"manifests": [{"annotations": {key: name}}]});
        let oci = annotated("org.opencontainers.image.ref.name", "local/a:1");
        assert_eq!(of_index(&oci).unwrap(), ["local/a:1"]);
        let whole = annotated("io.containerd.image.name", "docker.io/library/a:1");
        assert_eq!(of_index(&whole).unwrap(), ["docker.io/library/a:1"]);
        let docker = json!([{"RepoTags": ["a:1", "registry.example/b:2"]}]);
        assert_eq!(
            of_manifest(&docker).unwrap(),
            ["docker.io/library/a:1", "registry.example/b:2"]
        );
    }

    #[test]
    fn a_tag_alone_is_no_name() {
        let index = json!({"manifests": [{"annotations": {"org.opencontainers.image.ref.name": "1.0"}}]});
        let said = of_index(&index).unwrap_err().to_string();
        assert!(said.contains("`1.0`, a tag alone"), "{said}");
        assert!(of_manifest(&json!([{"RepoTags": null}])).is_err());
    }
}

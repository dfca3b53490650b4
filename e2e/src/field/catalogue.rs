//! Programs, the settings they are run under, and what is expected of each: data below `e2e/field`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::change::Change;
use super::label::Verdict;
use crate::images::Image;

/// Everything that is run.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// By name.
    pub programs: BTreeMap<String, Program>,
}

/// A server, how it is set up, and its settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Program {
    /// The image that has it.
    #[serde(default = "image")]
    pub image: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Whom it runs as where its container starts as root; root by default.
    pub user: Option<String>,
    /// Where it answers.
    pub port: u16,
    /// Merged into its readiness probe, which is that a connection to the port is accepted.
    #[serde(default)]
    pub ready: Value,
    /// Environment variables.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Files in `/config`.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Where it may write: an emptyDir at each path, by name.
    #[serde(default)]
    pub volumes: BTreeMap<String, String>,
    /// Shell lines that fill the volumes, as root, before it starts.
    #[serde(default)]
    pub prepare: String,
    /// A container beside it that shares its volumes, for probes that no network reaches.
    #[serde(default)]
    pub beside: Option<Value>,
    /// Rules of a ClusterRole that its account has. Without any it gets no token.
    #[serde(default)]
    pub rules: Vec<Value>,
    /// Seconds that are recorded once it is Ready.
    #[serde(default = "seconds")]
    pub seconds: u32,
    /// Rounds of requests.
    #[serde(default = "rounds")]
    pub rounds: u32,
    /// What it is run under, beside `none`.
    pub settings: Vec<Expected>,
}

fn image() -> String {
    Image::Field.name()
}

fn seconds() -> u32 {
    20
}

fn rounds() -> u32 {
    4
}

/// A setting, and what was written about it before it was tried.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Expected {
    /// Its name, a folder's name too.
    pub setting: String,
    /// How the program should fare.
    pub expect: Verdict,
    /// Why.
    pub why: String,
    /// What it changes; by default what `settings.yaml` says of its name.
    pub change: Option<Change>,
}

impl Catalogue {
    /// Reads the catalogue of this repository; only these programs, if any are named.
    pub fn read(only: &[String]) -> Result<Self> {
        let root = root();
        let shared: BTreeMap<String, Change> = yaml(&root.join("settings.yaml"))?;
        let mut programs = BTreeMap::new();
        let folder = root.join("programs");
        for entry in fs::read_dir(&folder).with_context(|| format!("failed to list `{}`", folder.display()))? {
            let path = entry?.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let mut program: Program = yaml(&path)?;
            program
                .complete(&shared)
                .with_context(|| format!("in `{}`", path.display()))?;
            programs.insert(name, program);
        }
        for name in only {
            if !programs.contains_key(name) {
                let known: Vec<&str> = programs.keys().map(String::as_str).collect();
                bail!("no program is named `{name}`; there are {}", known.join(", "));
            }
        }
        programs.retain(|name, _| only.is_empty() || only.contains(name));
        Ok(Self { programs })
    }
}

impl Program {
    /// Gives every setting its change, and looks for names that mean nothing.
    fn complete(&mut self, shared: &BTreeMap<String, Change>) -> Result<()> {
        ensure!(
            !self.volumes.contains_key("config"),
            "a volume is named `config`, which is that of the files: name it otherwise"
        );
        for Expected { setting, change, .. } in &mut self.settings {
            if change.is_none() {
                let found = shared.get(setting);
                let found = found.with_context(|| format!("setting `{setting}` has no change, and none is shared"))?;
                *change = Some(found.clone());
            }
            let change = change.iter();
            for volume in change.flat_map(|change| change.read_only.iter().chain(&change.small)) {
                ensure!(
                    volume == "*" || self.volumes.contains_key(volume),
                    "setting `{setting}` names the volume `{volume}`; there are {}",
                    self.volumes.keys().cloned().collect::<Vec<_>>().join(", ")
                );
            }
        }
        Ok(())
    }
}

/// Folder of the catalogue.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("field")
}

fn yaml<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    serde_saphyr::from_str(&text).with_context(|| format!("failed to read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_is_sound() {
        let catalogue = Catalogue::read(&[]).unwrap();
        for (name, program) in &catalogue.programs {
            let names: BTreeSet<&str> = program.settings.iter().map(|one| one.setting.as_str()).collect();
            assert_eq!(names.len(), program.settings.len(), "{name} names a setting twice");
            assert!(!names.contains("none"), "{name}: `none` is always there");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(
                names.iter().all(|name| name.chars().all(plain)),
                "namespaces: {names:?}"
            );
            assert!(program.settings.iter().all(|one| !one.why.is_empty()), "{name}");
        }
        assert!(Catalogue::read(&["nothing".to_owned()]).is_err());
    }
}

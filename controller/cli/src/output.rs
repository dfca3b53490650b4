//! Where results go: a file or stdout; and objects as text.

use std::{fs, path::Path};

use anyhow::Context;
use kube::ResourceExt;
use serde::Serialize;

use crate::printer;

/// Writes a result to a file if there is one, else to stdout.
pub(crate) fn deliver(text: &str, file: Option<&Path>) -> anyhow::Result<()> {
    let Some(file) = file.filter(|file| *file != Path::new("-")) else {
        return printer::result(text);
    };
    fs::write(file, text).with_context(|| format!("failed to write `{}`", file.display()))?;
    printer::note(&format!("wrote {}", file.display()));
    Ok(())
}

/// An object as JSON, without what only the API server cares about.
pub(crate) fn json<K: ResourceExt + Serialize>(mut object: K) -> anyhow::Result<String> {
    object.meta_mut().managed_fields = None;
    Ok(serde_json::to_string_pretty(&object).context("failed to write JSON")? + "\n")
}

/// An object as YAML, without what only the API server cares about.
pub(crate) fn yaml<K: ResourceExt + Serialize>(mut object: K) -> anyhow::Result<String> {
    object.meta_mut().managed_fields = None;
    let text = serde_saphyr::to_string(&object).context("failed to write YAML")?;
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

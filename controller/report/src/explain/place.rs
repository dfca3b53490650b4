//! Where a patch has a setting, and what makes it possible.

use serde_json::Value;
use temper_api::HardeningReportSpec;
use temper_core::kind::Kind;

use super::Change;

/// The Pod's `spec` within the patch of a report.
#[derive(Debug)]
pub(super) struct Patched<'a> {
    /// Path to it, such as `spec.template.spec`.
    path: String,
    pod: &'a Value,
}

impl<'a> Patched<'a> {
    /// None where a report has no patch.
    pub(super) fn of(report: &'a HardeningReportSpec) -> Option<Self> {
        let patch = report.patch.as_ref()?;
        let target = &report.target_ref;
        let kind = Kind::find(&target.api_version, &target.kind, &[]);
        let known = kind
            .map(|kind| kind.pod())
            .filter(|pointer| patch.pointer(pointer).is_some());
        let pointer = known.unwrap_or_else(|| innermost(patch));
        Some(Self {
            path: pointer.trim_start_matches('/').replace('/', "."),
            pod: patch.pointer(&pointer)?,
        })
    }

    /// The fields of these that it has.
    pub(super) fn changes(&self, container: Option<&str>, fields: &[(&str, &str)]) -> Vec<Change> {
        let Some((path, part)) = self.part(container) else {
            return Vec::new();
        };
        let change = |(field, _): &(&str, &str)| {
            let value = part.pointer(&format!("/{}", field.replace('.', "/")))?;
            Some(Change {
                field: format!("{path}.{field}"),
                value: value.clone(),
            })
        };
        fields.iter().filter_map(change).collect()
    }

    /// Where it has a repair, of which there is no more than a sentence.
    pub(super) fn repair(&self, sentence: &str) -> Vec<String> {
        let container = sentence.split('`').nth(1);
        let Some(name) = container else {
            let sysctls = self.pod.pointer("/securityContext/sysctls");
            let place = sysctls.map(|_| format!("{}.securityContext.sysctls", self.path));
            return place.into_iter().collect();
        };
        let Some((path, part)) = self.part(container) else {
            return Vec::new();
        };
        let mut places = Vec::new();
        for mount in part
            .pointer("/volumeMounts")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let Some(at) = mount.get("mountPath").and_then(Value::as_str) else {
                continue;
            };
            if sentence.ends_with(&format!(" {at}")) && !is_home(sentence) {
                places.push(format!("{path}.volumeMounts[{at}]"));
                let volume = mount.get("name").and_then(Value::as_str).unwrap_or_default();
                places.push(format!("{}.volumes[{volume}]", self.path));
                // The volume holds copies, and this container makes them.
                let copier = format!("temper-copy-{name}");
                places.extend(
                    self.part(Some(&copier))
                        .filter(|_| mount.get("subPath").is_some())
                        .map(|(path, _)| path),
                );
            }
        }
        if sentence.contains("` keeps ") && part.pointer("/securityContext/capabilities/add").is_some() {
            places.push(format!("{path}.securityContext.capabilities.add"));
        }
        if is_home(sentence) && part.get("env").is_some() {
            places.push(format!("{path}.env[HOME]"));
        }
        places
    }

    /// A container of the patch, or the Pod, with the path to it.
    fn part(&self, container: Option<&str>) -> Option<(String, &'a Value)> {
        let Some(name) = container else {
            return Some((self.path.clone(), self.pod));
        };
        ["containers", "initContainers"].into_iter().find_map(|list| {
            let mut entries = self.pod.get(list)?.as_array()?.iter();
            let found = entries.find(|entry| entry.get("name").and_then(Value::as_str) == Some(name))?;
            Some((format!("{}.{list}[{name}]", self.path), found))
        })
    }
}

fn is_home(sentence: &str) -> bool {
    sentence.contains("` has its home at ")
}

/// Pointer to the innermost object that all of a patch lies in: of a custom kind nobody but the installation knows where
/// its Pod template is.
fn innermost(patch: &Value) -> String {
    let mut pointer = String::new();
    let mut value = patch;
    while let Some(fields) = value.as_object()
        && let (1, Some((field, inner))) = (fields.len(), fields.iter().next())
        && inner.is_object()
        && field != "securityContext"
    {
        pointer = format!("{pointer}/{field}");
        value = inner;
    }
    pointer
}

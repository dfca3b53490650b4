//! From the settings that a verified run had to what a user applies.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{PodSecurityContext, PodSpec, SecurityContext};
use serde_json::{Map, Value, json};

use crate::recording::Process;
use crate::setting::{Base, Identity, Setting, apply_all, long_lived};

/// What to put into the Pod template: only the fields that the settings touch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recommendation {
    /// `spec.securityContext` as it will be, where the settings change it.
    pub pod: Option<PodSecurityContext>,
    /// `securityContext` as it will be of each container that the settings change, by name.
    pub containers: BTreeMap<String, SecurityContext>,
    /// `spec.automountServiceAccountToken`, where the settings change it.
    pub automount_service_account_token: Option<bool>,
}

/// Builds the recommendation for a workload whose Pod is `source`.
pub fn recommend(source: &PodSpec, base: &Base, settings: &BTreeSet<Setting>, identity: &Identity) -> Recommendation {
    let mut hardened = source.clone();
    base.apply(&mut hardened);
    apply_all(settings, &mut hardened, identity);
    let mut containers = BTreeMap::new();
    let before = source.init_containers.iter().flatten().chain(&source.containers);
    let after = hardened.init_containers.iter().flatten().chain(&hardened.containers);
    for (before, after) in before.zip(after) {
        if before.security_context != after.security_context
            && let Some(context) = &after.security_context
        {
            containers.insert(after.name.clone(), context.clone());
        }
    }
    Recommendation {
        pod: hardened
            .security_context
            .filter(|context| source.security_context.as_ref() != Some(context)),
        containers,
        automount_service_account_token: hardened
            .automount_service_account_token
            .filter(|value| source.automount_service_account_token != Some(*value)),
    }
}

/// What to change in the `spec` of a workload's Pod, as a strategic merge patch; [`Kind::patch`](crate::kind::Kind::patch)
/// makes one for the workload of it.
pub fn patch(source: &PodSpec, recommendation: &Recommendation) -> Value {
    let mut spec = Map::new();
    if let Some(context) = &recommendation.pod {
        spec.insert("securityContext".to_owned(), json!(context));
    }
    if let Some(value) = recommendation.automount_service_account_token {
        spec.insert("automountServiceAccountToken".to_owned(), json!(value));
    }
    let merge = |containers: &[k8s_openapi::api::core::v1::Container]| -> Vec<Value> {
        let changed = containers.iter().filter_map(|container| {
            let context = recommendation.containers.get(&container.name)?;
            Some(json!({"name": container.name, "securityContext": context}))
        });
        changed.collect()
    };
    for (field, containers) in [
        ("initContainers", source.init_containers.as_deref().unwrap_or_default()),
        ("containers", &source.containers),
    ] {
        let patches = merge(containers);
        if !patches.is_empty() {
            spec.insert(field.to_owned(), Value::Array(patches));
        }
    }
    Value::Object(spec)
}

/// What the process of one container shows of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Container.
    pub container: String,
    /// Setting.
    pub setting: Setting,
    /// The process shows it.
    pub shown: bool,
    /// What was read.
    pub fact: String,
}

/// Compares what the processes of a run show with the settings that its Pod had. `pod` has them applied.
pub fn prove<'a>(
    pod: &PodSpec,
    settings: &BTreeSet<Setting>,
    process_of: impl Fn(&str) -> Option<&'a Process>,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    for container in long_lived(pod) {
        let process = process_of(&container.name);
        for setting in settings {
            let (shown, fact) = match process {
                None => (false, "the process was not seen".to_owned()),
                Some(process) if !process.error.is_empty() => (false, process.error.clone()),
                Some(process) => {
                    let shown = setting.shown(pod, container, process);
                    (shown.shown, shown.fact)
                }
            };
            facts.push(Fact {
                container: container.name.clone(),
                setting: *setting,
                shown,
                fact,
            });
        }
    }
    facts
}

/// The settings that every container's process shows.
pub fn proven(settings: &BTreeSet<Setting>, facts: &[Fact]) -> BTreeSet<Setting> {
    let shown = |setting: &Setting| {
        let mut of_setting = facts.iter().filter(|fact| fact.setting == *setting).peekable();
        of_setting.peek().is_some() && of_setting.all(|fact| fact.shown)
    };
    settings.iter().copied().filter(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patch_names_only_what_changes() {
        let source: PodSpec = serde_json::from_value(json!({
            "initContainers": [{"name": "init", "image": "i"}],
            "containers": [
                {"name": "app", "image": "a", "securityContext": {"readOnlyRootFilesystem": true}},
                {"name": "side", "image": "s"}
            ]
        }))
        .unwrap();
        let settings = BTreeSet::from([Setting::ReadOnlyRootFilesystem, Setting::AutomountServiceAccountToken]);
        let recommendation = recommend(&source, &Base::default(), &settings, &Identity::default());
        assert_eq!(
            patch(&source, &recommendation),
            json!({
                "automountServiceAccountToken": false,
                "initContainers": [{"name": "init", "securityContext": {"readOnlyRootFilesystem": true}}],
                "containers": [{"name": "side", "securityContext": {"readOnlyRootFilesystem": true}}]
            })
        );
    }

    #[test]
    fn what_no_process_showed_is_not_proven() {
        let pod: PodSpec = serde_json::from_value(json!({"containers": [{"name": "app"}]})).unwrap();
        let settings = BTreeSet::from([Setting::SeccompProfile]);
        assert!(proven(&settings, &prove(&pod, &settings, |_| None)).is_empty());
        assert!(proven(&settings, &[]).is_empty());
    }
}

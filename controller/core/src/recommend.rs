//! From what a verified run had to what a user applies.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, PodSecurityContext, PodSpec, SecurityContext};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::recording::Process;
use crate::repair::Repairs;
use crate::setting::{Base, Item, apply_all, containers, long_lived};

/// What to put into the Pod template: only the fields that change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recommendation {
    /// `spec.securityContext` as it will be, where it changes.
    pub pod: Option<PodSecurityContext>,
    /// `securityContext` as it will be of each container that changes, by name; without what is added to copy files.
    pub containers: BTreeMap<String, SecurityContext>,
    /// `spec.automountServiceAccountToken`, where it changes.
    pub automount_service_account_token: Option<bool>,
}

/// A Pod with everything that a run had.
pub fn harden(source: &PodSpec, base: &Base, items: &BTreeSet<Item>, repairs: &Repairs) -> PodSpec {
    let mut hardened = source.clone();
    base.apply(&mut hardened);
    apply_all(items, &mut hardened, repairs);
    repairs.apply(&mut hardened);
    hardened
}

/// What makes a workload whose Pod is `source` one whose Pod is `hardened`.
pub fn recommend(source: &PodSpec, hardened: &PodSpec) -> Recommendation {
    let changed = containers(source).filter_map(|before| {
        let after = named(hardened, &before.name)?;
        let context = after.security_context.as_ref()?;
        (before.security_context.as_ref() != Some(context)).then(|| (before.name.clone(), context.clone()))
    });
    Recommendation {
        pod: hardened
            .security_context
            .clone()
            .filter(|context| source.security_context.as_ref() != Some(context)),
        containers: changed.collect(),
        automount_service_account_token: hardened
            .automount_service_account_token
            .filter(|value| source.automount_service_account_token != Some(*value)),
    }
}

/// What to change in the `spec` of a workload's Pod, as a strategic merge patch, so that it is `hardened`;
/// [`Kind::patch`](crate::kind::Kind::patch) makes one for the workload of it.
pub fn patch(source: &PodSpec, hardened: &PodSpec) -> Value {
    let mut spec = Map::new();
    let mut set = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            spec.insert(field.to_owned(), value);
        }
    };
    let recommended = recommend(source, hardened);
    set(
        "securityContext",
        recommended.pod.as_ref().map(|context| json!(context)),
    );
    set(
        "automountServiceAccountToken",
        recommended.automount_service_account_token.map(Value::Bool),
    );
    for (field, before, after) in [
        ("hostNetwork", source.host_network, hardened.host_network),
        ("hostPID", source.host_pid, hardened.host_pid),
        ("hostIPC", source.host_ipc, hardened.host_ipc),
        (
            "shareProcessNamespace",
            source.share_process_namespace,
            hardened.share_process_namespace,
        ),
    ] {
        set(field, (before != after).then(|| Value::Bool(after.unwrap_or(false))));
    }
    set("volumes", added(source.volumes.as_deref(), hardened.volumes.as_deref()));
    let no_containers = Vec::new();
    let (inits, hardened_inits) = (
        source.init_containers.as_ref().unwrap_or(&no_containers),
        hardened.init_containers.as_ref().unwrap_or(&no_containers),
    );
    let changed_inits = changed(inits, hardened_inits);
    if inits.len() != hardened_inits.len() && !inits.is_empty() {
        // What is new would be put last.
        let order: Vec<Value> = hardened_inits.iter().map(|init| json!({"name": init.name})).collect();
        set("$setElementOrder/initContainers", Some(Value::Array(order)));
    }
    set("initContainers", changed_inits);
    set("containers", changed(&source.containers, &hardened.containers));
    Value::Object(spec)
}

/// What of a list is new, to be merged into it.
fn added<T: Serialize + PartialEq>(before: Option<&[T]>, after: Option<&[T]>) -> Option<Value> {
    let before = before.unwrap_or_default();
    let new: Vec<Value> = after
        .unwrap_or_default()
        .iter()
        .filter(|entry| !before.contains(entry))
        .map(|entry| json!(entry))
        .collect();
    (!new.is_empty()).then_some(Value::Array(new))
}

/// The containers that differ, each with what differs.
fn changed(before: &[Container], after: &[Container]) -> Option<Value> {
    let patches: Vec<Value> = after
        .iter()
        .filter_map(|after| match before.iter().find(|before| before.name == after.name) {
            None => Some(json!(after)),
            Some(before) => change(before, after),
        })
        .collect();
    (!patches.is_empty()).then_some(Value::Array(patches))
}

fn change(before: &Container, after: &Container) -> Option<Value> {
    let mut patch = Map::new();
    let mut set = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            patch.insert(field.to_owned(), value);
        }
    };
    if before.security_context != after.security_context {
        set(
            "securityContext",
            after.security_context.as_ref().map(|context| json!(context)),
        );
    }
    set(
        "volumeMounts",
        added(before.volume_mounts.as_deref(), after.volume_mounts.as_deref()),
    );
    set("env", added(before.env.as_deref(), after.env.as_deref()));
    if before.resources != after.resources {
        set("resources", after.resources.as_ref().map(|resources| json!(resources)));
    }
    if before.ports != after.ports {
        let ports = after.ports.iter().flatten().map(|port| {
            json!({"containerPort": port.container_port, "protocol": port.protocol, "hostPort": null, "hostIP": null})
        });
        set("ports", Some(ports.collect()));
    }
    if patch.is_empty() {
        return None;
    }
    patch.insert("name".to_owned(), json!(after.name));
    Some(Value::Object(patch))
}

fn named<'a>(pod: &'a PodSpec, name: &str) -> Option<&'a Container> {
    containers(pod).find(|container| container.name == name)
}

/// What the process of one container shows of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Container that was looked at.
    pub container: String,
    /// Item.
    pub item: Item,
    /// The process shows it.
    pub shown: bool,
    /// What was read.
    pub fact: String,
}

/// How a container ended that does not live as long as its Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Short {
    /// It ran to completion.
    Completed,
    /// It did not, as far as is known.
    Unknown,
}

/// Compares what the processes of a run show with the items that its Pod had. `pod` has them applied.
///
/// A container that runs to completion is gone before anybody looks. That it completed as in the baselines, in a Pod
/// that another container shows to have the same setting, is taken for its proof, and told so.
pub fn prove<'a>(
    pod: &PodSpec,
    items: &BTreeSet<Item>,
    process_of: impl Fn(&str) -> Option<&'a Process>,
    end_of: impl Fn(&str) -> Short,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    let lives = |name: &str| long_lived(pod).any(|container| container.name == name);
    let is_about = |item: &Item, name: &str| item.container.as_deref().is_none_or(|own| own == name);
    for container in long_lived(pod) {
        let process = process_of(&container.name);
        for item in items.iter().filter(|item| is_about(item, &container.name)) {
            let (shown, fact) = match process {
                None if end_of(&container.name) == Short::Completed => (true, COMPLETED.to_owned()),
                None => (false, "the process was not seen".to_owned()),
                Some(process) if !process.error.is_empty() => (false, process.error.clone()),
                Some(process) => {
                    let shown = item.shown(pod, container, process);
                    (shown.shown, shown.fact)
                }
            };
            facts.push(Fact {
                container: container.name.clone(),
                item: item.clone(),
                shown,
                fact,
            });
        }
    }
    for item in items {
        let Some(name) = item.container.as_deref().filter(|name| !lives(name)) else {
            continue;
        };
        facts.push(Fact {
            container: name.to_owned(),
            item: item.clone(),
            shown: end_of(name) == Short::Completed,
            fact: COMPLETED.to_owned(),
        });
    }
    facts
}

/// What is told of a container that ended before it could be looked at.
const COMPLETED: &str = "it ran to completion with this, before its process could be looked at";

/// The items that every process that they are about shows.
pub fn proven(items: &BTreeSet<Item>, facts: &[Fact]) -> BTreeSet<Item> {
    let shown = |item: &Item| {
        let mut of_item = facts.iter().filter(|fact| fact.item == *item).peekable();
        of_item.peek().is_some() && of_item.all(|fact| fact.shown)
    };
    items.iter().filter(|item| shown(item)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repair::{Fill, Mend};
    use crate::setting::Setting;

    fn pod(value: Value) -> PodSpec {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_patch_names_only_what_changes() {
        let source = pod(json!({
            "initContainers": [{"name": "init", "image": "i"}],
            "containers": [
                {"name": "app", "image": "a", "securityContext": {"readOnlyRootFilesystem": true}},
                {"name": "side", "image": "s"}
            ]
        }));
        let items = ["init", "side"].map(|name| Setting::ReadOnlyRootFilesystem.of(name));
        let items = items
            .into_iter()
            .chain([Item::pod(Setting::AutomountServiceAccountToken)])
            .collect();
        let hardened = harden(&source, &Base::default(), &items, &Repairs::default());
        assert_eq!(
            patch(&source, &hardened),
            json!({
                "automountServiceAccountToken": false,
                "initContainers": [{"name": "init", "securityContext": {"readOnlyRootFilesystem": true}}],
                "containers": [{"name": "side", "securityContext": {"readOnlyRootFilesystem": true}}]
            })
        );
    }

    #[test]
    fn requests_and_limits_that_were_filled_in_are_part_of_the_patch() {
        let source = pod(json!({"containers": [
            {"name": "app", "resources": {"requests": {"cpu": "1"}}}, {"name": "side"}
        ]}));
        let suggested = json!({"app": {"requests": {"cpu": "5m", "memory": "20Mi"}, "limits": {"memory": "25Mi"}}});
        let base = Base {
            resources: serde_json::from_value(suggested).unwrap(),
            ..Base::default()
        };
        let hardened = harden(&source, &base, &BTreeSet::new(), &Repairs::default());
        assert_eq!(
            patch(&source, &hardened),
            json!({"containers": [{
                "name": "app",
                "resources": {"requests": {"cpu": "1", "memory": "20Mi"}, "limits": {"memory": "25Mi"}}
            }]})
        );
    }

    #[test]
    fn repairs_are_part_of_the_patch() {
        let source = pod(json!({
            "initContainers": [{"name": "init", "image": "i"}],
            "containers": [{"name": "app", "image": "a", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
            "volumes": [{"name": "data", "emptyDir": {}}]
        }));
        let mend = Mend {
            directories: [("/run".to_owned(), Fill::Empty), ("/etc/app".to_owned(), Fill::Copied)].into(),
            home: Some("/run".to_owned()),
            ..Mend::default()
        };
        let repairs = Repairs {
            unprivileged_ports: true,
            containers: [("app".to_owned(), mend)].into(),
            ..Repairs::default()
        };
        let items = BTreeSet::from([Setting::ReadOnlyRootFilesystem.of("app")]);
        insta::assert_json_snapshot!(patch(&source, &harden(&source, &Base::default(), &items, &repairs)));
    }

    #[test]
    fn what_no_process_showed_is_not_proven() {
        let pod = pod(json!({"containers": [{"name": "app"}], "initContainers": [{"name": "init"}]}));
        let items = BTreeSet::from([Setting::SeccompProfile.of("app"), Setting::SeccompProfile.of("init")]);
        let unknown = prove(&pod, &items, |_| None, |_| Short::Unknown);
        assert!(proven(&items, &unknown).is_empty());
        assert!(proven(&items, &[]).is_empty());
        let completed = prove(&pod, &items, |_| None, |_| Short::Completed);
        assert_eq!(proven(&items, &completed), items);
    }
}

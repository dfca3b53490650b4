//! What a user wants in every run: filled in wherever the workload says nothing itself.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PodSecurityContext, PodSpec, ResourceRequirements, SecurityContext};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::containers_mut;
use crate::resources;

/// Fields that a run has wherever the workload leaves them open.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Base {
    /// For the Pod.
    pub pod: Option<PodSecurityContext>,
    /// For every container.
    pub container: Option<SecurityContext>,
    /// Requests and limits of containers, by name.
    pub resources: BTreeMap<String, ResourceRequirements>,
}

impl Base {
    /// Fills in what a Pod leaves open. What it says is kept, at either level.
    pub fn apply(&self, pod: &mut PodSpec) {
        resources::apply(&self.resources, pod);
        let said = fields(pod.security_context.as_ref());
        if let Some(base) = &self.pod {
            pod.security_context = Some(filled(pod.security_context.take(), &fields(Some(base))));
        }
        if let Some(base) = &self.container {
            let mut base = fields(Some(base));
            // A container's own value would stand above what the Pod says.
            base.retain(|field, _| !said.contains_key(field));
            for container in containers_mut(pod) {
                container.security_context = Some(filled(container.security_context.take(), &base));
            }
        }
    }

    /// The first field that would make a workload less restricted than Kubernetes makes it by itself.
    pub fn weakness(&self) -> Option<String> {
        let pod = fields(self.pod.as_ref());
        let container = fields(self.container.as_ref());
        let mut all = [("pod", &pod), ("container", &container)]
            .into_iter()
            .flat_map(|(level, fields)| fields.iter().map(move |(field, value)| (level, field, value)));
        all.find_map(|(level, field, value)| {
            is_weak(field, value).then(|| format!("spec.securityContext.{level}.{field}: {value}"))
        })
    }
}

fn is_weak(field: &str, value: &Value) -> bool {
    match field {
        "privileged" | "allowPrivilegeEscalation" => value == true,
        "runAsNonRoot" | "readOnlyRootFilesystem" => value == false,
        "runAsUser" | "runAsGroup" | "fsGroup" => value == 0,
        "procMount" => value != "Default",
        "seccompProfile" | "appArmorProfile" => value.get("type").is_some_and(|kind| kind == "Unconfined"),
        "capabilities" => value
            .get("add")
            .and_then(Value::as_array)
            .is_some_and(|add| !add.is_empty()),
        _ => false,
    }
}

fn fields<T: Serialize>(context: Option<&T>) -> Map<String, Value> {
    match context.and_then(|context| serde_json::to_value(context).ok()) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// `own` with what `base` says of the fields that it lacks.
fn filled<T: Serialize + DeserializeOwned + Default>(own: Option<T>, base: &Map<String, Value>) -> T {
    let own = own.unwrap_or_default();
    let mut all = base.clone();
    all.extend(fields(Some(&own)));
    // What was read from such fields can be read again.
    serde_json::from_value(Value::Object(all)).unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn base(pod: Value, container: Value) -> Base {
        Base {
            pod: serde_json::from_value(pod).unwrap(),
            container: serde_json::from_value(container).unwrap(),
            resources: BTreeMap::new(),
        }
    }

    #[test]
    fn only_what_is_left_open_is_filled_in() {
        let mut pod: PodSpec = serde_json::from_value(json!({
            "securityContext": {"runAsUser": 7},
            "containers": [
                {"name": "a", "securityContext": {"readOnlyRootFilesystem": false}},
                {"name": "b"}
            ]
        }))
        .unwrap();
        base(
            json!({"runAsUser": 101, "fsGroup": 101}),
            json!({"runAsUser": 102, "readOnlyRootFilesystem": true, "privileged": false}),
        )
        .apply(&mut pod);
        assert_eq!(
            serde_json::to_value(&pod).unwrap(),
            json!({
                "securityContext": {"runAsUser": 7, "fsGroup": 101},
                "containers": [
                    {"name": "a", "securityContext": {"readOnlyRootFilesystem": false, "privileged": false}},
                    {"name": "b", "securityContext": {"readOnlyRootFilesystem": true, "privileged": false}}
                ]
            })
        );
    }

    #[test]
    fn nothing_in_nothing_out() {
        let pod: PodSpec = serde_json::from_value(json!({"containers": [{"name": "a"}]})).unwrap();
        let mut same = pod.clone();
        Base::default().apply(&mut same);
        assert_eq!(same, pod);
    }

    #[test]
    fn a_base_weakens_nothing() {
        assert_eq!(
            base(json!({"runAsUser": 5}), json!({"privileged": false})).weakness(),
            None
        );
        for (pod, container, what) in [
            (
                json!({"runAsUser": 0}),
                json!({}),
                "spec.securityContext.pod.runAsUser: 0",
            ),
            (
                json!({}),
                json!({"privileged": true}),
                "spec.securityContext.container.privileged: true",
            ),
            (
                json!({}),
                json!({"capabilities": {"add": ["SYS_ADMIN"]}}),
                "spec.securityContext.container.capabilities",
            ),
        ] {
            let weakness = base(pod, container).weakness().unwrap();
            assert!(weakness.starts_with(what), "{weakness}");
        }
    }
}

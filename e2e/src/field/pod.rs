//! From a case to the objects of its namespace.

use serde_json::{Value, json};

use super::case::Case;
use super::change::Change;

/// Name of the container that is recorded and labelled.
pub(super) const SERVER: &str = "server";
/// A volume that is full soon.
const SMALL: &str = "1Mi";

/// Objects that must be there before the Pod, in the order of their creation: account, files, fence. `owner` is the
/// namespace, with which rights that lie outside go too.
pub(super) fn surroundings(case: &Case<'_>, owner: &Value) -> Vec<Value> {
    let Case {
        name, program, change, ..
    } = case;
    let namespace = owner.get("name").cloned().unwrap_or_default();
    let mut objects = vec![
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": program.files}),
    ];
    if !program.rules.is_empty() && !change.no_rules {
        let metadata = json!({"name": namespace, "ownerReferences": [owner]});
        objects.push(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": metadata, "rules": program.rules
        }));
        objects.push(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": namespace},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]
        }));
    }
    if change.no_egress {
        objects.push(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "no-egress"},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": []}
        }));
    }
    objects
}

/// The Pod.
pub(super) fn pod(case: &Case<'_>, pod_name: &str) -> Value {
    let Case {
        name, program, change, ..
    } = case;
    let present: Vec<(&String, &String)> = program
        .volumes
        .iter()
        .filter(|(volume, _)| !Change::names(&change.without, volume))
        .collect();
    let mounts = |read_only: &[String]| {
        let mounts = present.iter().map(
            |(volume, path)| json!({"name": volume, "mountPath": path, "readOnly": Change::names(read_only, volume)}),
        );
        let config = json!({"name": "config", "mountPath": "/config"});
        mounts.chain([config]).collect::<Vec<_>>()
    };
    let volumes = present.iter().map(|(volume, _)| {
        let small = Change::names(&change.small, volume);
        let kind = if small {
            json!({"medium": "Memory", "sizeLimit": SMALL})
        } else {
            json!({})
        };
        json!({"name": volume, "emptyDir": kind})
    });
    let config = json!({"name": "config", "configMap": {"name": name}});
    let mut probe = json!({
        "tcpSocket": {"port": program.port}, "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 3
    });
    json_patch::merge(&mut probe, &object(&program.ready));
    let env = program
        .env
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}));
    let mut server = json!({
        "name": SERVER,
        "image": program.image,
        "command": command(case),
        "env": env.collect::<Vec<_>>(),
        // What asks for nothing gets next to nothing of a busy machine.
        "resources": {"requests": {"cpu": "50m"}},
        "readinessProbe": probe,
        "volumeMounts": mounts(&change.read_only)
    });
    json_patch::merge(&mut server, &object(&change.container));
    if let Some(profile) = change.profile() {
        let deny = json!({"type": "Localhost", "localhostProfile": format!("field/{profile}")});
        json_patch::merge(&mut server, &json!({"securityContext": {"seccompProfile": deny}}));
    }
    let paths: Vec<&str> = present.iter().map(|(_, path)| path.as_str()).collect();
    let prepare = json!({
        "name": "prepare",
        "image": program.image,
        "command": ["bash", "-euc", format!("{}\n{}\n", program.prepare, change.prepare)],
        "env": [{"name": "VOLUMES", "value": paths.join(" ")}],
        "volumeMounts": mounts(&[])
    });
    let mut spec = json!({
        "serviceAccountName": name,
        "automountServiceAccountToken": !program.rules.is_empty(),
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 1,
        "initContainers": [prepare],
        "containers": std::iter::once(server).chain(beside(case, &mounts(&[]))).collect::<Vec<_>>(),
        "volumes": volumes.chain([config]).collect::<Vec<_>>()
    });
    json_patch::merge(&mut spec, &object(&change.pod));
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod_name, "labels": {"app": name}},
        "spec": spec
    })
}

/// What a merge takes for "no change".
fn object(patch: &Value) -> Value {
    if patch.is_null() { json!({}) } else { patch.clone() }
}

/// Bash sets limits, and gives up root where an image's entry point would.
fn command(case: &Case<'_>) -> Vec<String> {
    let drop = case.program.user.as_ref().map(|user| {
        format!("[ \"$(id -u)\" != 0 ] || exec setpriv --reuid={user} --regid={user} --init-groups -- \"$@\"\n")
    });
    let script = format!("{}\n{}exec \"$@\"", case.change.wrap, drop.unwrap_or_default());
    let start = ["bash", "-ec", &script, SERVER].map(str::to_owned);
    start.into_iter().chain(case.program.command.clone()).collect()
}

/// The container beside the server.
fn beside(case: &Case<'_>, mounts: &[Value]) -> Option<Value> {
    let mut beside = case.program.beside.clone()?;
    json_patch::merge(
        &mut beside,
        &json!({"name": "beside", "image": case.program.image, "volumeMounts": mounts}),
    );
    Some(beside)
}

/// What the node's seccomp directory must hold for a change.
pub(super) fn profile(change: &Change) -> Value {
    json!({
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": change.deny, "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Catalogue, cases};

    /// The Pod of a program under a setting.
    fn made(program: &str, setting: &str) -> Value {
        let catalogue = Catalogue::read(&[program.to_owned()]).unwrap();
        let cases = cases(&catalogue);
        pod(cases.iter().find(|case| case.setting == setting).unwrap(), "p")
    }

    fn mount(pod: &Value, container: &str, volume: &str) -> Option<bool> {
        let mounts = pod.pointer(&format!("/spec/{container}/0/volumeMounts"))?.as_array()?;
        let mount = mounts.iter().find(|mount| mount["name"] == volume)?;
        Some(mount["readOnly"] == true)
    }

    #[test]
    fn what_the_server_may_only_read_is_prepared_first() {
        let pod = made("nginx", "uploads-read-only");
        assert_eq!(mount(&pod, "containers", "uploads"), Some(true));
        assert_eq!(mount(&pod, "initContainers", "uploads"), Some(false));
        assert_eq!(mount(&pod, "containers", "cache"), Some(false));
        assert_eq!(mount(&made("nginx", "none"), "containers", "uploads"), Some(false));
    }

    #[test]
    fn a_setting_changes_the_server_and_nothing_beside_it() {
        let pod = made("nginx", "read-only-root-no-tmp");
        assert_eq!(mount(&pod, "containers", "tmp"), None);
        let context = |container: &str| pod.pointer(&format!("/spec/{container}/0/securityContext")).cloned();
        assert_eq!(context("containers"), Some(json!({"readOnlyRootFilesystem": true})));
        assert_eq!(context("initContainers"), None);
        let denied = made("redis", "deny-rename");
        let profile = denied.pointer("/spec/containers/0/securityContext/seccompProfile/localhostProfile");
        assert_eq!(profile, Some(&json!("field/deny-rename-renameat-renameat2.json")));
    }

    #[test]
    fn only_who_has_rights_gets_a_token() {
        let token = |program, setting| made(program, setting)["spec"]["automountServiceAccountToken"].clone();
        assert_eq!(token("prometheus", "none"), true);
        assert_eq!(token("prometheus", "no-token"), false);
        assert_eq!(token("redis", "none"), false);
    }

    #[test]
    fn probes_are_merged_into_the_usual_one() {
        let probe = |program| made(program, "none")["spec"]["containers"][0]["readinessProbe"].clone();
        assert_eq!(probe("memcached")["tcpSocket"]["port"], 11211);
        assert!(probe("nginx").get("tcpSocket").is_none() && probe("nginx").get("httpGet").is_some());
        assert_eq!(probe("sshd")["periodSeconds"], 5);
    }
}

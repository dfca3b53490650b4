use serde_json::json;

use super::*;
use crate::repair::{Capability, Mend};

fn pod(yaml: serde_json::Value) -> PodSpec {
    serde_json::from_value(yaml).unwrap()
}

fn container<'a>(pod: &'a PodSpec, name: &str) -> &'a SecurityContext {
    let found = containers(pod).find(|container| container.name == name).unwrap();
    found.security_context.as_ref().unwrap()
}

#[test]
fn ids_are_those_of_the_pod_security_standards() {
    let ids: Vec<String> = Setting::all().map(|s| s.to_string()).collect();
    assert_eq!(
        ids,
        [
            "runAsNonRoot",
            "runAsGroup",
            "readOnlyRootFilesystem",
            "allowPrivilegeEscalation",
            "capabilities_restricted",
            "seccompProfile_restricted",
            "privileged",
            "procMount",
            "hostPorts",
            "fsGroup",
            "automountServiceAccountToken",
            "hostNamespaces",
            "shareProcessNamespace",
            "appArmorProfile",
            "seLinuxOptions",
            "hostUsers",
            "supplementalGroupsPolicy",
        ]
    );
    let pod = pod(json!({"containers": [{"name": "app"}], "initContainers": [{"name": "init"}]}));
    for item in Item::all(&pod) {
        assert_eq!(item.to_string().parse::<Item>().unwrap(), item);
        assert!(item.setting.slug().len() <= 14);
    }
    assert!("runAsRoot".parse::<Item>().is_err());
}

#[test]
fn applying_twice_changes_nothing_more() {
    let mut once = pod(json!({"containers": [{"name": "app"}], "initContainers": [{"name": "init"}]}));
    let everything: BTreeSet<_> = Item::all(&once).collect();
    apply_all(&everything, &mut once, &Repairs::default());
    let mut twice = once.clone();
    apply_all(&everything, &mut twice, &Repairs::default());
    assert_eq!(once, twice);
    for item in everything {
        let expected = match item.setting.unproven() {
            Some(why) => Applicability::Excluded(why),
            None if item.setting.is_removal() => Applicability::Absent,
            None => Applicability::AlreadySet,
        };
        assert_eq!(item.applicability(&once), expected, "{item}");
    }
}

#[test]
fn a_container_is_hardened_by_itself() {
    let mut spec = pod(json!({"containers": [{"name": "a"}, {"name": "b"}]}));
    Setting::ReadOnlyRootFilesystem.of("b").apply(&mut spec, &Repairs::default());
    assert_eq!(spec.containers[0].security_context, None);
    assert_eq!(container(&spec, "b").read_only_root_filesystem, Some(true));
}

#[test]
fn explicit_ids_are_kept_and_root_is_not() {
    let mut spec = pod(json!({
        "securityContext": {"fsGroup": 1001},
        "containers": [
            {"name": "own", "securityContext": {"runAsUser": 999}},
            {"name": "root", "securityContext": {"runAsUser": 0, "runAsNonRoot": false}},
            {"name": "open"}
        ]
    }));
    let mend = Mend {
        user: Some(33),
        group: Some(34),
        ..Mend::default()
    };
    let repairs = Repairs {
        containers: [("open".to_owned(), mend)].into(),
        ..Repairs::default()
    };
    for setting in [Setting::RunAsNonRoot, Setting::RunAsGroup, Setting::FsGroup] {
        for item in setting.items(&spec) {
            item.apply(&mut spec, &repairs);
        }
    }
    let ids = |name: &str| (container(&spec, name).run_as_user, container(&spec, name).run_as_group);
    assert_eq!(ids("own"), (Some(999), Some(1000)));
    assert_eq!(ids("root"), (Some(1000), Some(1000)));
    assert_eq!(ids("open"), (Some(33), Some(34)));
    assert_eq!(container(&spec, "root").run_as_non_root, Some(true));
    assert_eq!(spec.security_context.unwrap().fs_group, Some(1001));
}

#[test]
fn a_group_alone_keeps_the_user() {
    let mut spec = pod(json!({"containers": [{"name": "app"}]}));
    let mend = Mend {
        source_user: Some(0),
        ..Mend::default()
    };
    let repairs = Repairs {
        containers: [("app".to_owned(), mend)].into(),
        ..Repairs::default()
    };
    Setting::RunAsGroup.of("app").apply(&mut spec, &repairs);
    let context = container(&spec, "app");
    assert_eq!((context.run_as_user, context.run_as_group), (Some(0), Some(1000)));
}

#[test]
fn what_the_pod_says_counts_for_its_containers() {
    let spec = pod(json!({
        "securityContext": {"runAsUser": 1001, "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "app"}]
    }));
    for setting in [Setting::RunAsNonRoot, Setting::SeccompProfile] {
        assert_eq!(setting.of("app").applicability(&spec), Applicability::AlreadySet);
    }
}

#[test]
fn capabilities_that_are_needed_are_added_back() {
    let mut spec = pod(json!({
        "containers": [{"name": "app", "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}]
    }));
    let mend = Mend {
        capabilities: [Capability::Setuid].into(),
        ..Mend::default()
    };
    let repairs = Repairs {
        containers: [("app".to_owned(), mend)].into(),
        ..Repairs::default()
    };
    Setting::Capabilities.of("app").apply(&mut spec, &repairs);
    let capabilities = container(&spec, "app").capabilities.clone().unwrap();
    assert_eq!(capabilities.drop.unwrap(), ["ALL"]);
    assert_eq!(capabilities.add.unwrap(), ["NET_ADMIN", "SETUID"]);
}

#[test]
fn a_privileged_container_gives_that_up_where_it_stands_in_the_way() {
    let spec = pod(json!({"containers": [
        {"name": "app", "securityContext": {"privileged": true}},
        {"name": "admin", "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}
    ]}));
    for setting in [Setting::Privileged, Setting::AllowPrivilegeEscalation, Setting::Capabilities] {
        let mut hardened = spec.clone();
        setting.of("app").apply(&mut hardened, &Repairs::default());
        assert_eq!(container(&hardened, "app").privileged, Some(false), "{setting}");
    }
    assert!(matches!(
        Setting::AllowPrivilegeEscalation.of("admin").applicability(&spec),
        Applicability::Excluded(_)
    ));
    assert_eq!(Setting::Privileged.of("admin").applicability(&spec), Applicability::Absent);
}

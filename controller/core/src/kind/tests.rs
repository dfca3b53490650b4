use serde_json::json;

use super::*;

fn widget() -> Kind {
    Kind::Custom(
        Custom::new(
            "example.com/v1",
            "Widget",
            "widgets",
            "spec.pod.template",
            Some("spec.size"),
        )
        .unwrap(),
    )
}

#[test]
fn a_kind_is_found_by_version_and_name() {
    for kind in Kind::BUILT_IN {
        assert_eq!(Kind::find(kind.api_version(), kind.name(), &[]), Some(kind));
    }
    assert_eq!(Kind::find("apps/v1", "Job", &[]), None);
    assert_eq!(Kind::find("example.com/v1", "Widget", &[]), None);
    let Kind::Custom(custom) = widget() else { panic!() };
    assert_eq!(Kind::find("example.com/v1", "Widget", &[custom]), Some(widget()));
    assert_eq!(
        Kind::of(&json!({"apiVersion": "batch/v1", "kind": "Job"})),
        Some(Kind::Job)
    );
}

#[test]
fn every_kind_is_patched_where_its_pod_is() {
    let change = json!({"securityContext": {"runAsNonRoot": true}});
    let patched = |kind: Kind| kind.patch(&json!({}), change.clone());
    assert_eq!(patched(Kind::Pod), json!({"spec": change}));
    assert_eq!(
        patched(Kind::ReplicaSet),
        json!({"spec": {"template": {"spec": change}}})
    );
    assert_eq!(
        patched(Kind::CronJob),
        json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": change}}}}})
    );
    assert_eq!(
        patched(widget()),
        json!({"spec": {"pod": {"template": {"spec": change}}}})
    );
}

#[test]
fn a_custom_kind_gets_whole_lists() {
    let widget = widget();
    let workload = json!({"spec": {"pod": {"template": {"spec": {
        "containers": [
            {"name": "app", "image": "a", "securityContext": {"privileged": true}, "ports": [{"containerPort": 80}]},
            {"name": "side", "image": "s", "extra": {"kept": true}}
        ],
        "volumes": [{"name": "data", "emptyDir": {}}]
    }}}}});
    let change = json!({
        "containers": [{
            "name": "app",
            "securityContext": {"readOnlyRootFilesystem": true, "privileged": null},
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]
        }],
        "volumes": [{"name": "tmp", "emptyDir": {}}]
    });
    assert_eq!(
        widget.patch(&workload, change).pointer(&widget.pod()),
        Some(&json!({
            "containers": [
                {
                    "name": "app", "image": "a", "ports": [{"containerPort": 80}],
                    "securityContext": {"readOnlyRootFilesystem": true},
                    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]
                },
                {"name": "side", "image": "s", "extra": {"kept": true}}
            ],
            "volumes": [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
        }))
    );
}

#[test]
fn a_new_init_container_of_a_custom_kind_comes_where_it_is_to_be() {
    let widget = widget();
    let workload = json!({"spec": {"pod": {"template": {"spec": {"initContainers": [{"name": "old"}]}}}}});
    let change = json!({
        "initContainers": [{"name": "new"}],
        "$setElementOrder/initContainers": [{"name": "new"}, {"name": "old"}]
    });
    assert_eq!(
        widget.patch(&workload, change).pointer(&widget.pod()),
        Some(&json!({"initContainers": [{"name": "new"}, {"name": "old"}]}))
    );
}

#[test]
fn a_description_that_is_of_no_use_says_why() {
    let error = |version: &str, name: &str, resource: &str, path: &str, replicas: Option<&str>| {
        Custom::new(version, name, resource, path, replicas)
            .unwrap_err()
            .to_string()
    };
    for (message, wanted) in [
        (
            error("v1", "Widget", "widgets", "spec.template", None),
            "apiVersion is `v1`: write group",
        ),
        (
            error("example.com", "Widget", "widgets", "spec.template", None),
            "apiVersion is `example.com`",
        ),
        (
            error("example.com/v1", "widget", "widgets", "spec.template", None),
            "kind is `widget`",
        ),
        (
            error("apps/v1", "Deployment", "deployments", "spec.template", None),
            "kind is `Deployment`: leave",
        ),
        (
            error("example.com/v1", "Widget", "*", "spec.template", None),
            "resource is `*`",
        ),
        (
            error("example.com/v1", "Widget", "widgets", "/spec/template", None),
            "path is `/spec/template`",
        ),
        (
            error("example.com/v1", "Widget", "widgets", "status.template", None),
            "path is `status.template`",
        ),
        (
            error("example.com/v1", "Widget", "widgets", "spec.a..b", None),
            "path is `spec.a..b`",
        ),
        (
            error("example.com/v1", "Widget", "widgets", "spec.template", Some("")),
            "replicasPath is ``",
        ),
    ] {
        assert!(message.starts_with(wanted), "{message}");
    }
}

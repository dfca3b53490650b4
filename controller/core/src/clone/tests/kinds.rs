//! What is particular of each kind.

use super::*;
use crate::kind::Custom;

fn of(target: Value) -> Source {
    Source {
        namespace: "shop".into(),
        workloads: vec![target],
        ..Source::default()
    }
}

/// The plan for a target named `web`, with a read-only root file system.
fn planned(kind: &Kind, source: &Source) -> Plan {
    let items = BTreeSet::from([crate::setting::Setting::ReadOnlyRootFilesystem.of("app")]);
    let order = Order {
        kind,
        ..order(&[], &items, true)
    };
    plan(source, &order).unwrap()
}

fn pod(more: &Value) -> Value {
    let mut pod = json!({"restartPolicy": "OnFailure", "containers": [{"name": "app", "image": "a"}]});
    pod.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    pod
}

fn job_spec() -> Value {
    json!({
        "parallelism": 4, "completions": 9, "completionMode": "Indexed", "backoffLimit": 6, "suspend": true,
        "backoffLimitPerIndex": 1, "activeDeadlineSeconds": 5, "ttlSecondsAfterFinished": 0, "manualSelector": true,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}},
        "podFailurePolicy": {"rules": []}, "successPolicy": {"rules": []},
        "template": {
            "metadata": {"labels": {
                "app": "web", "controller-uid": "u", "job-name": "web",
                "batch.kubernetes.io/controller-uid": "u", "batch.kubernetes.io/job-name": "web"
            }},
            "spec": pod(&json!({}))
        }
    })
}

#[test]
fn a_job_is_run_once_and_by_a_controller_of_its_own() {
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "spec": job_spec(), "status": {"succeeded": 9},
        "metadata": {"name": "web", "labels": {"job-name": "web", "app": "web"}}
    });
    let plan = planned(&Kind::Job, &of(job));
    let job = find(&plan, "Job", "web").unwrap();
    assert_eq!(
        job["spec"],
        json!({
            "parallelism": 3, "completions": 3, "completionMode": "Indexed", "backoffLimit": 0,
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
                "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "app", "image": "a", "securityContext": {"readOnlyRootFilesystem": true}}]
            }}
        })
    );
    assert_eq!(job["metadata"]["labels"], json!({"app": "web"}));
    assert_eq!((plan.pods, plan.all_pods), (Some(3), 3));
    assert_eq!(plan.selector, "batch.kubernetes.io/job-name=web");
    assert_eq!(plan.notes, ["Job/web: clones run 3 of 9 Pods"]);
}

#[test]
fn a_queue_of_work_has_no_completions() {
    let spec = json!({"parallelism": 2, "template": {"spec": pod(&json!({}))}});
    let plan = planned(
        &Kind::Job,
        &of(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "web"}, "spec": spec})),
    );
    let spec = &find(&plan, "Job", "web").unwrap()["spec"];
    assert_eq!((&spec["parallelism"], &spec["completions"]), (&json!(2), &Value::Null));
}

#[test]
fn the_clone_of_a_cron_job_is_one_job() {
    let source = of(json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "web", "labels": {"of": "cron"}},
        "spec": {"schedule": "* * * * *", "suspend": true, "jobTemplate": {
            "metadata": {"labels": {"of": "job"}},
            "spec": {"template": {"spec": pod(&json!({}))}}
        }}
    }));
    let plan = planned(&Kind::CronJob, &source);
    assert_eq!(plan.parts.iter().map(describe).collect::<Vec<_>>(), ["Job/web"]);
    let job = find(&plan, "Job", "web").unwrap();
    assert_eq!(
        (&job["apiVersion"], &job["metadata"]["labels"]),
        (&json!("batch/v1"), &json!({"of": "job"}))
    );
    assert_eq!(job["spec"]["parallelism"], 1);
    assert!(job["spec"].get("schedule").is_none() && job["spec"].get("suspend").is_none());
    assert_eq!(plan.pod.restart_policy.as_deref(), Some("Never"));
}

fn bare_pod() -> Value {
    let spec = json!({
        "nodeName": "n1", "priority": 0, "preemptionPolicy": "PreemptLowerPriority", "serviceAccountName": "default",
        "containers": [{
            "name": "app", "image": "a",
            "volumeMounts": [
                {"name": "kube-api-access-x7k2p", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"},
                {"name": "data", "mountPath": "/data"}
            ]
        }],
        "ephemeralContainers": [{"name": "debugger"}],
        "tolerations": [
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            {"key": "gpu", "operator": "Exists"}
        ],
        "volumes": [
            {"name": "kube-api-access-x7k2p", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
            {"name": "data", "emptyDir": {}}
        ]
    });
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "uid": "u", "labels": {"app": "web"}},
        "spec": pod(&spec), "status": {"phase": "Running"}
    })
}

#[test]
fn a_pod_is_cloned_as_it_was_made() {
    let mut source = of(bare_pod());
    source.services = vec![json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}}
    })];
    let plan = planned(&Kind::Pod, &source);
    assert!(find(&plan, "Service", "web").is_some());
    let pod = find(&plan, "Pod", "web").unwrap();
    assert_eq!(
        pod["spec"],
        json!({
            "restartPolicy": "OnFailure", "terminationGracePeriodSeconds": 1, "serviceAccountName": "default",
            "containers": [{
                "name": "app", "image": "a", "securityContext": {"readOnlyRootFilesystem": true},
                "volumeMounts": [{"name": "data", "mountPath": "/data"}]
            }],
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
            "volumes": [{"name": "data", "emptyDir": {}}]
        })
    );
    assert!(pod.get("status").is_none());
    assert_eq!(
        pod["metadata"]["labels"],
        json!({"app": "web", "temper.dev/target": "true"})
    );
    assert_eq!((plan.pods, plan.selector.as_str()), (Some(1), "temper.dev/target=true"));
}

#[test]
fn what_is_told_of_a_running_pod_is_no_change_of_it() {
    let (before, mut after) = (bare_pod(), bare_pod());
    after["metadata"]["annotations"] = json!({"seen": "by somebody"});
    after["status"]["phase"] = json!("Succeeded");
    after["spec"]["ephemeralContainers"] = Value::Null;
    let hash = |pod: &Value| template_hash(&Kind::Pod, pod);
    assert_ne!(hash(&before), hash(&json!({})));
    assert_eq!(hash(&before), hash(&after));
    after["spec"]["containers"][0]["image"] = json!("b");
    assert_ne!(hash(&before), hash(&after));
}

#[test]
fn a_custom_kind_is_cloned_whole_with_its_template_hardened() {
    let custom = Custom::new(
        "example.com/v1",
        "Widget",
        "widgets",
        "spec.template",
        Some("spec.size"),
    )
    .unwrap();
    let kind = Kind::Custom(custom);
    let mut widget = json!({
        "apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"name": "web", "finalizers": ["example.com/keep"], "annotations": {"team": "a"}},
        "spec": {
            "size": 7, "colour": "blue",
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app"}]}}
        },
        "status": {"ready": true}
    });
    let plan = planned(&kind, &of(widget.clone()));
    let clone = find(&plan, "Widget", "web").unwrap();
    assert_eq!(
        clone["metadata"],
        json!({"name": "web", "namespace": "temper-web-1-all", "annotations": {"team": "a"}, "labels": {}})
    );
    assert_eq!(
        (&clone["spec"]["size"], &clone["spec"]["colour"]),
        (&json!(3), &json!("blue"))
    );
    let context = &clone["spec"]["template"]["spec"]["containers"][0]["securityContext"];
    assert_eq!(*context, json!({"readOnlyRootFilesystem": true}));
    assert_eq!((plan.pods, plan.selector.as_str()), (Some(3), "app=web"));

    widget["spec"]["template"]["metadata"] = Value::Null;
    let settings = BTreeSet::new();
    let order = Order {
        kind: &kind,
        ..order(&[], &settings, false)
    };
    let error = super::super::plan(&of(widget), &order).unwrap_err().to_string();
    assert!(
        error.contains("Widget/web has no labels at /spec/template/metadata/labels"),
        "{error}"
    );
}

#[test]
fn a_stateful_set_keeps_its_ordinals_and_starts_with_empty_volumes() {
    let source = of(json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"},
        "spec": {
            "replicas": 2, "serviceName": "heads", "podManagementPolicy": "Parallel", "ordinals": {"start": 5},
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app"}]}},
            "volumeClaimTemplates": [{
                "metadata": {"name": "data", "uid": "u"},
                "spec": {"volumeName": "pv-1", "accessModes": ["ReadWriteOnce"]}, "status": {"phase": "Bound"}
            }]
        }
    }));
    let plan = planned(&Kind::StatefulSet, &source);
    let spec = &find(&plan, "StatefulSet", "web").unwrap()["spec"];
    assert_eq!(
        (&spec["serviceName"], &spec["podManagementPolicy"]),
        (&json!("heads"), &json!("Parallel"))
    );
    assert_eq!(spec["ordinals"], json!({"start": 5}));
    assert_eq!(
        spec["volumeClaimTemplates"],
        json!([{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}])
    );
}

#[test]
fn neighbours_are_what_serves_all_the_time() {
    let some = |version: &str, kind: &str, name: &str| {
        json!({
            "apiVersion": version, "kind": kind, "metadata": {"name": name}, "status": {"phase": "Running"},
            "spec": {"containers": [], "template": {"spec": {"containers": []}}}
        })
    };
    let mut source = of(bare_pod());
    let mut ended = some("v1", "Pod", "ended");
    ended["status"]["phase"] = json!("Succeeded");
    let mut owned = some("apps/v1", "ReplicaSet", "owned");
    owned["metadata"]["ownerReferences"] = json!([{"kind": "Deployment", "name": "d", "controller": true}]);
    source.workloads.extend([
        some("v1", "Pod", "alone"),
        ended,
        some("apps/v1", "ReplicaSet", "set"),
        owned,
        some("batch/v1", "Job", "migration"),
    ]);
    let plan = planned(&Kind::Pod, &source);
    let names: Vec<String> = plan.parts.iter().map(describe).collect();
    assert_eq!(names, ["Pod/alone", "ReplicaSet/set", "Pod/web"]);
    assert!(
        find(&plan, "Pod", "alone").unwrap()["metadata"]["labels"]
            .get("temper.dev/target")
            .is_none()
    );
    assert_eq!(plan.all_pods, 3);
}

mod kinds;

use serde_json::json;

use super::*;

fn source() -> Source {
    let template = |name: &str, spec: Value| {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": name, "namespace": "shop", "uid": "u", "resourceVersion": "7", "generation": 3,
                "annotations": {
                    "argocd.argoproj.io/tracking-id": "x",
                    "kubectl.kubernetes.io/last-applied-configuration": "{}",
                    "team": "a"
                },
                "labels": {"app": name, "app.kubernetes.io/managed-by": "Helm"}
            },
            "spec": {
                "replicas": 5,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": spec}
            },
            "status": {"readyReplicas": 5}
        })
    };
    let named = |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
    Source {
        namespace: "shop".into(),
        workloads: vec![
            template(
                "web",
                json!({
                    "hostNetwork": true, "nodeName": "n1", "serviceAccountName": "web",
                    "terminationGracePeriodSeconds": 60,
                    "containers": [{
                        "name": "app", "image": "a",
                        "ports": [{"containerPort": 80, "hostPort": 80}],
                        "envFrom": [{"configMapRef": {"name": "settings"}}],
                        "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "password", "key": "p"}}}]
                    }],
                    "volumes": [
                        {"name": "host", "hostPath": {"path": "/data"}},
                        {"name": "claim", "persistentVolumeClaim": {"claimName": "data"}}
                    ]
                }),
            ),
            template("db", json!({"containers": [{"name": "db", "image": "d"}]})),
        ],
        services: vec![
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
                "spec": {
                    "type": "LoadBalancer", "clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9"], "selector": {"app": "web"},
                    "ports": [{"port": 80, "nodePort": 30080}], "externalTrafficPolicy": "Local"
                }
            }),
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": "heads"},
                "spec": {"clusterIP": "None", "selector": {"app": "db"}, "ports": [{"port": 1}]}
            }),
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": "outside"},
                "spec": {"type": "ExternalName", "externalName": "example.com"}
            }),
        ],
        service_accounts: vec![named("ServiceAccount", "web"), named("ServiceAccount", "admin")],
        claims: vec![json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
            "spec": {"volumeName": "pv-1", "resources": {"requests": {"storage": "1Gi"}}}
        })],
        roles: vec![named("Role", "reader"), named("Role", "writer")],
        role_bindings: vec![json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "reader"},
            "roleRef": {"kind": "Role", "name": "reader"},
            "subjects": [
                {"kind": "ServiceAccount", "name": "web", "namespace": "shop"},
                {"kind": "User", "name": "jane"}
            ]
        })],
        network_policies: vec![json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "open"},
            "spec": {"podSelector": {}, "egress": [{}, {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}
        })],
        limit_ranges: vec![],
    }
}

fn clone_of(source: &Source, items: &BTreeSet<Item>, neighbours: bool) -> Result<Plan, Refusal> {
    let labels = [("temper.dev/run-uid".to_owned(), "r".to_owned())];
    plan(source, &order(&labels, items, neighbours))
}

fn order<'a>(labels: &'a [(String, String)], items: &'a BTreeSet<Item>, neighbours: bool) -> Order<'a> {
    Order {
        kind: const { &Kind::Deployment },
        name: "web",
        clone: "temper-web-1-all",
        labels,
        base: const {
            &Base {
                pod: None,
                container: None,
                resources: std::collections::BTreeMap::new(),
            }
        },
        items,
        repairs: const {
            &Repairs {
                fs_group: None,
                unprivileged_ports: false,
                containers: std::collections::BTreeMap::new(),
            }
        },
        neighbours,
        allow_shared: false,
        drivers: &[],
    }
}

fn describe(part: &Part) -> String {
    match part {
        Part::Object(object) => objects::describe(object),
        Part::Copy { kind, name } => format!("{kind}/{name}"),
    }
}

fn find<'a>(plan: &'a Plan, kind: &str, name: &str) -> Option<&'a Value> {
    let mut objects = plan.parts.iter().filter_map(|part| match part {
        Part::Object(object) => Some(object),
        Part::Copy { .. } => None,
    });
    objects.find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
}

#[test]
fn only_what_the_workload_needs_is_copied() {
    let plan = clone_of(&source(), &BTreeSet::new(), false).unwrap();
    let mut names: Vec<String> = plan.parts.iter().map(describe).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "ConfigMap/settings",
            "Deployment/web",
            "NetworkPolicy/open",
            "PersistentVolumeClaim/data",
            "Role/reader",
            "RoleBinding/reader",
            "Secret/password",
            "Service/web",
            "ServiceAccount/web"
        ]
    );
    assert_eq!(
        describe(plan.parts.last().unwrap()),
        "Deployment/web",
        "the target comes last"
    );
}

#[test]
fn neighbours_come_with_their_services() {
    let plan = clone_of(&source(), &BTreeSet::new(), true).unwrap();
    assert!(find(&plan, "Deployment", "db").is_some());
    assert_eq!(
        find(&plan, "Service", "heads").unwrap()["spec"]["clusterIP"],
        "None",
        "headless stays headless"
    );
    assert!(
        find(&plan, "Service", "outside").is_none(),
        "an ExternalName leads out of the clone"
    );
}

#[test]
fn nothing_is_shared_with_the_node_or_the_source() {
    let plan = clone_of(&source(), &BTreeSet::new(), false).unwrap();
    let target = find(&plan, "Deployment", "web").unwrap();
    let pod = &target["spec"]["template"]["spec"];
    assert!(pod.get("hostNetwork").is_none() && pod.get("nodeName").is_none());
    assert!(pod["containers"][0]["ports"][0].get("hostPort").is_none());
    assert!(pod["volumes"][0].get("hostPath").is_none() && pod["volumes"][0].get("emptyDir").is_some());
    assert_eq!(pod["terminationGracePeriodSeconds"], 1);
    assert_eq!(target["spec"]["replicas"], MAX_REPLICAS);
    assert!(target.get("status").is_none());
    let service = &find(&plan, "Service", "web").unwrap()["spec"];
    assert_eq!(service["type"], "ClusterIP");
    assert!(service.get("clusterIP").is_none() && service["ports"][0].get("nodePort").is_none());
    assert!(
        find(&plan, "PersistentVolumeClaim", "data").unwrap()["spec"]
            .get("volumeName")
            .is_none()
    );
    assert_eq!(plan.notes.len(), 4, "{:?}", plan.notes);
}

#[test]
fn metadata_is_our_own() {
    let plan = clone_of(&source(), &BTreeSet::new(), false).unwrap();
    assert_eq!(
        find(&plan, "Deployment", "web").unwrap()["metadata"],
        json!({
            "name": "web", "namespace": "temper-web-1-all",
            "annotations": {"team": "a"}, "labels": {"app": "web", "temper.dev/run-uid": "r"}
        })
    );
}

#[test]
fn bindings_serve_the_clones_accounts_only() {
    let mut source = source();
    let served = |source: &Source| {
        let plan = clone_of(source, &BTreeSet::new(), false).unwrap();
        find(&plan, "RoleBinding", "reader").unwrap()["subjects"].clone()
    };
    let clone = json!([{"kind": "ServiceAccount", "name": "web", "namespace": "temper-web-1-all"}]);
    assert_eq!(served(&source), clone);
    // Kubernetes takes the binding's own namespace where a subject names none.
    source.role_bindings[0]["subjects"][0]
        .as_object_mut()
        .unwrap()
        .remove("namespace");
    assert_eq!(served(&source), clone);
}

#[test]
fn a_copied_policy_opens_nothing() {
    let plan = clone_of(&source(), &BTreeSet::new(), false).unwrap();
    let policy = find(&plan, "NetworkPolicy", "open").unwrap();
    assert_eq!(policy["spec"]["egress"], json!([{"to": [{"podSelector": {}}]}]));
}

#[test]
fn a_host_socket_ends_the_check() {
    let mut source = source();
    source.workloads[0]["spec"]["template"]["spec"]["volumes"][0]["hostPath"]["type"] = json!("Socket");
    let error = clone_of(&source, &BTreeSet::new(), false).unwrap_err();
    assert!(error.to_string().contains("allowShared"), "{error}");
}

#[test]
fn the_target_has_the_settings_and_its_neighbours_have_not() {
    let plan = clone_of(
        &source(),
        &BTreeSet::from([crate::setting::Setting::ReadOnlyRootFilesystem.of("app")]),
        true,
    )
    .unwrap();
    let context = |name: &str| {
        find(&plan, "Deployment", name).unwrap()["spec"]["template"]["spec"]["containers"][0]["securityContext"].clone()
    };
    assert_eq!(context("web"), json!({"readOnlyRootFilesystem": true}));
    assert_eq!(context("db"), Value::Null);
    assert_eq!(plan.selector, "app=web");
    assert_eq!(plan.pods, Some(3));
}

#[test]
fn a_missing_target_is_named() {
    let mut source = source();
    source.workloads.clear();
    assert_eq!(
        clone_of(&source, &BTreeSet::new(), false).unwrap_err().to_string(),
        "Deployment `web` does not exist: create it, or correct spec.targetRef"
    );
}

#[test]
fn a_token_is_not_copied_and_a_copy_keeps_its_data() {
    let order = order(&[], const { &BTreeSet::new() }, false);
    let secret = |kind: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": kind, "data": {"key": "/wA="},
            "metadata": {"name": "s", "namespace": "shop", "uid": "u", "resourceVersion": "7"}
        })
    };
    assert_eq!(copy(secret("kubernetes.io/service-account-token"), &order), None);
    assert_eq!(
        copy(secret("Opaque"), &order).unwrap(),
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"key": "/wA="},
            "metadata": {"name": "s", "namespace": "temper-web-1-all", "labels": {}}
        })
    );
}

#[test]
fn no_neighbour_makes_a_clone_large() {
    let mut source = source();
    source.workloads[1]["spec"]["replicas"] = json!(200);
    let plan = clone_of(&source, &BTreeSet::new(), true).unwrap();
    assert_eq!(
        find(&plan, "Deployment", "db").unwrap()["spec"]["replicas"],
        MAX_REPLICAS
    );
    source.workloads[1]["spec"]["replicas"] = json!(0);
    let plan = clone_of(&source, &BTreeSet::new(), true).unwrap();
    assert_eq!(find(&plan, "Deployment", "db").unwrap()["spec"]["replicas"], 0);
}

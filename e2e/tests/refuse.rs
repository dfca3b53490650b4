//! What ends a check before it finds anything out: each with a reason and a sentence that says what to do.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use futures::TryStreamExt as _;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Node, Pod};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, ResourceExt as _};
use serde_json::json;
use temper_api::{CheckRun, RunPhase, condition, reason};
use temper_e2e::bed::{Bed, is, with_bed};
use temper_e2e::recordings;
use temper_proto::v1::{LogLine, chunk::Body};

#[tokio::test]
async fn a_target_that_is_not_there() -> Result<()> {
    with_bed("missing", async |bed: Bed| {
        let started = bed.check("missing", "nobody", "10s").await?;
        started.ends_unverified(reason::TARGET_NOT_FOUND, "create it").await
    })
    .await
}

#[tokio::test]
async fn a_kind_that_nobody_knows() -> Result<()> {
    with_bed("kind", async |bed: Bed| {
        let spec =
            json!({"targetRef": {"apiVersion": "v1", "kind": "Teapot", "name": "x"}, "recordingDuration": "10s"});
        let started = bed.check_with("kind", spec).await?;
        started
            .ends_unverified(
                reason::UNKNOWN_KIND,
                "use one of Deployment of apps/v1, StatefulSet of apps/v1",
            )
            .await
    })
    .await
}

#[tokio::test]
async fn durations_that_are_none() -> Result<()> {
    with_bed("duration", async |bed: Bed| {
        for (duration, sentence) in [
            ("soon", "recordingDuration"),
            ("5s", "not between 10s and 24h"),
            ("-1m", "recordingDuration"),
        ] {
            match bed.check("duration", "x", duration).await {
                Ok(_) => anyhow::bail!("`{duration}` was accepted"),
                Err(error) => ensure!(format!("{error:#}").contains(sentence), "{duration}: {error:#}"),
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled() -> Result<()> {
    with_bed("image", async |bed: Bed| {
        bed.apply(
            r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: unpullable}
spec:
  selector: {matchLabels: {app: unpullable}}
  template:
    metadata: {labels: {app: unpullable}}
    spec:
      containers: [{name: app, image: 'temper.local/nobody-made-this:dev', imagePullPolicy: Never}]
",
        )
        .await?;
        let started = bed.check("image", "unpullable", "10s").await?;
        started
            .ends_unverified(reason::TARGET_NOT_READY, "ErrImageNeverPull")
            .await
    })
    .await
}

#[tokio::test]
async fn a_workload_that_works_only_where_it_is() -> Result<()> {
    with_bed("crash", async |bed: Bed| {
        bed.workload("crash-in-clone").await?;
        let started = bed.check("crash", "crash-in-clone", "15s").await?;
        started.ends_unverified(reason::BASELINE_UNSTABLE, "exit code 3").await
    })
    .await
}

#[tokio::test]
async fn a_second_check_of_the_same_workload() -> Result<()> {
    with_bed("second", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let first = bed.check("first", "tolerant", "1m").await?;
        first.run("baseline-1", |run: Option<&CheckRun>| run.is_some()).await?;
        let second = bed.check("second", "tolerant", "15s").await?;
        second.ends_unverified(reason::TARGET_BUSY, "check `first`").await?;
        first.delete().await?;
        first.nothing_left().await
    })
    .await
}

#[tokio::test]
async fn a_limit_range_that_the_workload_no_longer_fits() -> Result<()> {
    with_bed("limits", async |bed: Bed| {
        bed.apply(
            r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: small}
spec:
  selector: {matchLabels: {app: small}}
  template:
    metadata: {labels: {app: small}}
    spec:
      containers:
        - name: app
          image: temper.local/busybox:dev
          command: [sleep, '100000']
          resources: {requests: {memory: 16Mi}}
",
        )
        .await?;
        bed.ready("small").await?;
        // Made after the source's Pod: only new ones, as a clone's, are refused.
        bed.apply(
            r"
apiVersion: v1
kind: LimitRange
metadata: {name: least}
spec: {limits: [{type: Container, min: {memory: 4Gi}}]}
",
        )
        .await?;
        let started = bed.check("limits", "small", "15s").await?;
        started
            .ends_unverified(reason::BASELINE_UNSTABLE, "minimum memory usage per Container is 4Gi")
            .await
    })
    .await
}

#[tokio::test]
async fn a_pod_security_level_that_the_workload_does_not_reach() -> Result<()> {
    with_bed("psa", async |bed: Bed| {
        bed.workload("tolerant").await?;
        bed.label("pod-security.kubernetes.io/enforce", "restricted").await?;
        let started = bed.check("psa", "tolerant", "15s").await?;
        started
            .ends_unverified(reason::BASELINE_UNSTABLE, "violates PodSecurity")
            .await
    })
    .await
}

#[tokio::test]
async fn a_policy_of_the_cluster_that_refuses_the_clone() -> Result<()> {
    with_bed("policy", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let name = bed.namespace.clone();
        let policy = format!(
            r"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: {name}}}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {{matchLabels: {{temper.dev/clone-of: {name}}}}}
    resourceRules: [{{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}}]
  validations: [{{expression: 'false', message: no Deployment without an owner}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {name}}}
spec: {{policyName: {name}, validationActions: [Deny]}}
"
        );
        bed.apply(&policy).await?;
        let refused = async {
            let started = bed.check("policy", "tolerant", "15s").await?;
            started
                .ends_unverified(reason::CLONE_REFUSED, "no Deployment without an owner")
                .await
        }
        .await;
        bed.remove(&policy).await?;
        refused
    })
    .await
}

#[tokio::test]
async fn a_pod_that_the_kubelet_rejects_ends_at_the_first_rejection() -> Result<()> {
    with_bed("sysctl", async |bed: Bed| {
        bed.workload("tolerant").await?;
        // The API server takes it, a kubelet that was not told to allow it does not.
        let spec = json!({
            "targetRef": {"kind": "Deployment", "name": "tolerant"},
            "recordingDuration": "1m",
            "securityContext": {"pod": {"sysctls": [{"name": "kernel.msgmax", "value": "65536"}]}}
        });
        let started = bed.check_with("sysctl", spec).await?;
        let ended = started.complete().await?;
        ended.must_end_with(reason::BASELINE_UNSTABLE)?;
        ensure!(ended.message().contains("SysctlForbidden"), "{}", ended.message());
        ensure!(
            ended.seconds < 60.0,
            "it took {} s, as long as a recording",
            ended.seconds
        );
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn a_base_that_would_weaken_the_workload() -> Result<()> {
    with_bed("weak", async |bed: Bed| {
        let spec = json!({
            "targetRef": {"kind": "Deployment", "name": "x"},
            "recordingDuration": "15s",
            "securityContext": {"container": {"privileged": true}}
        });
        let started = bed.check_with("weak", spec).await?;
        started
            .ends_unverified(reason::INVALID_SPEC, "spec.securityContext.container.privileged: true")
            .await
    })
    .await
}

#[tokio::test]
async fn a_target_that_is_changed_while_it_is_checked() -> Result<()> {
    with_bed("changed", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let started = bed.check("changed", "tolerant", "1m").await?;
        started.run("all", is(RunPhase::Recording)).await?;
        let api: Api<Deployment> = Api::namespaced(bed.client.clone(), &bed.namespace);
        let patch = json!({"spec": {"template": {"metadata": {"annotations": {"changed": "now"}}}}});
        api.patch("tolerant", &PatchParams::default(), &Patch::Merge(patch))
            .await?;
        started
            .ends_unverified(reason::TARGET_CHANGED, "Deployment/tolerant was changed")
            .await
    })
    .await
}

#[tokio::test]
async fn a_workload_that_is_never_ready_in_its_clone() -> Result<()> {
    with_bed("never", async |bed: Bed| {
        bed.workload("ready-at-home").await?;
        let started = bed.check("never", "ready-at-home", "15s").await?;
        started.ends_unverified(reason::BASELINE_UNSTABLE, "Ready").await
    })
    .await
}

#[tokio::test]
async fn a_workload_that_differs_from_clone_to_clone() -> Result<()> {
    with_bed("noisy", async |bed: Bed| {
        bed.workload("noisy").await?;
        let started = bed.check("noisy", "noisy", "15s").await?;
        started
            .ends_unverified(reason::BASELINE_UNSTABLE, "differs from run to run")
            .await
    })
    .await
}

#[tokio::test]
async fn two_hundred_replicas_are_cloned_as_three() -> Result<()> {
    with_bed("replicas", async |bed: Bed| {
        // Two hundred Pods of the source live on a node without a kubelet, for which this test speaks.
        let node = bed.namespace.clone();
        let nodes: Api<Node> = Api::all(bed.client.clone());
        let object = json!({"metadata": {"name": node}});
        nodes
            .create(&PostParams::default(), &serde_json::from_value(object)?)
            .await?;
        let checked = replicas(&bed, &node).await;
        // Without their node Kubernetes removes its Pods.
        nodes.delete(&node, &DeleteParams::default()).await?;
        checked
    })
    .await
}

async fn replicas(bed: &Bed, node: &str) -> Result<()> {
    bed.apply(&format!(
        r"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: many}}
spec:
  replicas: 200
  selector: {{matchLabels: {{app: many}}}}
  template:
    metadata: {{labels: {{app: many}}}}
    spec:
      nodeName: {node}
      terminationGracePeriodSeconds: 0
      containers: [{{name: app, image: 'temper.local/busybox:dev', command: [sleep, '100000']}}]
"
    ))
    .await?;
    let pods: Api<Pod> = Api::namespaced(bed.client.clone(), &bed.namespace);
    let changes = watcher(pods.clone(), watcher::Config::default())
        .default_backoff()
        .applied_objects();
    let mut changes = std::pin::pin!(changes);
    let mut spoken = BTreeSet::new();
    let now = jiff::Timestamp::now().to_string();
    let status = json!({"status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}]
    }});
    while spoken.len() < 200 {
        let pod = changes.try_next().await?.context("the watch ended")?.name_any();
        if spoken.insert(pod.clone()) {
            pods.patch_status(&pod, &PatchParams::default(), &Patch::Merge(&status))
                .await?;
        }
    }
    bed.ready("many").await?;
    let started = bed.check("many", "many", "10s").await?;
    let run = started.run("baseline-1", is(RunPhase::Recording)).await?;
    ensure!(run.status.is_some_and(|status| status.target_pods == Some(3)));
    let ended = started.complete().await?;
    ended.must_be_verified()?;
    let notes = ended.status.notes;
    ensure!(
        notes.iter().any(|note| note.contains("3 replicas instead of 200")),
        "{notes:?}"
    );
    started.cleaned().await
}

#[tokio::test]
async fn a_clone_that_does_not_go_is_told_and_the_verdict_stands() -> Result<()> {
    with_bed("stuck", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let started = bed.check("stuck", "tolerant", "15s").await?;
        let run = started.run("baseline-1", is(RunPhase::Recording)).await?;
        let clone = run.status.and_then(|status| status.clone_namespace).unwrap_or_default();
        let maps: Api<ConfigMap> = Api::namespaced(bed.client.clone(), &clone);
        let held = json!({"metadata": {"name": "held", "finalizers": ["example.com/held"]}});
        maps.create(&PostParams::default(), &serde_json::from_value(held)?)
            .await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        let message = started
            .until(condition::CLEANED_UP, reason::CLEAN_UP_BLOCKED, "example.com/held")
            .await?;
        ensure!(message.contains(&clone), "{message}");
        let free = json!({"metadata": {"finalizers": null}});
        maps.patch("held", &PatchParams::default(), &Patch::Merge(free)).await?;
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn names_as_long_as_kubernetes_takes_them() -> Result<()> {
    with_bed("long", async |bed: Bed| {
        let target = "t".repeat(253);
        bed.apply(&format!(
            r"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {target}}}
spec:
  selector: {{matchLabels: {{app: long}}}}
  template:
    metadata: {{labels: {{app: long}}}}
    spec:
      containers: [{{name: {}, image: 'temper.local/busybox:dev', command: [sleep, '100000']}}]
",
            "c".repeat(63)
        ))
        .await?;
        bed.ready(&target).await?;
        let started = bed.check(&"x".repeat(200), &target, "10s").await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        let report = ended.status.report.unwrap_or_default();
        ensure!((1..=253).contains(&report.len()), "{report}");
        started.cleaned().await?;
        let refused = bed.check(&"x".repeat(201), &target, "10s").await;
        ensure!(refused.is_err(), "a name of 201 characters was taken");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn large_configuration_and_odd_bytes_are_taken_as_they_are() -> Result<()> {
    with_bed("odd", async |bed: Bed| {
        // Five ConfigMaps as large as the API server takes them, and a Secret that is no text.
        let maps: Api<ConfigMap> = Api::namespaced(bed.client.clone(), &bed.namespace);
        for number in 0..5 {
            let map = json!({"metadata": {"name": format!("large-{number}")}, "data": {"text": "y".repeat(1_040_000)}});
            maps.create(&PostParams::default(), &serde_json::from_value(map)?)
                .await?;
        }
        bed.workload("odd-bytes").await?;
        let started = bed.check("odd", "odd-bytes", "15s").await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        started.cleaned().await?;
        let chunks = recordings::read(&bed.client, &started.uid, "baseline-1").await?;
        let lines: Vec<LogLine> = chunks
            .into_iter()
            .filter_map(|chunk| match chunk.body {
                Some(Body::Logs(logs)) => Some(logs.lines),
                _ => None,
            })
            .flatten()
            .collect();
        ensure!(
            lines.iter().any(|line| line.text.starts_with(b"bytes \xff\xfe\x00")),
            "the odd line is not there"
        );
        ensure!(
            lines.iter().any(|line| line.cut_from >= 1_000_000),
            "the long line is not there"
        );
        ensure!(
            !lines.iter().any(|line| contains(&line.text, b"\x01\x02hidden\xff\xfe")),
            "a secret left its clone"
        );
        ensure!(
            lines.iter().any(|line| line.text.starts_with(b"secret [")),
            "the secret's line is not there"
        );
        Ok(())
    })
    .await
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

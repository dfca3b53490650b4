//! Every kind with a Pod template: what is recommended was proven on a clone of that kind, and the kind takes the patch
//! by the command that comes with it.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};
use temper_api::{SettingState, reason};
use temper_e2e::bed::{Bed, Ended, Started, sample, with_bed};
use temper_e2e::operator::{Operator, widgets};
use temper_e2e::wait;
use tokio::process::Command;

const DURATION: &str = "10s";

/// A setting that every sample workload here bears, and what its container then has.
const PROVEN: &str = "allowPrivilegeEscalation";

/// A sample workload of another kind than Deployment.
struct Workload {
    resource: ApiResource,
    name: &'static str,
    /// JSON pointer to its Pod's `spec`.
    pod: &'static str,
}

impl Workload {
    fn new(group: &str, version: &str, kind: &str, name: &'static str, pod: &'static str) -> Self {
        Self {
            resource: ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind)),
            name,
            pod,
        }
    }

    fn api(&self, bed: &Bed) -> Api<DynamicObject> {
        Api::namespaced_with(bed.client.clone(), &bed.namespace, &self.resource)
    }

    /// Makes and checks it; both when nothing of the check is left.
    async fn hardened(&self, bed: &Bed, duration: &str) -> Result<(Started, Ended)> {
        bed.apply(&std::fs::read_to_string(sample(self.name))?).await?;
        let ApiResource { api_version, kind, .. } = &self.resource;
        let spec = json!({
            "targetRef": {"apiVersion": api_version, "kind": kind, "name": self.name},
            "recordingDuration": duration
        });
        let started = bed.check_with(self.name, spec).await?;
        let ended = started.complete().await?;
        started.cleaned().await?;
        ended.must_be_verified()?;
        let verification = ended.status.verification.as_ref().context("no verification")?;
        ensure!(verification.admitted, "{verification:?}");
        let proven = ended.settings(SettingState::Proven);
        ensure!(proven.contains(&PROVEN), "{:?}", ended.status.settings);
        Ok((started, ended))
    }

    /// Applies the patch as its own comment says, to what runs or to the manifest that it was made from.
    async fn patched(&self, bed: &Bed, started: &Started) -> Result<()> {
        as_told(bed, &started.name, &sample(self.name)).await?;
        let object = serde_json::to_value(self.api(bed).get(self.name).await?)?;
        let context = format!("{}/containers/0/securityContext/allowPrivilegeEscalation", self.pod);
        ensure!(object.pointer(&context) == Some(&json!(false)), "{object}");
        Ok(())
    }
}

/// Does what the comment in a check's patch says.
async fn as_told(bed: &Bed, check: &str, manifest: &Path) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("FILE");
    let mut patch = Command::new("kubectl-temper");
    patch.args(["patch", check, "-n", &bed.namespace, "-f"]).arg(&file);
    run(&mut patch).await?;
    std::fs::copy(manifest, directory.path().join("MANIFEST"))?;
    let text = std::fs::read_to_string(&file)?;
    let command = text.lines().find_map(|line| line.strip_prefix("# apply: "));
    let command = command.with_context(|| format!("nothing says how to apply it: {text}"))?;
    let mut bash = Command::new("bash");
    bash.current_dir(&directory).args(["-euo", "pipefail", "-c", command]);
    run(&mut bash).await
}

async fn run(command: &mut Command) -> Result<()> {
    let output = command.kill_on_drop(true).output().await?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {told}");
    Ok(())
}

/// Seconds from Ready to the end of each baseline.
fn recorded(ended: &Ended) -> Vec<f64> {
    let baselines = ended.status.runs.iter().filter(|run| run.name.starts_with("baseline"));
    baselines
        .filter_map(|run| Some(run.ended_seconds? - run.ready_seconds?))
        .collect()
}

#[tokio::test]
async fn a_replica_set() -> Result<()> {
    with_bed("replica-set", async |bed: Bed| {
        let workload = Workload::new("apps", "v1", "ReplicaSet", "replica-set", "/spec/template/spec");
        let (started, _) = workload.hardened(&bed, DURATION).await?;
        workload.patched(&bed, &started).await
    })
    .await
}

#[tokio::test]
async fn a_bare_pod() -> Result<()> {
    with_bed("bare-pod", async |bed: Bed| {
        let workload = Workload::new("", "v1", "Pod", "bare-pod", "/spec");
        let (started, _) = workload.hardened(&bed, DURATION).await?;
        workload.patched(&bed, &started).await
    })
    .await
}

#[tokio::test]
async fn a_daemon_set_with_a_port_of_its_node() -> Result<()> {
    with_bed("daemon-set", async |bed: Bed| {
        let workload = Workload::new("apps", "v1", "DaemonSet", "daemon-set", "/spec/template/spec");
        let (started, ended) = workload.hardened(&bed, DURATION).await?;
        let notes = &ended.status.notes;
        ensure!(notes.iter().any(|note| note.contains("hostPort")), "{notes:?}");
        workload.patched(&bed, &started).await
    })
    .await
}

#[tokio::test]
async fn a_stateful_set_with_volumes() -> Result<()> {
    with_bed("stateful-set", async |bed: Bed| {
        let workload = Workload::new("apps", "v1", "StatefulSet", "stateful-set", "/spec/template/spec");
        let (started, _) = workload.hardened(&bed, DURATION).await?;
        workload.patched(&bed, &started).await
    })
    .await
}

#[tokio::test]
async fn a_job_is_recorded_until_it_ends_and_judged_by_its_exit_code() -> Result<()> {
    with_bed("job", async |bed: Bed| {
        let workload = Workload::new("batch", "v1", "Job", "job", "/spec/template/spec");
        let (started, ended) = workload.hardened(&bed, "2m").await?;
        let recorded = recorded(&ended);
        ensure!(
            recorded.len() >= 2 && recorded.iter().all(|seconds| *seconds < 90.0),
            "a Job of 20 s was recorded for {recorded:?} s"
        );
        let rejected = ended
            .status
            .settings
            .iter()
            .find(|setting| setting.id == "runAsNonRoot");
        let why = rejected
            .and_then(|setting| setting.message.as_deref())
            .unwrap_or_default();
        ensure!(
            why.contains("exit code 3") && why.contains("must be run as root"),
            "{why}"
        );
        workload.patched(&bed, &started).await
    })
    .await
}

#[tokio::test]
async fn a_cron_job_that_is_not_due() -> Result<()> {
    with_bed("cron-job", async |bed: Bed| {
        let workload = Workload::new(
            "batch",
            "v1",
            "CronJob",
            "cron-job",
            "/spec/jobTemplate/spec/template/spec",
        );
        let (started, _) = workload.hardened(&bed, "30s").await?;
        workload.patched(&bed, &started).await
    })
    .await
}

#[tokio::test]
async fn a_kind_of_an_operator() -> Result<()> {
    with_bed("widget", async |bed: Bed| {
        let operator = Operator::start(&bed.client).await?;
        let outcome = harden_widget(bed.clone()).await;
        operator.stop(&bed.client).await?;
        outcome
    })
    .await
}

async fn harden_widget(bed: Bed) -> Result<()> {
    let workload = Workload {
        resource: widgets(),
        name: "widget",
        pod: "/spec/template/spec",
    };
    let (started, _) = workload.hardened(&bed, DURATION).await?;
    workload.patched(&bed, &started).await?;
    let widget: Value = serde_json::to_value(workload.api(&bed).get("widget").await?)?;
    let image = widget.pointer("/spec/template/spec/containers/0/image");
    ensure!(
        image == Some(&json!("temper.local/busybox:dev")),
        "a list lost what was in it: {widget}"
    );
    // And its operator takes the patch on.
    bed.ready("widget").await?;
    let deployments: Api<Deployment> = Api::namespaced(bed.client.clone(), &bed.namespace);
    let has_it = |deployment: Option<&Deployment>| {
        let pod = deployment.and_then(|deployment| deployment.spec.as_ref()?.template.spec.as_ref());
        let context = pod.and_then(|pod| pod.containers.first()?.security_context.as_ref());
        context.is_some_and(|context| context.allow_privilege_escalation == Some(false))
    };
    wait::watch(
        "the operator to take the patch on",
        Duration::from_mins(1),
        deployments,
        "widget",
        has_it,
    )
    .await
    .map(drop)
}

#[tokio::test]
async fn what_another_object_makes_is_not_hardened_itself() -> Result<()> {
    with_bed("owned", async |bed: Bed| {
        bed.workload("tolerant").await?;
        let sets: Api<ReplicaSet> = Api::namespaced(bed.client.clone(), &bed.namespace);
        let sets = sets.list(&ListParams::default().labels("app=tolerant")).await?;
        let set = sets
            .items
            .first()
            .context("a Deployment without a ReplicaSet")?
            .name_any();
        let spec = json!({"targetRef": {"kind": "ReplicaSet", "name": set}, "recordingDuration": DURATION});
        let started = bed.check_with("set", spec).await?;
        let sentence = "is made by Deployment/tolerant of apps/v1";
        started.ends_unverified(reason::TARGET_OWNED, sentence).await?;

        let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(bed.client.clone(), &bed.namespace);
        let pods = pods.list(&ListParams::default().labels("app=tolerant")).await?;
        let pod = pods.items.first().context("a Deployment without a Pod")?.name_any();
        let spec =
            json!({"targetRef": {"apiVersion": "v1", "kind": "Pod", "name": pod}, "recordingDuration": DURATION});
        let started = bed.check_with("pod", spec).await?;
        started.ends_unverified(reason::TARGET_OWNED, sentence).await
    })
    .await
}

#[tokio::test]
async fn nobody_checks_what_he_may_not_make() -> Result<()> {
    with_bed("requester", async |bed: Bed| {
        let theirs = bed.as_checker().await?;
        let spec = |kind: &str, version: &str| {
            json!({
                "targetRef": {"apiVersion": version, "kind": kind, "name": "nobody"}, "recordingDuration": DURATION
            })
        };
        // The API server takes note of rights a moment after they are given.
        let may = || async {
            Ok(theirs
                .check_with("deployment", spec("Deployment", "apps/v1"))
                .await
                .is_ok())
        };
        wait::until("a Deployment to be checked", Duration::from_secs(30), may).await?;
        for (kind, version, right) in [
            ("CronJob", "batch/v1", "jobs.batch"),
            ("DaemonSet", "apps/v1", "daemonsets.apps"),
        ] {
            let Err(refusal) = theirs.check_with("refused", spec(kind, version)).await else {
                anyhow::bail!("a {kind} was checked without the right to create {right}");
            };
            let refusal = format!("{refusal:#}");
            ensure!(
                refusal.contains(&format!("needs the right to create {right} there")),
                "{refusal}"
            );
        }
        Ok(())
    })
    .await
}

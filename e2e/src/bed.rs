//! A namespace of its own for one behaviour: made, filled, and removed again whatever happens in between.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::wait::Condition;
use kube::{Api, Client, Config, ResourceExt as _};
use serde_json::json;
use temper_api::{CheckRun, CheckStatus, HardeningReport, RunPhase, WorkloadHardeningCheck, condition, label};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::wait;

/// Namespace that the chart is installed into.
pub const SYSTEM: &str = "temper-system";
/// Namespace of workers.
pub const RUNS: &str = "temper-runs";

/// Longer than anything takes on a busy machine with two cores: only a hang reaches it.
const PATIENCE: Duration = Duration::from_mins(10);

/// A source namespace and a way to talk to the cluster.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "a client has none")]
pub struct Bed {
    /// Client with all rights.
    pub client: Client,
    /// The source namespace.
    pub namespace: String,
}

/// A check that has ended, and how long that took.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The check.
    pub check: WorkloadHardeningCheck,
    /// Its status.
    pub status: CheckStatus,
    /// From the answer to its creation to the watch event with Complete, in seconds by this process' clock.
    pub seconds: f64,
}

impl Ended {
    /// Reason of the Complete condition.
    pub fn reason(&self) -> &str {
        self.status
            .condition(condition::COMPLETE)
            .map_or("", |c| c.reason.as_str())
    }

    /// Message of the Complete condition.
    pub fn message(&self) -> &str {
        self.status
            .condition(condition::COMPLETE)
            .map_or("", |c| c.message.as_str())
    }

    /// Whether a condition is True.
    pub fn is(&self, kind: &str) -> bool {
        self.status.holds(kind).is_some()
    }

    /// Fails unless a patch was verified.
    pub fn must_be_verified(&self) -> Result<()> {
        ensure!(self.is(condition::VERIFIED), "{}: {}", self.reason(), self.message());
        Ok(())
    }

    /// Fails unless the check ended for this reason.
    pub fn must_end_with(&self, reason: &str) -> Result<()> {
        ensure!(self.reason() == reason, "{}: {}", self.reason(), self.message());
        Ok(())
    }

    /// Fails unless it took this many clones.
    pub fn must_have_made(&self, clones: u32) -> Result<()> {
        let cost = self.status.cost.as_ref();
        ensure!(cost.is_some_and(|cost| cost.clones == clones), "{cost:?}");
        Ok(())
    }

    /// Ids of the settings in a state.
    pub fn settings(&self, state: temper_api::SettingState) -> Vec<&str> {
        self.status
            .settings
            .iter()
            .filter(|s| s.state == state)
            .map(|s| s.id.as_str())
            .collect()
    }

    /// Capabilities that the recommendation leaves a container.
    pub fn added(&self, container: &str) -> Vec<String> {
        let recommendation = self.status.recommendation.as_ref();
        let context = recommendation.and_then(|recommendation| recommendation.containers.get(container));
        let capabilities = context.and_then(|context| context.capabilities.clone());
        capabilities
            .and_then(|capabilities| capabilities.add)
            .unwrap_or_default()
    }
}

/// Runs one behaviour in a namespace of its own, and removes that namespace also when the behaviour fails.
pub async fn with_bed<T, F>(name: &str, behaviour: impl FnOnce(Bed) -> F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let client = client().await?;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let unique = format!("{name}-{:x}", jiff::Timestamp::now().as_microsecond() & 0xff_ffff);
    let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": unique}}))?;
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .context("failed to make the namespace")?;
    let bed = Bed {
        client,
        namespace: unique.clone(),
    };
    // A task of its own, so that a failed assertion still comes back here.
    let outcome = tokio::spawn(behaviour(bed.clone())).await;
    let diagnosis = if matches!(outcome, Ok(Ok(_))) {
        String::new()
    } else {
        bed.diagnose().await
    };
    namespaces
        .delete(&unique, &DeleteParams::background())
        .await
        .context("failed to remove the namespace")?;
    match outcome {
        Ok(result) => result.with_context(|| format!("in namespace `{unique}`\n{diagnosis}")),
        Err(panic) => bail!("{panic}, in namespace `{unique}`\n{diagnosis}"),
    }
}

/// A client for the cluster that `KUBECONFIG` names.
async fn client() -> Result<Client> {
    // Installed once a process; every test of the process may come here first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::try_default()
        .await
        .context("no cluster: run `make cluster`, or set KUBECONFIG")
}

/// A client with the rights of somebody else.
pub async fn client_as(person: &str) -> Result<Client> {
    let mut config = Config::infer().await?;
    config.auth_info.impersonate = Some(person.to_owned());
    Ok(Client::try_from(config)?)
}

/// A sample workload of `e2e/workloads`.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("workloads")
        .join(format!("{name}.yaml"))
}

impl Bed {
    /// Applies a sample workload, and waits until its Deployment is Ready.
    pub async fn workload(&self, name: &str) -> Result<()> {
        let text = std::fs::read_to_string(sample(name)).with_context(|| format!("no sample workload `{name}`"))?;
        self.apply(&text).await?;
        self.ready(name).await
    }

    /// Applies manifests.
    pub async fn apply(&self, manifests: &str) -> Result<()> {
        self.kubectl("apply", manifests).await
    }

    /// The same for a person who may check a Deployment here, and neither make Jobs nor run commands.
    pub async fn as_checker(&self) -> Result<Self> {
        let person = format!("person-of-{}", self.namespace);
        self.apply(&checker(&person)).await?;
        Ok(Self {
            client: client_as(&person).await?,
            namespace: self.namespace.clone(),
        })
    }

    /// Removes what manifests made, if it is there.
    pub async fn remove(&self, manifests: &str) -> Result<()> {
        self.kubectl("delete", manifests).await
    }

    /// Sets a label of the namespace.
    pub async fn label(&self, key: &str, value: &str) -> Result<()> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let patch = json!({"metadata": {"labels": {key: value}}});
        namespaces
            .patch(&self.namespace, &PatchParams::default(), &Patch::Merge(patch))
            .await?;
        Ok(())
    }

    async fn kubectl(&self, verb: &str, manifests: &str) -> Result<()> {
        let mut child = Command::new("kubectl")
            .args([verb, "-n", &self.namespace, "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("failed to start kubectl")?;
        let mut stdin = child.stdin.take().context("kubectl has no standard input")?;
        stdin.write_all(manifests.as_bytes()).await?;
        drop(stdin);
        let output = child.wait_with_output().await?;
        ensure!(
            output.status.success(),
            "kubectl {verb} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// Waits until a Deployment is Ready.
    pub async fn ready(&self, name: &str) -> Result<()> {
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        let available = |deployment: Option<&Deployment>| {
            deployment.is_some_and(|d| {
                let wanted = d.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1);
                d.status.as_ref().and_then(|s| s.ready_replicas).unwrap_or(0) >= wanted
            })
        };
        wait::watch("the workload to be Ready", PATIENCE, api, name, available)
            .await
            .map(drop)
    }

    /// Creates a check of a Deployment.
    pub async fn check(&self, name: &str, target: &str, duration: &str) -> Result<Started> {
        let spec = json!({"targetRef": {"kind": "Deployment", "name": target}, "recordingDuration": duration});
        self.check_with(name, spec).await
    }

    /// Creates a check with this spec.
    pub async fn check_with(&self, name: &str, spec: serde_json::Value) -> Result<Started> {
        let check: WorkloadHardeningCheck = serde_json::from_value(json!({
            "apiVersion": "temper.dev/v1alpha1",
            "kind": "WorkloadHardeningCheck",
            "metadata": {"name": name},
            "spec": spec
        }))?;
        let created = self.checks().create(&PostParams::default(), &check).await?;
        Ok(Started {
            bed: self.clone(),
            name: name.to_owned(),
            uid: created.uid().unwrap_or_default(),
            at: Instant::now(),
        })
    }

    /// The checks of this namespace.
    pub fn checks(&self) -> Api<WorkloadHardeningCheck> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The runs of this namespace.
    pub fn runs(&self) -> Api<CheckRun> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The report of a Deployment.
    pub async fn report(&self, target: &str) -> Result<HardeningReport> {
        let api: Api<HardeningReport> = Api::namespaced(self.client.clone(), &self.namespace);
        api.get(&format!("deployment-{target}")).await.context("no report")
    }

    /// Applies the patch of a report to a Deployment, and waits until the API server's controllers have seen it.
    pub async fn patch(&self, name: &str, report: &HardeningReport) -> Result<()> {
        let patch = report.spec.patch.as_ref().context("the report has no patch")?;
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        let patched = api
            .patch(name, &PatchParams::default(), &Patch::Strategic(patch))
            .await?;
        let generation = patched.metadata.generation;
        let rolled_out = |deployment: Option<&Deployment>| {
            let status = deployment.and_then(|d| d.status.as_ref());
            status.is_some_and(|s| {
                s.observed_generation >= generation
                    && s.updated_replicas == s.replicas
                    && s.unavailable_replicas.is_none()
            })
        };
        wait::watch("the patched workload to roll out", PATIENCE, api, name, rolled_out)
            .await
            .map(drop)
    }

    /// What a reader needs to understand a failure.
    async fn diagnose(&self) -> String {
        let list = ListParams::default();
        let (checks, runs) = (self.checks(), self.runs());
        let (checks, runs) = tokio::join!(checks.list(&list), runs.list(&list));
        let mut text = String::new();
        for check in checks.map(|list| list.items).unwrap_or_default() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "check {}: {:#?}", check.name_any(), check.status);
        }
        for run in runs.map(|list| list.items).unwrap_or_default() {
            let _ = writeln!(text, "run {}: {:#?}", run.name_any(), run.status);
        }
        text
    }
}

/// A check under way.
#[expect(missing_debug_implementations, reason = "a client has none")]
pub struct Started {
    bed: Bed,
    /// Name of the check.
    pub name: String,
    /// UID of the check.
    pub uid: String,
    at: Instant,
}

impl Started {
    /// Waits until the check has ended.
    pub async fn complete(&self) -> Result<Ended> {
        let ended = |check: Option<&WorkloadHardeningCheck>| holds(check, condition::COMPLETE);
        let check = wait::watch("the check to end", PATIENCE, self.bed.checks(), &self.name, ended).await?;
        let seconds = self.at.elapsed().as_secs_f64();
        let check = check.context("the check is gone")?;
        let status = check.status.clone().unwrap_or_default();
        Ok(Ended { check, status, seconds })
    }

    /// Waits until the check has ended without a verified patch, for this reason and with a message that holds this
    /// sentence, and until nothing is left of it.
    pub async fn ends_unverified(&self, reason: &str, sentence: &str) -> Result<()> {
        let ended = self.complete().await?;
        ended.must_end_with(reason)?;
        ensure!(ended.message().contains(sentence), "{}", ended.message());
        ensure!(!ended.is(condition::VERIFIED));
        self.cleaned().await
    }

    /// Waits until a run is in a state.
    pub async fn run(&self, run: &str, state: impl Condition<CheckRun>) -> Result<CheckRun> {
        let name = format!("{}-{run}", self.name);
        let run = wait::watch(&format!("run `{name}`"), PATIENCE, self.bed.runs(), &name, state).await?;
        run.context("the run is gone")
    }

    /// Waits until a run is gone.
    pub async fn gone(&self, run: &str) -> Result<()> {
        let name = format!("{}-{run}", self.name);
        let gone = |run: Option<&CheckRun>| run.is_none();
        wait::watch(&format!("run `{name}` to go"), PATIENCE, self.bed.runs(), &name, gone)
            .await
            .map(drop)
    }

    /// Waits until the check itself says that nothing is left, and makes sure of it.
    pub async fn cleaned(&self) -> Result<()> {
        let cleaned = |check: Option<&WorkloadHardeningCheck>| holds(check, condition::CLEANED_UP);
        wait::watch(
            "the check to clean up",
            PATIENCE,
            self.bed.checks(),
            &self.name,
            cleaned,
        )
        .await?;
        self.nothing_left().await
    }

    /// Waits until a condition has a reason, and a message that holds this text; its message.
    pub async fn until(&self, kind: &'static str, reason: &'static str, text: &'static str) -> Result<String> {
        let message = move |check: Option<&WorkloadHardeningCheck>| {
            let condition = check?.status.as_ref()?.condition(kind)?;
            let told = condition.reason == reason && condition.message.contains(text);
            told.then(|| condition.message.clone())
        };
        let has = move |check: Option<&WorkloadHardeningCheck>| message(check).is_some();
        let check = wait::watch(
            &format!("condition {kind} to have reason {reason}"),
            PATIENCE,
            self.bed.checks(),
            &self.name,
            has,
        )
        .await?;
        message(check.as_ref()).context("the check is gone")
    }

    /// Patches the check as a user would.
    pub async fn patch(&self, patch: serde_json::Value) -> Result<()> {
        let checks = self.bed.checks();
        checks
            .patch(&self.name, &PatchParams::default(), &Patch::Merge(patch))
            .await?;
        Ok(())
    }

    /// Deletes the check and waits until it is gone.
    pub async fn delete(&self) -> Result<()> {
        self.bed
            .checks()
            .delete(&self.name, &DeleteParams::background())
            .await?;
        let gone = kube::runtime::conditions::is_deleted(&self.uid);
        wait::watch("the check to go", PATIENCE, self.bed.checks(), &self.name, gone)
            .await
            .map(drop)
    }

    /// Fails if anything that the check made outside its namespace is there, or any of its runs.
    pub async fn nothing_left(&self) -> Result<()> {
        let mine = ListParams::default().labels(&format!("{}={}", label::CHECK_UID, self.uid));
        let client = &self.bed.client;
        let namespaces = Api::<Namespace>::all(client.clone()).list_metadata(&mine).await?;
        let jobs = Api::<Job>::namespaced(client.clone(), RUNS)
            .list_metadata(&mine)
            .await?;
        let accounts = Api::<ServiceAccount>::namespaced(client.clone(), RUNS)
            .list_metadata(&mine)
            .await?;
        let bindings = Api::<k8s_openapi::api::rbac::v1::RoleBinding>::all(client.clone())
            .list_metadata(&mine)
            .await?;
        let runs = self.bed.runs().list_metadata(&mine).await?;
        let left: Vec<String> = namespaces
            .iter()
            .map(|o| ("namespace", o.name_any()))
            .chain(jobs.iter().map(|o| ("job", o.name_any())))
            .chain(accounts.iter().map(|o| ("account", o.name_any())))
            .chain(bindings.iter().map(|o| ("binding", o.name_any())))
            .chain(runs.iter().map(|o| ("run", o.name_any())))
            .map(|(kind, name)| format!("{kind}/{name}"))
            .collect();
        ensure!(left.is_empty(), "left behind: {}", left.join(", "));
        Ok(())
    }
}

/// Role and binding of a person who may check a Deployment, and neither make Jobs nor run commands.
fn checker(person: &str) -> String {
    format!(
        r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: checker}}
rules:
  - {{apiGroups: [temper.dev], resources: [workloadhardeningchecks], verbs: [create]}}
  - {{apiGroups: [""], resources: [secrets], verbs: [get]}}
  - {{apiGroups: [""], resources: [pods], verbs: [create]}}
  - {{apiGroups: [apps], resources: [deployments], verbs: [create]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: checker}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: checker}}
subjects:
  - {{apiGroup: rbac.authorization.k8s.io, kind: User, name: {person}}}
"#
    )
}

/// A run that is in this phase.
pub fn is(phase: RunPhase) -> impl Fn(Option<&CheckRun>) -> bool {
    move |run| {
        run.and_then(|run| run.status.as_ref())
            .is_some_and(|status| status.phase == phase)
    }
}

fn holds(check: Option<&WorkloadHardeningCheck>, kind: &str) -> bool {
    let status = check.and_then(|check| check.status.as_ref());
    status.is_some_and(|status| status.holds(kind).is_some())
}

//! What every reconcile needs.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ListParams, PartialObjectMeta, Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::runtime::controller::Action;
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use temper_api::{CheckRun, MANAGER, WorkloadHardeningCheck, label};
use temper_core::clone::Source;
use tokio::sync::watch;

use crate::args::Args;
use crate::error::{Error, Result, chain};
use crate::ingest::Ingest;
use crate::metrics::{Failure, Metrics};
use crate::places::Places;
use crate::recent::Recent;
use crate::replaced::Replaced;
use crate::trace::Exporter;

/// The API server is not waited for longer than this: the client repeats refused calls by itself.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs of a check begin and move on together: what one of them has just read is good for the others. Shorter than
/// anybody can change a thing and expect it to be seen.
pub(crate) const MOMENT: Duration = Duration::from_secs(1);

/// Shared by all reconciles.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) args: Args,
    pub(crate) ingest: Ingest,
    pub(crate) places: Places<ObjectRef<CheckRun>>,
    pub(crate) recorder: Recorder,
    pub(crate) metrics: Metrics,
    pub(crate) exporter: Exporter,
    /// NetworkPolicies are enforced here.
    pub(crate) fenced: bool,
    /// What the watches have seen. Every write is guarded by a version or idempotent, so that it may be a little old.
    pub(crate) seen: Stores,
    /// Versions that are known to be past.
    pub(crate) replaced: Replaced,
    /// Source namespaces as their checks' runs read them, by UID of the check.
    pub(crate) sources: Recent<(Namespace, Source)>,
    /// Targets, or that there is none, by UID of the check.
    pub(crate) targets: Recent<Option<Value>>,
    /// This process is the one that writes.
    pub(crate) leads: watch::Receiver<bool>,
}

/// Everything that is watched.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) checks: Store<WorkloadHardeningCheck>,
    pub(crate) runs: Store<CheckRun>,
    pub(crate) jobs: Store<Job>,
    /// Namespaces that runs made.
    pub(crate) clones: Store<PartialObjectMeta<Namespace>>,
}

impl Context {
    /// The one recorder: its cache keeps repeated Events from flooding the cluster.
    pub(crate) fn recorder(client: Client) -> Recorder {
        Recorder::new(
            client,
            Reporter {
                controller: "temper-controller".to_owned(),
                instance: None,
            },
        )
    }

    /// Does the work of one reconcile, unless and until another process leads.
    pub(crate) async fn lead(&self, work: impl Future<Output = Result<Action>>) -> Result<Action> {
        let mut leads = self.leads.clone();
        if !*leads.borrow_and_update() {
            return Ok(Action::await_change());
        }
        tokio::select! {
            done = tokio::time::timeout(PATIENCE, work) => done.map_err(|_| Error::Timeout {
                seconds: PATIENCE.as_secs(),
            })?,
            // Who leads again looks at everything again.
            _ = leads.wait_for(|leads| !leads) => Ok(Action::await_change()),
        }
    }

    /// Writes the whole status of an object. Its version guards it: what was decided on old facts is not written.
    pub(crate) async fn write_status<K>(&self, object: &K, status: &impl Serialize) -> Result<()>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
    {
        let api: Api<K> = Api::namespaced(self.client.clone(), &object.namespace().unwrap_or_default());
        let patch = json!({
            "apiVersion": K::api_version(&()),
            "kind": K::kind(&()),
            "metadata": {"resourceVersion": object.resource_version()},
            "status": status
        });
        let parameters = PatchParams::apply(MANAGER).force();
        let written = api
            .patch_status(&object.name_any(), &parameters, &Patch::Apply(patch))
            .await
            .map_err(|source| Error::Status { source })?;
        self.replaced.note(object, &written);
        Ok(())
    }

    /// The runs of a check, in no order.
    pub(crate) fn runs_of(&self, namespace: &str, check_uid: &str) -> Vec<Arc<CheckRun>> {
        let runs = self.seen.runs.state();
        let of_check =
            |run: &Arc<CheckRun>| run.spec.check.uid == check_uid && run.namespace().as_deref() == Some(namespace);
        runs.into_iter().filter(of_check).collect()
    }

    /// Whether a check has any runs, as the API server knows it: what was just made may not have been seen yet.
    pub(crate) async fn has_runs(&self, namespace: &str, check_uid: &str) -> Result<bool> {
        let api: Api<CheckRun> = Api::namespaced(self.client.clone(), namespace);
        let selector = format!("{}={check_uid}", label::CHECK_UID);
        let list = api.list_metadata(&ListParams::default().labels(&selector)).await;
        let list = list.map_err(|source| Error::Read {
            what: "the runs of the check",
            source,
        })?;
        Ok(!list.items.is_empty())
    }
}

/// What to do when a reconcile failed: a conflict is looked at again at once, all else a little later.
pub(crate) fn failed(kind: &'static str, name: &str, error: &Error, context: &Context) -> Action {
    context.metrics.request_failed(error);
    if error.is_conflict() {
        return Action::requeue(Duration::from_millis(100));
    }
    let category = error.category();
    context
        .metrics
        .reconcile_failures
        .get_or_create(&Failure { kind, category })
        .inc();
    tracing::warn!(
        kind,
        name,
        category,
        error = chain(error),
        "reconcile failed and is repeated"
    );
    Action::requeue(Duration::from_secs(3))
}

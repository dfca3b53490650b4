//! What every reconcile needs.

use std::time::Duration;

use kube::api::ListParams;
use kube::runtime::controller::Action;
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client};
use temper_api::{CheckRun, label};

use crate::args::Args;
use crate::error::{Error, Result, chain};
use crate::ingest::Ingest;
use crate::metrics::{Failure, Metrics};
use crate::places::Places;
use crate::trace::Exporter;

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

    /// The runs of a check, in no order.
    pub(crate) async fn runs_of(&self, namespace: &str, check_uid: &str) -> Result<Vec<CheckRun>> {
        let api: Api<CheckRun> = Api::namespaced(self.client.clone(), namespace);
        let selector = format!("{}={check_uid}", label::CHECK_UID);
        let list = api.list(&ListParams::default().labels(&selector)).await;
        Ok(list
            .map_err(|source| Error::Read {
                what: "the runs of the check",
                source,
            })?
            .items)
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

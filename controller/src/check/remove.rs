//! Removes what a check made.

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, ListParams, PartialObjectMeta, Preconditions};
use kube::{Api, ResourceExt as _};
use temper_api::{CheckRun, WorkloadHardeningCheck, label};

use crate::context::Context;
use crate::error::{Error, Result};

/// Namespaces go within this time, unless something keeps them.
const USUAL: jiff::SignedDuration = jiff::SignedDuration::from_secs(20);

/// Conditions in which Kubernetes says why a namespace does not go, first the one that says most.
const OBSTACLES: [&str; 5] = [
    "NamespaceFinalizersRemaining",
    "NamespaceContentRemaining",
    "NamespaceDeletionContentFailure",
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
];

/// Runs with their clones, and everything that was published; whether all of it is gone.
pub(super) async fn everything(check: &WorkloadHardeningCheck, context: &Context) -> Result<bool> {
    if !runs(check, context).await? {
        return Ok(false);
    }
    // A worker that is being stopped may still publish something, which goes with the stream's age.
    context.ingest.purge(&check.uid().unwrap_or_default()).await?;
    Ok(true)
}

/// Runs with their clones; whether all of them are gone.
pub(super) async fn runs(check: &WorkloadHardeningCheck, context: &Context) -> Result<bool> {
    let (namespace, uid) = (check.namespace().unwrap_or_default(), check.uid().unwrap_or_default());
    let runs = context.runs_of(&namespace, &uid);
    for seen in &runs {
        run(seen, context).await?;
    }
    Ok(runs.is_empty() && !context.has_runs(&namespace, &uid).await?)
}

/// One run with its clone, unless it is being removed already.
pub(super) async fn run(run: &CheckRun, context: &Context) -> Result<()> {
    if run.metadata.deletion_timestamp.is_some() {
        return Ok(());
    }
    let api: Api<CheckRun> = Api::namespaced(context.client.clone(), &run.namespace().unwrap_or_default());
    let parameters = DeleteParams {
        // Not one of the same name that came after it.
        preconditions: Some(Preconditions {
            uid: run.uid(),
            resource_version: None,
        }),
        ..DeleteParams::background()
    };
    match api.delete(&run.name_any(), &parameters).await {
        Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => Ok(()),
        result => result.map(drop).map_err(|source| Error::Remove {
            what: run.name_any(),
            source,
        }),
    }
}

/// What keeps a clone from going, in the words of Kubernetes.
pub(super) async fn obstacle(check: &WorkloadHardeningCheck, context: &Context) -> Result<Option<String>> {
    let uid = check.uid().unwrap_or_default();
    let now = jiff::Timestamp::now();
    if !is_any_overdue(&uid, now, context) {
        return Ok(None);
    }
    let namespaces: Api<Namespace> = Api::all(context.client.clone());
    let mine = ListParams::default().labels(&format!("{}={uid}", label::CHECK_UID));
    let namespaces = namespaces.list(&mine).await.map_err(|source| Error::Read {
        what: "the clones of the check",
        source,
    })?;
    let stuck = namespaces.items.iter().find_map(|namespace| {
        let since = namespace.metadata.deletion_timestamp.as_ref()?;
        if now.duration_since(since.0) < USUAL {
            return None;
        }
        let conditions = namespace.status.as_ref()?.conditions.as_ref()?;
        let told = OBSTACLES.iter().find_map(|kind| {
            let condition = conditions.iter().find(|c| c.type_ == *kind && c.status == "True")?;
            condition.message.clone()
        })?;
        Some(format!("namespace `{}` does not go: {told}", namespace.name_any()))
    });
    Ok(stuck)
}

/// Whether the watch of clones has one of the check that should be gone.
fn is_any_overdue(uid: &str, now: jiff::Timestamp, context: &Context) -> bool {
    let is_overdue = |clone: &PartialObjectMeta<Namespace>| {
        let since = clone.metadata.deletion_timestamp.as_ref();
        since.is_some_and(|since| now.duration_since(since.0) >= USUAL)
    };
    let clones = context.seen.clones.state();
    let mut mine = clones
        .iter()
        .filter(|clone| clone.labels().get(label::CHECK_UID).is_some_and(|of| of == uid));
    mine.any(|clone| is_overdue(clone))
}

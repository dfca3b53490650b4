//! Removes what no check owns any more: objects whose run is gone, and objects past their deadline.
//!
//! Owner references cannot cross namespaces, so the UID label and this loop take their place. It only ever touches
//! objects that carry our labels.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt};
use temper_api::{CheckRun, MANAGER, annotation, label};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::error::chain;
use crate::metrics::Kind;

const PERIOD: Duration = Duration::from_mins(1);

/// Sweeps at start and then every minute.
pub(crate) async fn run(context: &Context, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let runs = context.seen.runs.state();
        // Also in one that stands by: it reads along, and nobody tells it of the end.
        context.ingest.keep(&runs.iter().filter_map(|run| run.uid()).collect());
        if !*context.leads.borrow() {
            continue;
        }
        if let Err(error) = sweep(context).await {
            tracing::warn!(error = chain(&error), "sweep failed and is repeated");
        }
    }
}

async fn sweep(context: &Context) -> Result<(), kube::Error> {
    let ours = ListParams::default().labels(&format!("{}={MANAGER},{}", label::MANAGED_BY, label::RUN_UID));
    let namespaces: Api<Namespace> = Api::all(context.client.clone());
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &context.args.runs_namespace);
    let accounts: Api<ServiceAccount> = Api::namespaced(context.client.clone(), &context.args.runs_namespace);
    // Objects first, runs second: a run that is created in between cannot lose its objects.
    let found_namespaces = namespaces.list_metadata(&ours).await?;
    let found_jobs = jobs.list_metadata(&ours).await?;
    let found_accounts = accounts.list_metadata(&ours).await?;
    let clones = i64::try_from(found_namespaces.items.len()).unwrap_or(i64::MAX);
    context.metrics.clones.set(clones);
    let runs: Api<CheckRun> = Api::all(context.client.clone());
    let runs = runs.list_metadata(&ListParams::default()).await?;
    let alive: BTreeSet<String> = runs.items.iter().filter_map(ResourceExt::uid).collect();
    let now = jiff::Timestamp::now();
    let orphan = |metadata: &ObjectMeta| metadata.deletion_timestamp.is_none() && is_orphan(metadata, &alive, now);
    for next in context.places.keep(&alive) {
        context.ingest.wake(next);
    }
    for namespace in found_namespaces.items.iter().filter(|object| orphan(&object.metadata)) {
        remove(context, &namespaces, "Namespace", &namespace.name_any()).await;
    }
    for job in found_jobs.items.iter().filter(|object| orphan(&object.metadata)) {
        remove(context, &jobs, "Job", &job.name_any()).await;
    }
    for account in found_accounts.items.iter().filter(|object| orphan(&object.metadata)) {
        remove(context, &accounts, "ServiceAccount", &account.name_any()).await;
    }
    Ok(())
}

/// Whether no run answers for an object any more.
fn is_orphan(metadata: &ObjectMeta, alive: &BTreeSet<String>, now: jiff::Timestamp) -> bool {
    let run = metadata.labels.as_ref().and_then(|labels| labels.get(label::RUN_UID));
    let deadline = metadata
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(annotation::DEADLINE));
    let past = deadline
        .and_then(|text| text.parse::<jiff::Timestamp>().ok())
        .is_some_and(|deadline| deadline < now);
    past || run.is_some_and(|uid| !alive.contains(uid))
}

/// One that cannot be removed keeps no other.
async fn remove<K>(context: &Context, api: &Api<K>, kind: &'static str, name: &str)
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    if !*context.leads.borrow() {
        return;
    }
    tracing::warn!(kind, name, "removing an orphan");
    match api.delete(name, &DeleteParams::background()).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => {}
        Err(error) => tracing::warn!(kind, name, error = chain(&error), "orphan was not removed"),
        Ok(_) => drop(context.metrics.orphans_removed.get_or_create(&Kind { kind }).inc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(run: &str, deadline: &str) -> ObjectMeta {
        ObjectMeta {
            labels: Some([(label::RUN_UID.to_owned(), run.to_owned())].into()),
            annotations: Some([(annotation::DEADLINE.to_owned(), deadline.to_owned())].into()),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn only_what_nobody_answers_for_goes() {
        let alive = BTreeSet::from(["alive".to_owned()]);
        let now: jiff::Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        assert!(!is_orphan(&metadata("alive", "2026-01-01T13:00:00Z"), &alive, now));
        assert!(is_orphan(&metadata("gone", "2026-01-01T13:00:00Z"), &alive, now));
        assert!(is_orphan(&metadata("alive", "2026-01-01T11:00:00Z"), &alive, now));
        assert!(
            !is_orphan(&ObjectMeta::default(), &alive, now),
            "what is not ours is not touched"
        );
    }
}

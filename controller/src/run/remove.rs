//! Removes everything that a run made, and nothing that another run made.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt as _};
use temper_api::{CheckRun, label};

use crate::context::Context;
use crate::error::{Error, Result};

/// Asks for the removal of namespaces, Jobs and accounts; whether all of them are gone.
pub(super) async fn everything(run: &CheckRun, context: &Context) -> Result<bool> {
    let uid = run.uid().unwrap_or_default();
    let mine = ListParams::default().labels(&format!("{}={uid}", label::RUN_UID));
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &context.args.runs_namespace);
    let accounts: Api<ServiceAccount> = Api::namespaced(context.client.clone(), &context.args.runs_namespace);
    let namespaces: Api<Namespace> = Api::all(context.client.clone());
    let removed = |what: &str| {
        let what = what.to_owned();
        move |source| Error::Remove { what, source }
    };
    if is_going(&uid, context) {
        return Ok(false);
    }
    let mut gone = true;
    // The worker goes first, so that it sees its Pods as they were.
    for job in jobs.list_metadata(&mine).await.map_err(removed("jobs"))? {
        gone = false;
        if job.metadata.deletion_timestamp.is_none() {
            let result = jobs
                .delete(&job.name_any(), &DeleteParams::background())
                .await
                .map(drop);
            ignore_absent(result).map_err(removed("job"))?;
        }
    }
    for account in accounts
        .list_metadata(&mine)
        .await
        .map_err(removed("service accounts"))?
    {
        gone = false;
        let result = accounts
            .delete(&account.name_any(), &DeleteParams::default())
            .await
            .map(drop);
        ignore_absent(result).map_err(removed("service account"))?;
    }
    for namespace in namespaces.list_metadata(&mine).await.map_err(removed("namespaces"))? {
        gone = false;
        if namespace.metadata.deletion_timestamp.is_none() {
            let result = namespaces
                .delete(&namespace.name_any(), &DeleteParams::default())
                .await
                .map(drop);
            ignore_absent(result).map_err(removed("namespace"))?;
        }
    }
    Ok(gone)
}

/// Whether namespaces of the run are there and all of them are on their way. A clone is told to go after everything else
/// was: until the watch sees it gone, which is what takes long, there is nothing to ask.
fn is_going(uid: &str, context: &Context) -> bool {
    let mut clones = context.seen.clones.state();
    clones.retain(|clone| clone.labels().get(label::RUN_UID).is_some_and(|of| of == uid));
    !clones.is_empty() && clones.iter().all(|clone| clone.metadata.deletion_timestamp.is_some())
}

/// Removes what a run published, where another one of its name may come after it. Of a check that has ended, what was
/// recorded is kept for a day; and one that is being deleted removes all of it by itself.
pub(super) async fn recording(run: &CheckRun, context: &Context) -> Result<()> {
    context.ingest.forget(&run.uid().unwrap_or_default());
    if super::observe::is_cancelled(run, context).await? {
        return Ok(());
    }
    context.ingest.purge_run(&run.spec.check.uid, &run.spec.run).await
}

/// What is not there need not be removed.
pub(super) fn ignore_absent(result: Result<(), kube::Error>) -> Result<(), kube::Error> {
    match result {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        result => result,
    }
}

//! Removes what a check made.

use kube::api::DeleteParams;
use kube::{Api, ResourceExt as _};
use temper_api::{CheckRun, WorkloadHardeningCheck};

use crate::context::Context;
use crate::error::{Error, Result};

/// Runs with their clones, and everything that was published; whether all of it is gone.
pub(super) async fn everything(check: &WorkloadHardeningCheck, context: &Context) -> Result<bool> {
    if !runs(check, context).await? {
        return Ok(false);
    }
    let uid = check.uid().unwrap_or_default();
    context.ingest.forget(&uid);
    // After the last worker is gone: nobody publishes any more.
    context.ingest.purge(&uid).await?;
    Ok(true)
}

/// Runs with their clones; whether all of them are gone.
pub(super) async fn runs(check: &WorkloadHardeningCheck, context: &Context) -> Result<bool> {
    let api: Api<CheckRun> = Api::namespaced(context.client.clone(), &check.namespace().unwrap_or_default());
    let runs = context
        .runs_of(&check.namespace().unwrap_or_default(), &check.uid().unwrap_or_default())
        .await?;
    for run in runs.iter().filter(|run| run.metadata.deletion_timestamp.is_none()) {
        match api.delete(&run.name_any(), &DeleteParams::background()).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.is_not_found() => {}
            Err(source) => {
                return Err(Error::Remove {
                    what: run.name_any(),
                    source,
                });
            }
        }
    }
    Ok(runs.is_empty())
}

//! Keeps the redactor in step with the clone's Secrets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::redact::Redactor;

/// A workload may make Secrets as it runs.
const REFRESH: Duration = Duration::from_secs(15);

/// Rights that were granted a moment ago may not be in force yet.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer of the API server takes no longer.
const ANSWER: Duration = Duration::from_secs(10);

/// Resource versions by name.
type Versions = BTreeMap<String, Option<String>>;

/// The redactor of this clone, and the task that renews it.
pub(crate) async fn redactor(
    secrets: Api<Secret>,
) -> anyhow::Result<(watch::Receiver<Arc<Redactor>>, tokio::task::JoinHandle<()>)> {
    let began = Instant::now();
    let (mut versions, redactor) = loop {
        match tokio::time::timeout(ANSWER, read(&secrets, None)).await {
            Ok(Ok(Some(read))) => break read,
            Ok(Err(error)) if began.elapsed() > PATIENCE => {
                bail!("failed to read the clone's Secrets, without which its logs cannot be redacted: {error}")
            }
            Err(_) if began.elapsed() > PATIENCE => bail!("the API server does not answer"),
            Ok(Ok(None)) | Err(_) => {}
            Ok(Err(error)) => tracing::warn!(error, "the clone's Secrets cannot be read yet"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let (sender, receiver) = watch::channel(Arc::new(redactor));
    let renew = tokio::spawn(async move {
        loop {
            tokio::time::sleep(REFRESH).await;
            match read(&secrets, Some(&versions)).await {
                Ok(Some((now, redactor))) => {
                    versions = now;
                    sender.send_replace(Arc::new(redactor));
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(error, "Secrets were not read again"),
            }
        }
    });
    Ok((receiver, renew))
}

/// A redactor for the Secrets that there are; none if they are the known ones.
async fn read(secrets: &Api<Secret>, known: Option<&Versions>) -> Result<Option<(Versions, Redactor)>, String> {
    let list = secrets
        .list(&ListParams::default())
        .await
        .map_err(|error| error.to_string())?;
    let versions: Versions = list
        .iter()
        .map(|secret| (secret.name_any(), secret.resource_version()))
        .collect();
    if known == Some(&versions) {
        return Ok(None);
    }
    let values = list
        .iter()
        .filter_map(|secret| secret.data.as_ref())
        .flat_map(|data| data.values());
    let redactor = Redactor::new(values.map(|value| value.0.as_slice())).map_err(|error| error.to_string())?;
    Ok(Some((versions, redactor)))
}

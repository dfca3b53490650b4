//! Keeps the redactor in step with the clone's Secrets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::redact::Redactor;

/// A workload may make Secrets as it runs.
const REFRESH: Duration = Duration::from_secs(15);

/// Rights that were granted a moment ago may not be in force yet.
pub(crate) const RIGHTS: Duration = Duration::from_secs(30);

/// Between two tries to read them.
const PAUSE: Duration = Duration::from_secs(1);

/// An answer of the API server takes no longer.
const ANSWER: Duration = Duration::from_secs(10);

/// Resource versions by name.
type Versions = BTreeMap<String, Option<String>>;

/// The Secrets cannot be read now.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Api(#[from] kube::Error),
    #[error("the API server does not answer")]
    Silent(#[from] tokio::time::error::Elapsed),
    #[error(transparent)]
    Index(#[from] crate::redact::Error),
}

impl Error {
    /// How long it may last before it is for good, where nothing can be recorded without the Secrets for so long.
    fn patience(&self, patience: Duration) -> Duration {
        match self {
            Self::Api(kube::Error::Api(status)) if status.is_forbidden() => RIGHTS.min(patience),
            Self::Api(_) | Self::Silent(_) => patience,
            Self::Index(_) => Duration::ZERO,
        }
    }
}

/// The redactor of this clone.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// The newest one.
    pub(crate) redactor: watch::Receiver<Arc<Redactor>>,
    /// Asks for a newer one, and for an answer when it is there.
    ask: mpsc::Sender<oneshot::Sender<()>>,
    renewal: JoinHandle<()>,
}

impl Secrets {
    /// Waits until every Secret that there is now is known. Before anything that a container said is published: the
    /// Secrets that it may know are older than it is, but may be younger than what was read last.
    pub(crate) async fn refresh(&self) {
        let (answer, answered) = oneshot::channel();
        // The task ends only after everything that could ask it.
        if self.ask.send(answer).await.is_ok() {
            let _ = answered.await;
        }
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// The redactor of this clone, which is renewed by itself. An API server that is away is waited for.
pub(crate) async fn redactor(secrets: Api<Secret>, patience: Duration) -> anyhow::Result<Secrets> {
    let began = Instant::now();
    let (mut versions, redactor) = loop {
        match read(&secrets, None).await {
            Ok(Some(read)) => break read,
            Err(error) if began.elapsed() >= error.patience(patience) => {
                return Err(error)
                    .context("failed to read the clone's Secrets, without which its logs cannot be redacted");
            }
            Ok(None) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the clone's Secrets cannot be read yet");
            }
        }
        tokio::time::sleep(PAUSE).await;
    };
    let (sender, redactor) = watch::channel(Arc::new(redactor));
    let (ask, mut asked) = mpsc::channel::<oneshot::Sender<()>>(1);
    let renewal = tokio::spawn(async move {
        loop {
            let answer = tokio::select! {
                () = tokio::time::sleep(REFRESH) => None,
                Some(answer) = asked.recv() => Some(answer),
            };
            loop {
                match read(&secrets, Some(&versions)).await {
                    Ok(Some((now, redactor))) => {
                        versions = now;
                        sender.send_replace(Arc::new(redactor));
                        break;
                    }
                    Ok(None) => break,
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::debug!(error, "Secrets were not read again");
                    }
                }
                if answer.is_none() {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            if let Some(answer) = answer {
                // Who asked may have been stopped in the meantime.
                let _ = answer.send(());
            }
        }
    });
    Ok(Secrets { redactor, ask, renewal })
}

/// A redactor for the Secrets that there are; none if they are the known ones.
async fn read(secrets: &Api<Secret>, known: Option<&Versions>) -> Result<Option<(Versions, Redactor)>, Error> {
    let list = tokio::time::timeout(ANSWER, secrets.list(&ListParams::default())).await??;
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
    let redactor = Redactor::new(values.map(|value| value.0.as_slice()))?;
    Ok(Some((versions, redactor)))
}

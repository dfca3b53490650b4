//! Which of several controllers writes: the one that holds the lease. The others watch and read along, so that one of
//! them can take over at once.
//!
//! A holder that cannot renew stops writing before anybody else may begin: the API server must answer a renewal within
//! [`ANSWER`], and a renewal that fails ends the leadership until the lease is seen to be held again.

use std::time::Duration;

use kube::{Client, Config};
use kube_lease_manager::{LeaseManager, LeaseManagerBuilder};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::error::chain;

/// Who has not renewed for this long has lost the lease, in seconds.
const DURATION: u64 = 15;

/// Seconds before its end that a lease is renewed. Less than [`DURATION`], more than [`ANSWER`].
const GRACE: u64 = 7;

/// The API server answers a renewal within this time, or the renewal failed.
const ANSWER: Duration = Duration::from_secs(3);

const PAUSE: Duration = Duration::from_secs(1);

/// Name of the Lease.
const NAME: &str = "temper-controller";

/// Stands for the lease until stopped, and tells whether it is held.
pub(crate) async fn campaign(identity: &str, held: watch::Sender<bool>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match manager(identity).await {
            Ok(manager) => hold(&manager, &held, &stop).await,
            Err(error) => tracing::warn!(error = chain(&*error), "the lease cannot be asked for"),
        }
        held.send_replace(false);
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn hold(manager: &LeaseManager, held: &watch::Sender<bool>, stop: &CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => {
                held.send_replace(false);
                // Another one need not wait for its end.
                if let Err(error) = manager.release().await {
                    tracing::debug!(error = chain(&error), "the lease was not released");
                }
                return;
            }
            changed = manager.changed() => match changed {
                Ok(holds) => {
                    tracing::info!(holds, "lease");
                    held.send_replace(holds);
                }
                Err(error) => {
                    tracing::warn!(error = chain(&error), "the lease could not be renewed: nothing is written");
                    return;
                }
            }
        }
    }
}

async fn manager(identity: &str) -> Result<LeaseManager, Box<dyn std::error::Error + Send + Sync>> {
    let mut config = Config::infer().await?;
    config.connect_timeout = Some(ANSWER);
    config.read_timeout = Some(ANSWER);
    config.default_retry = false;
    let namespace = config.default_namespace.clone();
    let manager = LeaseManagerBuilder::new(Client::try_from(config)?, NAME)
        .with_namespace(namespace)
        .with_identity(identity)
        .with_field_manager(identity)
        .with_duration(DURATION)
        .with_grace(GRACE)
        .build()
        .await?;
    Ok(manager)
}

//! Which of several controllers writes: the one that holds the lease. The others watch and read along, so that one of
//! them can take over at once.
//!
//! A holder that cannot renew stops writing before anybody else may begin: half-way through its term it renews, the API
//! server has a fifth of the term to answer, and a renewal that fails ends the leadership until the lease is seen to be
//! held again.

use std::time::Duration;

use kube::{Client, Config};
use kube_lease_manager::{LeaseManager, LeaseManagerBuilder};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::error::chain;

const PAUSE: Duration = Duration::from_secs(1);

/// Name of the Lease.
const NAME: &str = "temper-controller";

/// Stands for the lease until stopped, and tells whether it is held. Who has not renewed it for `seconds` has lost it.
pub(crate) async fn campaign(identity: &str, seconds: u16, held: watch::Sender<bool>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match manager(identity, seconds.into()).await {
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

async fn manager(identity: &str, seconds: u64) -> Result<LeaseManager, Box<dyn std::error::Error + Send + Sync>> {
    let mut config = Config::infer().await?;
    let answer = Duration::from_secs(seconds) / 5;
    config.connect_timeout = Some(answer);
    config.read_timeout = Some(answer);
    config.default_retry = false;
    let namespace = config.default_namespace.clone();
    let manager = LeaseManagerBuilder::new(Client::try_from(config)?, NAME)
        .with_namespace(namespace)
        .with_identity(identity)
        .with_field_manager(identity)
        .with_duration(seconds)
        .with_grace(seconds / 2)
        .build()
        .await?;
    Ok(manager)
}

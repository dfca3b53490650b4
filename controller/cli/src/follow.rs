//! Following a check through the API's watch, never by polling.

mod goal;

use std::{future::Future, pin::pin, time::Duration};

use futures::TryStreamExt;
use jiff::Timestamp;
use kube::{
    ResourceExt,
    runtime::{WatchStreamExt, watcher, watcher::watch_object},
};
use temper_api::WorkloadHardeningCheck;
use temper_report::plain;

pub(crate) use self::goal::Goal;
use crate::{advice::Advised, cluster::Cluster, printer, progress::Progress};

/// Follows a check until a goal is reached, telling what changes, and returns it as it then is.
pub(crate) async fn follow(
    cluster: &Cluster,
    name: &str,
    goal: &Goal,
    timeout: Option<Duration>,
) -> Result<WorkloadHardeningCheck, Advised> {
    // Boxed, because a watch is large and whoever follows would grow with it.
    let following = Box::pin(to_the_goal(cluster, name, goal));
    let again = format!("kubectl temper status {name} -n {} --watch", cluster.namespace());
    within(timeout, following).await.unwrap_or_else(|limit| {
        let message = format!(
            "check `{name}` {} after {}",
            goal.missed(),
            temper_report::seconds(limit.as_secs_f64())
        );
        Err(Advised::new(message).hint(format!("it goes on; follow it with: {again}")))
    })
}

/// Waits until a check is gone.
pub(crate) async fn until_gone(cluster: &Cluster, check: &WorkloadHardeningCheck) -> Result<(), Advised> {
    let name = check.name_any();
    let mut told = false;
    let mut states = pin!(watch_object(cluster.checks(), &name).default_backoff());
    loop {
        match states.try_next().await {
            Ok(Some(Some(now))) if now.uid() == check.uid() => {
                if !told {
                    printer::note(&format!("waiting until check `{name}` and its clones are gone"));
                    told = true;
                }
            }
            Ok(_) => return Ok(()),
            Err(error) => lasting(cluster, &name, error)?,
        }
    }
}

async fn to_the_goal(cluster: &Cluster, name: &str, goal: &Goal) -> Result<WorkloadHardeningCheck, Advised> {
    let mut progress = Progress::default();
    let mut first = None;
    let mut states = pin!(watch_object(cluster.checks(), name).default_backoff());
    loop {
        let check = match states.try_next().await {
            Ok(Some(Some(check))) => check,
            Ok(_) => return Err(gone(name)),
            Err(error) => {
                lasting(cluster, name, error)?;
                continue;
            }
        };
        // Deleting and creating again may look like one change.
        if *first.get_or_insert_with(|| check.uid()) != check.uid() {
            return Err(gone(name));
        }
        let Some(now) = check.status.as_ref().filter(|now| goal.concerns(now)) else {
            continue;
        };
        for line in progress.advance(now, age(&check)) {
            printer::note(&line);
        }
        if goal.is_reached(now) {
            return Ok(check);
        }
    }
}

fn gone(name: &str) -> Advised {
    Advised::new(format!("check `{name}` was deleted before it ended"))
}

/// Seconds since a check was created, as far as both clocks agree.
fn age(check: &WorkloadHardeningCheck) -> f64 {
    check
        .metadata
        .creation_timestamp
        .as_ref()
        .map_or(0.0, |created| Timestamp::now().duration_since(created.0).as_secs_f64())
}

/// An error that trying again will not mend; of any other a note is made.
fn lasting(cluster: &Cluster, name: &str, error: watcher::Error) -> Result<(), Advised> {
    let request = cluster.about_check("watch", name);
    match error {
        watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error) if !passes(&error) => {
            Err(request.explain(error))
        }
        // A server that grew too old a version of the object says 410, and the watch begins anew.
        error => {
            let why = match error {
                watcher::Error::InitialListFailed(kube::Error::Api(status))
                | watcher::Error::WatchStartFailed(kube::Error::Api(status))
                | watcher::Error::WatchFailed(kube::Error::Api(status))
                | watcher::Error::WatchError(status) => status.message,
                error => error.to_string(),
            };
            printer::note(&format!("the watch was interrupted and goes on: {}", plain(&why)));
            Ok(())
        }
    }
}

/// Whether an error may pass by itself.
fn passes(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => matches!(status.code, 408 | 410 | 429 | 500..),
        kube::Error::SerdeError(_) | kube::Error::BuildRequest(_) => false,
        _ => true,
    }
}

/// The result of a future, or the limit that it exceeded.
async fn within<T>(limit: Option<Duration>, future: impl Future<Output = T>) -> Result<T, Duration> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, future).await.map_err(|_elapsed| limit),
        None => Ok(future.await),
    }
}

#[cfg(test)]
mod tests;

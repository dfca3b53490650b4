//! Follows the log of one container instance from its first line to its last.

mod chunk;
mod pace;
mod read;
mod resume;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use temper_proto::subject::Kind;
use temper_proto::v1::{self, Cause, chunk::Body};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::publish::Publisher;
use crate::recorder::Instance;
use crate::redact::Redactor;
use read::{End, Error, Log, Progress, broken};
use standing::{Standing, standing};

/// Between two looks at an instance, at first and at most.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// An answer of the API server, and the next bytes of a log that is read to its present end, take no longer.
const PATIENCE: Duration = Duration::from_secs(15);

/// After so many tries a log that must be read now is given up.
const TRIES: u32 = 5;

/// How the recording goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// It does.
    Record,
    /// It is over: what was logged until now is still read.
    Finish,
    /// It is over at once.
    Halt,
}

/// Everything that a follower needs.
#[derive(Clone)]
pub(crate) struct Follower {
    pub(crate) pods: Api<Pod>,
    pub(crate) publisher: Publisher,
    pub(crate) redactor: watch::Receiver<Arc<Redactor>>,
    pub(crate) order: watch::Receiver<Order>,
}

impl Follower {
    /// Follows until the instance has ended and its log is read, or until told to stop; publishes what was missed.
    ///
    /// Who is halted has missed nothing: the next worker reads it again.
    pub(crate) async fn follow(mut self, instance: Instance) {
        let mut progress = Progress::default();
        let mut pause = PAUSE;
        let mut failures = 0;
        // The log came to an end by itself when it was read last.
        let mut is_read = false;
        loop {
            let order = *self.order.borrow_and_update();
            if order == Order::Halt {
                return;
            }
            // A stream also ends where the connection is lost: only the Pod knows which log is this instance's, and
            // whether it has ended.
            let log = match self.standing(&instance).await {
                Ok(Standing::Gone) => {
                    if !is_read {
                        self.unread(&instance, &progress, "it is gone").await;
                    }
                    return;
                }
                Ok(Standing::Replaced) => Ok(Log {
                    previous: true,
                    follow: false,
                    started: None,
                }),
                Ok(Standing::Current { ended, started }) => Ok(Log {
                    previous: false,
                    follow: !ended && order != Order::Finish,
                    started,
                }),
                Err(error) => Err(error),
            };
            let (read, was_last) = match log {
                Ok(log) => {
                    let read = self.read(&instance, log, &mut progress).await;
                    is_read = matches!(read, Ok(End::Read)) || is_read && matches!(read, Err(Error::Other));
                    (read, !log.follow)
                }
                Err(error) => (Err(error), false),
            };
            match read {
                Ok(End::Read) if was_last => return,
                Ok(_) => failures = 0,
                Err(Error::Other) => {
                    if !is_read {
                        self.unread(&instance, &progress, "it is another instance's now").await;
                    }
                    return;
                }
                Err(Error::Broken(error)) => {
                    failures += 1;
                    tracing::debug!(
                        pod = instance.pod,
                        container = instance.container,
                        error,
                        "log is read again"
                    );
                    if failures >= TRIES && *self.order.borrow() == Order::Finish {
                        self.unread(&instance, &progress, &error).await;
                        return;
                    }
                }
            }
            if *self.order.borrow() != order {
                continue;
            }
            tokio::select! {
                _ = self.order.changed() => pause = PAUSE,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
    }

    async fn unread(&self, instance: &Instance, progress: &Progress, why: &str) {
        self.missing(instance, progress.resume.taken(), Cause::Unread, why)
            .await;
    }

    /// Publishes that lines from this position on are missing.
    async fn missing(&self, instance: &Instance, position: u64, cause: Cause, message: &str) {
        tracing::warn!(
            pod = instance.pod,
            container = instance.container,
            restart = instance.restart,
            position,
            cause = cause.as_str_name(),
            message,
            "lines of a log are missing"
        );
        let Instance {
            pod_uid,
            container,
            restart,
            ..
        } = instance;
        let part = format!("gap/{pod_uid}/{container}/{restart}/{position}/{}", cause.as_str_name());
        let gap = v1::LogGap {
            source: Some(instance.clone()),
            position,
            cause: cause.into(),
            message: message.to_owned(),
        };
        self.publisher.send(Kind::Logs, part, Body::Gap(gap)).await;
    }

    async fn standing(&self, instance: &Instance) -> Result<Standing, Error> {
        let pod = timeout(PATIENCE, self.pods.get_opt(&instance.pod)).await;
        let pod = pod.map_err(broken)?.map_err(broken)?;
        Ok(pod.map_or(Standing::Gone, |pod| standing(&pod, instance)))
    }
}

#[cfg(test)]
mod tests;

//! Follows the log of one container instance from its first line to its last.

mod resume;

use std::sync::Arc;
use std::time::Duration;

use futures::AsyncBufRead;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use temper_proto::subject::Kind;
use temper_proto::v1::{self, LogLine, chunk::Body};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::lines;
use crate::publish::Publisher;
use crate::recorder::Instance;
use crate::redact::{Lines, Redactor};
use resume::{Opening, Resume};

/// A chunk is published at the latest with this many lines, this many bytes, or after this time.
const LINES: usize = 256;
const BYTES: usize = 64 * 1024;
const DELAY: Duration = Duration::from_millis(500);

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

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The API server or the kubelet refused, or the connection broke.
    #[error("{0}")]
    Broken(String),
    /// The log is of another instance: the one that was wanted cannot be read any more.
    #[error("the log is of another instance")]
    Other,
}

impl Follower {
    /// Follows until the instance has ended and its log is read, or until told to stop.
    ///
    /// False if lines that could still be read were given up.
    pub(crate) async fn follow(mut self, instance: Instance) -> bool {
        let mut resume = Resume::default();
        let mut pause = PAUSE;
        let mut failures = 0;
        loop {
            let order = *self.order.borrow_and_update();
            if order == Order::Halt {
                return false;
            }
            // A stream also ends where the log was rotated or the connection lost: only the Pod knows which log is
            // this instance's, and whether it has ended.
            let (read, last) = match self.standing(&instance).await {
                Ok(Standing::Gone) => return true,
                Ok(Standing::Replaced) => (self.read(&instance, true, false, &mut resume).await, true),
                Ok(Standing::Current { ended }) => {
                    let last = ended || order == Order::Finish;
                    (self.read(&instance, false, !last, &mut resume).await, last)
                }
                Err(error) => (Err(error), false),
            };
            match read {
                Ok(()) if last && *self.order.borrow() != Order::Halt => return true,
                Ok(()) => failures = 0,
                Err(Error::Other) => return true,
                Err(Error::Broken(error)) => {
                    failures += 1;
                    tracing::debug!(
                        pod = instance.pod,
                        container = instance.container,
                        error,
                        "log is read again"
                    );
                    if failures >= TRIES && *self.order.borrow() == Order::Finish {
                        tracing::warn!(
                            pod = instance.pod,
                            container = instance.container,
                            error,
                            "log is given up"
                        );
                        return false;
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

    async fn open(
        &self,
        instance: &Instance,
        previous: bool,
        follow: bool,
    ) -> Result<impl AsyncBufRead + Unpin + use<>, Error> {
        let parameters = LogParams {
            container: Some(instance.container.clone()),
            follow,
            previous,
            timestamps: true,
            ..LogParams::default()
        };
        let opened = timeout(PATIENCE, self.pods.log_stream(&instance.pod, &parameters)).await;
        Ok(Box::pin(opened.map_err(broken)?.map_err(broken)?))
    }

    /// Reads to the end of the stream, or until the order changes; what was taken before is passed over.
    async fn read(
        &mut self,
        instance: &Instance,
        previous: bool,
        follow: bool,
        resume: &mut Resume,
    ) -> Result<(), Error> {
        let mut stream = self.open(instance, previous, follow).await?;
        let mut chunk = Chunk {
            first: resume.taken(),
            lines: Vec::new(),
            bytes: 0,
            origin: resume.origin(),
        };
        let mut opening = resume.open(previous);
        let read = self.take(&mut stream, instance, follow, &mut opening, &mut chunk).await;
        self.flush(instance, &mut chunk).await;
        read
    }

    async fn take(
        &mut self,
        mut stream: impl AsyncBufRead + Unpin,
        instance: &Instance,
        follow: bool,
        opening: &mut Opening<'_>,
        chunk: &mut Chunk,
    ) -> Result<(), Error> {
        let mut secrets = Lines::default();
        let mut due = tokio::time::interval(DELAY);
        loop {
            // A line is read by one future until it is whole: dropping it half-way would lose its beginning.
            let mut line = std::pin::pin!(lines::next(&mut stream));
            let quiet = tokio::time::sleep(PATIENCE);
            let mut quiet = std::pin::pin!(quiet);
            let line = loop {
                tokio::select! {
                    line = &mut line => break line.map_err(broken)?,
                    _ = due.tick() => self.flush(instance, chunk).await,
                    // A log that is read to its present end is read also when the recording ends.
                    changed = self.order.changed() => {
                        if follow || changed.is_err() || *self.order.borrow() == Order::Halt {
                            return Ok(());
                        }
                    }
                    () = &mut quiet, if !follow => return Err(broken("the log does not go on")),
                }
            };
            let Some(line) = line else { return Ok(()) };
            // What has no time is the kubelet's own word, not the container's.
            if line.time_nanos == 0 {
                continue;
            }
            match opening.admit(line.time_nanos) {
                resume::Admit::Seen => {
                    secrets.advance(&line.text);
                }
                resume::Admit::Other => return Err(Error::Other),
                resume::Admit::New => {
                    let redactor = Arc::clone(&self.redactor.borrow());
                    let text = secrets.redact(&redactor, &line.text, lines::KEPT).into_owned();
                    chunk.push(LogLine { text, ..line });
                    if chunk.lines.len() >= LINES || chunk.bytes >= BYTES {
                        self.flush(instance, chunk).await;
                    }
                }
            }
        }
    }

    async fn flush(&self, instance: &Instance, chunk: &mut Chunk) {
        if chunk.lines.is_empty() {
            return;
        }
        let origin_nanos = chunk.origin.unwrap_or_default();
        let (first, lines) = chunk.take();
        let Instance {
            pod,
            pod_uid,
            container,
            restart,
            init,
        } = instance.clone();
        let part = format!(
            "log/{pod_uid}/{container}/{restart}/{origin_nanos}/{first}-{}",
            lines.len()
        );
        let source = v1::Source {
            pod,
            pod_uid,
            container,
            restart,
            init,
        };
        let logs = v1::LogLines {
            source: Some(source),
            first,
            lines,
            origin_nanos,
        };
        self.publisher.send(Kind::Logs, part, Body::Logs(logs)).await;
    }

    async fn standing(&self, instance: &Instance) -> Result<Standing, Error> {
        let pod = timeout(PATIENCE, self.pods.get_opt(&instance.pod)).await;
        let Some(pod) = pod.map_err(broken)?.map_err(broken)? else {
            return Ok(Standing::Gone);
        };
        Ok(standing(&pod, instance))
    }
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Broken(error.to_string())
}

/// Where an instance stands by what its Pod says.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// It is the container's latest.
    Current { ended: bool },
    /// Its log is the previous one now.
    Replaced,
    /// Its log cannot be read any more.
    Gone,
}

fn standing(pod: &Pod, instance: &Instance) -> Standing {
    if pod.metadata.uid.as_deref() != Some(&instance.pod_uid) {
        return Standing::Gone;
    }
    let state = crate::pods::state(pod, true, false);
    let container = state
        .containers
        .iter()
        .find(|container| container.name == instance.container);
    match container {
        Some(container) if container.restarts == instance.restart => Standing::Current {
            ended: !container.running && container.terminated.is_some(),
        },
        // While the next instance is waiting to be started again, the previous log is that one's.
        Some(container) if container.restarts == instance.restart + 1 && container.waiting_reason.is_empty() => {
            Standing::Replaced
        }
        Some(_) | None => Standing::Gone,
    }
}

/// Lines that wait to be published.
struct Chunk {
    /// Position of the first; once all are published, of the next.
    first: u64,
    lines: Vec<LogLine>,
    bytes: usize,
    /// Time of the log's first line.
    origin: Option<i64>,
}

impl Chunk {
    fn push(&mut self, line: LogLine) {
        self.origin.get_or_insert(line.time_nanos);
        self.bytes += line.text.len();
        self.lines.push(line);
    }

    fn take(&mut self) -> (u64, Vec<LogLine>) {
        let first = self.first;
        self.first += self.lines.len() as u64;
        self.bytes = 0;
        (first, std::mem::take(&mut self.lines))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(status: serde_json::Value) -> Standing {
        let mut status = status;
        let defaults = json!({"name": "app", "image": "i", "imageID": "", "ready": false});
        for (key, value) in defaults.as_object().unwrap() {
            status[key] = value.clone();
        }
        let pod = json!({"metadata": {"name": "p", "uid": "u"}, "status": {"containerStatuses": [status]}});
        let instance = Instance {
            pod: "p".into(),
            pod_uid: "u".into(),
            container: "app".into(),
            restart: 1,
            init: false,
        };
        standing(&serde_json::from_value(pod).unwrap(), &instance)
    }

    #[test]
    fn only_the_pod_knows_where_an_instance_stands() {
        let running = json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}});
        let terminated = json!({"terminated": {"exitCode": 1}});
        let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        for (status, want) in [
            (
                json!({"restartCount": 1, "state": running}),
                Standing::Current { ended: false },
            ),
            (
                json!({"restartCount": 1, "state": terminated}),
                Standing::Current { ended: true },
            ),
            (
                json!({"restartCount": 1, "state": waiting, "lastState": terminated}),
                Standing::Current { ended: true },
            ),
            (
                json!({"restartCount": 2, "state": running, "lastState": terminated}),
                Standing::Replaced,
            ),
            (
                json!({"restartCount": 2, "state": terminated, "lastState": terminated}),
                Standing::Replaced,
            ),
            (
                json!({"restartCount": 2, "state": waiting, "lastState": terminated}),
                Standing::Gone,
            ),
            (json!({"restartCount": 3, "state": running}), Standing::Gone),
        ] {
            assert_eq!(at(status.clone()), want, "{status}");
        }
    }
}

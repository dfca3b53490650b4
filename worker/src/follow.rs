//! Follows the log of one container instance from its first line.

use std::sync::Arc;
use std::time::Duration;

use futures::AsyncBufRead;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use temper_proto::subject::Kind;
use temper_proto::v1::{self, LogLine, chunk::Body};
use tokio_util::sync::CancellationToken;

use crate::lines;
use crate::publish::Publisher;
use crate::recorder::Instance;
use crate::secrets::Redactor;

/// A chunk is published at the latest with this many lines, this many bytes, or after this time.
const LINES: usize = 256;
const BYTES: usize = 64 * 1024;
const DELAY: Duration = Duration::from_millis(500);

/// Between two tries to open a log.
const PAUSE: Duration = Duration::from_millis(200);

/// Everything that a follower needs.
#[derive(Clone)]
pub(crate) struct Follower {
    pub(crate) pods: Api<Pod>,
    pub(crate) publisher: Publisher,
    pub(crate) redactor: Arc<Redactor>,
    pub(crate) stop: CancellationToken,
}

impl Follower {
    /// Follows until the instance has ended and its log is read, or until told to stop.
    pub(crate) async fn follow(self, instance: Instance) {
        let mut chunk = Chunk {
            first: 0,
            lines: Vec::new(),
            bytes: 0,
        };
        let mut previous = instance.previous;
        loop {
            let read = tokio::select! {
                () = self.stop.cancelled() => break,
                opened = self.open(&instance, previous) => match opened {
                    Ok(stream) => self.read(stream, &instance, &mut chunk).await,
                    Err(error) => Err(error.to_string()),
                },
            };
            self.flush(&instance, &mut chunk).await;
            if let Err(error) = read {
                tracing::debug!(
                    pod = instance.pod,
                    container = instance.container,
                    error,
                    "log is opened again"
                );
            } else if previous || self.stop.is_cancelled() {
                break;
            }
            // A stream also ends where the log was rotated or the connection lost. Only the Pod knows.
            match self.standing(&instance).await {
                Standing::Current { ended: true } if chunk.first > 0 => break,
                Standing::Current { .. } => {}
                Standing::Replaced => previous = true,
                Standing::Gone => break,
            }
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    async fn open(&self, instance: &Instance, previous: bool) -> kube::Result<impl AsyncBufRead + Unpin + use<>> {
        let parameters = LogParams {
            container: Some(instance.container.clone()),
            follow: !previous,
            previous,
            timestamps: true,
            ..LogParams::default()
        };
        Ok(Box::pin(self.pods.log_stream(&instance.pod, &parameters).await?))
    }

    /// Reads to the end of the stream, passing over what was taken before.
    async fn read(
        &self,
        mut stream: impl AsyncBufRead + Unpin,
        instance: &Instance,
        chunk: &mut Chunk,
    ) -> Result<(), String> {
        let mut pass_over = chunk.first;
        let mut due = tokio::time::interval(DELAY);
        // A line is read by one future until it is whole: dropping it half-way would lose its beginning.
        loop {
            let mut line = std::pin::pin!(lines::next(&mut stream));
            let line = loop {
                tokio::select! {
                    () = self.stop.cancelled() => return Ok(()),
                    line = &mut line => break line,
                    _ = due.tick() => self.flush(instance, chunk).await,
                }
            };
            match line.map_err(|error| error.to_string())? {
                None => return Ok(()),
                Some(_) if pass_over > 0 => pass_over -= 1,
                Some(line) => {
                    chunk.push(LogLine {
                        text: self.redactor.redact(line.text),
                        ..line
                    });
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
        let Instance {
            pod,
            pod_uid,
            container,
            restart,
            init,
            ..
        } = instance.clone();
        let (first, lines) = chunk.take();
        let part = format!("log/{pod_uid}/{container}/{restart}/{first}-{}", lines.len());
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
        };
        self.publisher.send(Kind::Logs, part, Body::Logs(logs)).await;
    }

    async fn standing(&self, instance: &Instance) -> Standing {
        let Ok(Some(pod)) = self.pods.get_opt(&instance.pod).await else {
            return Standing::Gone;
        };
        if pod.metadata.uid.as_deref() != Some(&instance.pod_uid) {
            return Standing::Gone;
        }
        let state = crate::pods::state(&pod, true, false);
        let Some(container) = state
            .containers
            .iter()
            .find(|container| container.name == instance.container)
        else {
            return Standing::Gone;
        };
        if container.restarts == instance.restart {
            Standing::Current {
                ended: !container.running && container.terminated.is_some(),
            }
        } else if container.restarts == instance.restart + 1 {
            Standing::Replaced
        } else {
            Standing::Gone
        }
    }
}

/// Where an instance stands by what its Pod says.
enum Standing {
    /// It is the container's latest.
    Current { ended: bool },
    /// Its log is the previous one now.
    Replaced,
    /// Its log cannot be read any more.
    Gone,
}

/// Lines that wait to be published.
struct Chunk {
    /// Position of the first; once all are published, of the next.
    first: u64,
    lines: Vec<LogLine>,
    bytes: usize,
}

impl Chunk {
    fn push(&mut self, line: LogLine) {
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

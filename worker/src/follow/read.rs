//! One reading of a log, from its beginning to its present end or as long as it goes on.

use std::sync::Arc;
use std::time::Duration;

use futures::AsyncBufRead;
use kube::api::LogParams;
use temper_proto::subject::Kind;
use temper_proto::v1::{Cause, LogLine, chunk::Body};
use tokio::time::{Instant, interval_at, timeout};

use super::chunk::Chunk;
use super::pace::{Pace, Stand};
use super::resume::{Admit, Opening, Resume};
use super::{Follower, Order, PATIENCE};
use crate::lines;
use crate::pods::now;
use crate::recorder::Instance;
use crate::redact::Lines;

/// Lines wait no longer than this for others to be published with.
const DELAY: Duration = Duration::from_millis(500);

/// So much of a log holds the time of its first line.
const HEAD: i64 = 64;

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The API server or the kubelet refused, the connection broke, or what came cannot be relied upon.
    #[error("{0}")]
    Broken(String),
    /// The log is of another instance: the one that was wanted cannot be read any more.
    #[error("the log is of another instance")]
    Other,
}

/// How reading ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// There was no more.
    Read,
    /// The order changed.
    Told,
}

/// Which log is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log {
    /// The one of the instance before the latest.
    pub(super) previous: bool,
    /// Beyond its present end.
    pub(super) follow: bool,
    /// When its instance was started.
    pub(super) started: Option<i64>,
}

/// What is known of a log between two readings.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) resume: Resume,
    pace: Pace,
    secrets: Lines,
}

/// One reading.
struct Reading<'a> {
    log: Log,
    opening: Opening<'a>,
    pace: &'a mut Pace,
    secrets: &'a mut Lines,
    chunk: Chunk,
    opened: i64,
    /// What was in the log when it was opened is read.
    abreast: bool,
}

impl Follower {
    /// Reads to the end of the stream, or until the order changes; what was taken before is passed over.
    pub(super) async fn read(&mut self, instance: &Instance, log: Log, progress: &mut Progress) -> Result<End, Error> {
        let parameters = LogParams {
            follow: log.follow,
            previous: log.previous,
            ..LogParams::default()
        };
        let mut stream = self.open(instance, parameters).await?;
        let Progress { resume, pace, secrets } = progress;
        let opened = now();
        pace.open(opened);
        let mut reading = Reading {
            log,
            chunk: Chunk::new(resume.origin(), resume.taken()),
            opening: resume.open(log.previous),
            pace,
            secrets,
            opened,
            abreast: false,
        };
        let read = self.take(&mut stream, instance, &mut reading).await;
        self.flush(instance, &mut reading.chunk).await;
        if let (false, Ok(End::Read)) = (reading.abreast, &read) {
            self.look_for_the_beginning(instance, &reading).await;
        }
        read
    }

    async fn open(
        &self,
        instance: &Instance,
        parameters: LogParams,
    ) -> Result<impl AsyncBufRead + Unpin + use<>, Error> {
        let parameters = LogParams {
            container: Some(instance.container.clone()),
            timestamps: true,
            ..parameters
        };
        let opened = timeout(PATIENCE, self.pods.log_stream(&instance.pod, &parameters)).await;
        Ok(Box::pin(opened.map_err(broken)?.map_err(broken)?))
    }

    async fn take(
        &mut self,
        mut stream: impl AsyncBufRead + Unpin,
        instance: &Instance,
        reading: &mut Reading<'_>,
    ) -> Result<End, Error> {
        let follow = reading.log.follow;
        let mut due = interval_at(Instant::now() + DELAY, DELAY);
        let mut is_quiet = false;
        loop {
            // A line is read by one future until it is whole: dropping it half-way would lose its beginning.
            let mut line = std::pin::pin!(lines::next(&mut stream));
            let quiet = tokio::time::sleep(PATIENCE);
            let mut quiet = std::pin::pin!(quiet);
            let line = loop {
                tokio::select! {
                    biased;
                    line = &mut line => break line.map_err(broken)?,
                    // A log that is read to its present end is read also when the recording ends.
                    changed = self.order.changed() => {
                        if follow || changed.is_err() || *self.order.borrow() == Order::Halt {
                            return Ok(End::Told);
                        }
                    }
                    _ = due.tick() => {
                        self.flush(instance, &mut reading.chunk).await;
                        if is_quiet && follow {
                            self.come_abreast(instance, reading).await?;
                        }
                        is_quiet = true;
                    }
                    () = &mut quiet, if !follow => return Err(broken("the log does not go on")),
                }
            };
            let Some(line) = line else { return Ok(End::Read) };
            is_quiet = false;
            // What has no time is the kubelet's own word, not the container's: why it gives no more.
            if line.time_nanos == 0 {
                return Err(broken(String::from_utf8_lossy(&line.text)));
            }
            let stand = reading.pace.line(line.time_nanos, now());
            if follow && stand == Stand::Behind {
                return Err(broken("the log is written faster than it is read"));
            }
            self.line(instance, reading, line).await?;
            if follow && stand == Stand::Abreast {
                self.come_abreast(instance, reading).await?;
            }
        }
    }

    async fn line(&self, instance: &Instance, reading: &mut Reading<'_>, line: LogLine) -> Result<(), Error> {
        let length = usize::try_from(line.cut_from).unwrap_or(usize::MAX);
        match reading.opening.admit(line.time_nanos, line.text.len().max(length)) {
            // The finder of private keys stands behind the last line that was taken.
            Admit::Seen => return Ok(()),
            Admit::Other => return Err(Error::Other),
            Admit::New => {}
            Admit::Cut => {
                let before = reading.opening.taken() - 1;
                let message = "it begins after everything that was read of it";
                self.missing(instance, before, Cause::Rotated, message).await;
            }
        }
        let redactor = Arc::clone(&self.redactor.borrow());
        let text = reading.secrets.redact(&redactor, &line.text, lines::KEPT).into_owned();
        reading.chunk.push(LogLine { text, ..line });
        if reading.chunk.is_full() {
            self.flush(instance, &mut reading.chunk).await;
        }
        Ok(())
    }

    /// What was in the log when it was opened is read: from now on the kubelet sends what is written, also across a
    /// rotation. One that came before would have ended the stream unseen.
    async fn come_abreast(&self, instance: &Instance, reading: &mut Reading<'_>) -> Result<(), Error> {
        if reading.abreast {
            return Ok(());
        }
        reading.abreast = true;
        self.look_for_the_beginning(instance, reading).await;
        if reading.opening.first().is_some() && reading.opening.was_rotated(self.head(instance).await?) {
            return Err(broken("the log was rotated while it was read"));
        }
        Ok(())
    }

    async fn look_for_the_beginning(&self, instance: &Instance, reading: &Reading<'_>) {
        if reading.opening.lacks_beginning(reading.log.started, reading.opened) {
            let message = "it was opened late, and its first line is not that of its container";
            self.missing(instance, 0, Cause::Rotated, message).await;
        }
    }

    /// Time of the first line of the latest log now.
    async fn head(&self, instance: &Instance) -> Result<Option<i64>, Error> {
        let parameters = LogParams {
            limit_bytes: Some(HEAD),
            ..LogParams::default()
        };
        let mut stream = self.open(instance, parameters).await?;
        let line = timeout(PATIENCE, lines::next(&mut stream)).await;
        let line = line.map_err(broken)?.map_err(broken)?;
        Ok(line.map(|line| line.time_nanos))
    }

    async fn flush(&self, instance: &Instance, chunk: &mut Chunk) {
        if let Some((part, logs)) = chunk.take(instance) {
            self.publisher.send(Kind::Logs, part, Body::Logs(logs)).await;
        }
    }
}

pub(super) fn broken(error: impl std::fmt::Display) -> Error {
    Error::Broken(error.to_string())
}

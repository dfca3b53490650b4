//! Publishes chunks in order, each until JetStream has it.
//!
//! The queue is short: where NATS is away, its writers wait, the logs stay with the kubelet, and memory stays small.

mod tally;

use std::time::Duration;

use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::{self, context::PublishErrorKind, message::PublishMessage};
use temper_proto::subject::{Kind, Recording};
use temper_proto::v1::{Chunk, chunk::Body};
use temper_proto::{Message as _, TRACEPARENT};
use tokio::sync::mpsc;

pub(crate) use tally::Tally;

/// Chunks that may wait: a megabyte of log lines.
const QUEUE: usize = 16;

/// Between two tries to publish, at first and at most.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A chunk on its way.
#[derive(Debug)]
pub(crate) struct Outgoing {
    kind: Kind,
    /// What of the recording it is: the same part has the same message id.
    pub(crate) part: String,
    pub(crate) chunk: Chunk,
}

/// The entrance of the queue.
#[derive(Debug, Clone)]
pub(crate) struct Publisher {
    queue: mpsc::Sender<Outgoing>,
}

impl Publisher {
    /// A queue, and the task that empties it and says what became of it.
    pub(crate) fn start(
        jetstream: jetstream::Context,
        recording: Recording,
        traceparent: Option<String>,
    ) -> (Self, tokio::task::JoinHandle<Tally>) {
        let (publisher, outgoing) = Self::queue();
        let exit = Exit {
            jetstream,
            recording,
            traceparent,
        };
        (publisher, tokio::spawn(exit.empty(outgoing)))
    }

    /// A queue and its other end.
    pub(crate) fn queue() -> (Self, mpsc::Receiver<Outgoing>) {
        let (queue, outgoing) = mpsc::channel(QUEUE);
        (Self { queue }, outgoing)
    }

    /// Queues a chunk, waiting for room.
    pub(crate) async fn send(&self, kind: Kind, part: String, body: Body) {
        // The task ends only after every sender is gone.
        let _ = self
            .queue
            .send(Outgoing {
                kind,
                part,
                chunk: Chunk { body: Some(body) },
            })
            .await;
    }
}

/// Where the queue ends.
struct Exit {
    jetstream: jetstream::Context,
    recording: Recording,
    traceparent: Option<String>,
}

impl Exit {
    async fn empty(self, mut outgoing: mpsc::Receiver<Outgoing>) -> Tally {
        let mut tally = Tally::default();
        while let Some(Outgoing { kind, part, mut chunk }) = outgoing.recv().await {
            if let Some(Body::Mark(mark)) = &mut chunk.body {
                mark.published = tally.published;
                mark.lost += tally.lost;
            }
            self.deliver(kind, &part, chunk.encode_to_vec().into(), &mut tally)
                .await;
        }
        tally
    }

    /// Publishes until JetStream has it: also where NATS is away, or its stream is, which the controller makes again.
    async fn deliver(&self, kind: Kind, part: &str, payload: bytes::Bytes, tally: &mut Tally) {
        let mut pause = PAUSE;
        let mut is_repeated = false;
        loop {
            let error = match self.publish(kind, part, payload.clone()).await {
                Ok(PublishAck {
                    sequence, duplicate, ..
                }) => return tally.stored(sequence, duplicate, is_repeated),
                Err(error) => error,
            };
            if error.kind() == PublishErrorKind::MaxPayloadExceeded {
                // It will not become smaller.
                tracing::error!(error = &error as &dyn std::error::Error, part, "chunk is given up");
                tally.lost += 1;
                return;
            }
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                part,
                "publishing failed and is repeated"
            );
            is_repeated = true;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn publish(
        &self,
        kind: Kind,
        part: &str,
        payload: bytes::Bytes,
    ) -> Result<PublishAck, async_nats::error::Error<PublishErrorKind>> {
        let mut message = PublishMessage::build()
            .payload(payload)
            .message_id(self.recording.message_id(part));
        if let Some(traceparent) = &self.traceparent {
            message = message.header(TRACEPARENT, traceparent.as_str());
        }
        let subject = self.recording.subject(kind);
        self.jetstream.send_publish(subject, message).await?.await
    }
}

#[cfg(test)]
mod tests;

//! Publishes chunks in order, each until JetStream has it.
//!
//! The queue is short: where NATS is away, its writers wait, the logs stay with the kubelet, and memory stays small.

use std::time::Duration;

use async_nats::jetstream::{self, context::PublishErrorKind, message::PublishMessage};
use temper_proto::subject::{Kind, Recording};
use temper_proto::v1::{Chunk, chunk::Body};
use temper_proto::{Message as _, TRACEPARENT};
use tokio::sync::mpsc;

/// Chunks that may wait.
const QUEUE: usize = 64;

/// A chunk on its way.
#[derive(Debug)]
pub(crate) struct Outgoing {
    kind: Kind,
    /// What of the recording it is: the same part has the same message id.
    part: String,
    chunk: Chunk,
}

/// What became of the chunks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) published: u64,
    pub(crate) lost: u64,
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
        let (queue, outgoing) = mpsc::channel(QUEUE);
        (
            Self { queue },
            tokio::spawn(empty(jetstream, recording, traceparent, outgoing)),
        )
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

async fn empty(
    jetstream: jetstream::Context,
    recording: Recording,
    traceparent: Option<String>,
    mut outgoing: mpsc::Receiver<Outgoing>,
) -> Tally {
    let mut tally = Tally::default();
    while let Some(Outgoing { kind, part, mut chunk }) = outgoing.recv().await {
        if let Some(Body::Mark(mark)) = &mut chunk.body {
            mark.published = tally.published;
            mark.lost += tally.lost;
        }
        let payload: bytes::Bytes = chunk.encode_to_vec().into();
        let mut pause = Duration::from_millis(100);
        loop {
            let mut message = PublishMessage::build()
                .payload(payload.clone())
                .message_id(recording.message_id(&part));
            if let Some(traceparent) = &traceparent {
                message = message.header(TRACEPARENT, traceparent.as_str());
            }
            match publish(&jetstream, recording.subject(kind), message).await {
                Ok(()) => {
                    tally.published += 1;
                    break;
                }
                // It will not become smaller.
                Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                    tracing::error!(error = &error as &dyn std::error::Error, part, "chunk is given up");
                    tally.lost += 1;
                    break;
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        part,
                        "publishing failed and is repeated"
                    );
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
    tally
}

async fn publish(
    jetstream: &jetstream::Context,
    subject: String,
    message: PublishMessage,
) -> Result<(), async_nats::error::Error<PublishErrorKind>> {
    // A duplicate is as good: the part is there.
    jetstream.send_publish(subject, message).await?.await.map(drop)
}

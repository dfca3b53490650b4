//! Recordings out of JetStream from outside of the cluster: a forwarded port of the NATS Pod, and a user that may read
//! the one stream and nothing else.
//!
//! Whoever does that needs, in the namespace of Temper, the rights of the chart's Role `…-recordings`.

mod error;
mod forward;

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};
use futures::{StreamExt as _, TryStreamExt as _};
use kube::Client;
use temper_proto::{Message as _, subject, v1::Chunk};

pub use self::error::{Error, Result};
use self::forward::Forward;

/// The stream of all recordings, as long as this lives.
#[derive(Debug)]
pub struct Recordings {
    stream: Stream,
    _forward: Forward,
}

/// One message of a recording.
#[derive(Debug)]
pub struct Delivered {
    /// UID of the run whose worker published it.
    pub run_uid: String,
    /// Attempt of that worker, from 1.
    pub attempt: u32,
    /// Its place in the stream.
    pub sequence: u64,
    /// What it holds; none if it cannot be decoded.
    pub chunk: Option<Chunk>,
}

impl Recordings {
    /// Opens the stream of the Temper in this namespace.
    pub async fn open(client: &Client, namespace: &str) -> Result<Self> {
        let (stream, forward) = forward::open(client, namespace).await?;
        Ok(Self {
            stream,
            _forward: forward,
        })
    }

    /// Messages that match a filter, by subject.
    pub async fn count(&self, filter: &str) -> Result<Vec<(String, usize)>> {
        let failed = |source: async_nats::Error| Error::Read { source };
        let subjects = self.stream.info_with_subjects(filter).await;
        let subjects = subjects.map_err(|error| failed(error.into()))?;
        subjects.try_collect().await.map_err(|error| failed(error.into()))
    }

    /// UID of the run of this name that published last; none if there is no message of any.
    pub async fn last_run(&self, check_uid: &str, run: &str) -> Result<Option<String>> {
        let filter = subject::run_filter(check_uid, run)?;
        match self.stream.get_last_raw_message_by_subject(&filter).await {
            Ok(message) => Ok(message.headers.get(NATS_MESSAGE_ID).map(|id| run_uid(id.as_str()))),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(Error::Read { source: error.into() }),
        }
    }

    /// Everything that runs of this name have published until now, in the order in which the stream has it.
    pub async fn read(&self, check_uid: &str, run: &str, mut each: impl FnMut(Delivered)) -> Result<()> {
        let failed = |source: async_nats::Error| Error::Read { source };
        let config = OrderedConfig {
            filter_subject: subject::run_filter(check_uid, run)?,
            deliver_policy: DeliverPolicy::All,
            ..OrderedConfig::default()
        };
        let consumer = self.stream.create_consumer(config).await;
        let consumer = consumer.map_err(|error| failed(error.into()))?;
        let mut left = consumer.cached_info().num_pending;
        if left == 0 {
            return Ok(());
        }
        let mut messages = consumer.messages().await.map_err(|error| failed(error.into()))?;
        while left > 0 {
            let message = messages.next().await.ok_or(Error::Ended { left })?;
            let message = message.map_err(|error| failed(error.into()))?;
            let sequence = message.info().map_err(failed)?.stream_sequence;
            let headers = message.headers.as_ref();
            let id = headers.and_then(|headers| headers.get(NATS_MESSAGE_ID));
            // What has neither was not published by a worker.
            if let (Some(id), Some(attempt)) = (id, subject::attempt_of(&message.subject)) {
                each(Delivered {
                    run_uid: run_uid(id.as_str()),
                    attempt,
                    sequence,
                    chunk: Chunk::decode(message.payload.clone()).ok(),
                });
            }
            left -= 1;
        }
        Ok(())
    }
}

fn run_uid(message_id: &str) -> String {
    let uid = message_id.split_once('/').map_or(message_id, |(uid, _)| uid);
    uid.to_owned()
}

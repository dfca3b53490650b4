//! From JetStream to recordings.
//!
//! Each run that is being recorded has one consumer, which folds everything that was ever published for it. The fold
//! is a join, so a restarted controller reads the stream again and holds the same recording.

mod decode;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, consumer::DeliverPolicy};
use futures::StreamExt as _;
use kube::runtime::reflector::ObjectRef;
use temper_api::CheckRun;
use temper_core::recording::{Mark, Recording, Sample};
use temper_proto::{Message as _, STREAM, subject, v1::Chunk};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::error::{Error, Result, chain};
use crate::metrics::Metrics;

/// Which run a recording belongs to: UID of the check and short name of the run.
pub(crate) type Key = (String, String);

/// Where a reconcile is asked for.
pub(crate) type Trigger = mpsc::UnboundedSender<ObjectRef<CheckRun>>;

const DAY: Duration = Duration::from_hours(24);

/// All recordings that somebody needs.
pub(crate) struct Ingest {
    stream: Stream,
    trigger: Trigger,
    metrics: Metrics,
    followed: Mutex<BTreeMap<Key, Followed>>,
}

struct Followed {
    recording: Arc<Mutex<Recording>>,
    task: JoinHandle<()>,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The stream as it must be, made if it is not there.
pub(crate) async fn stream(context: &jetstream::Context) -> Result<Stream, jetstream::context::CreateStreamError> {
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec![format!("{}.>", subject::PREFIX)],
        // A work queue would lose what a restarted controller must read again.
        retention: RetentionPolicy::Limits,
        max_age: DAY,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        duplicate_window: Duration::from_mins(10),
        ..Config::default()
    };
    context.get_or_create_stream(config).await
}

impl Ingest {
    /// Follows nothing yet. `trigger` is told of every run whose recording shows something new.
    pub(crate) fn new(stream: Stream, trigger: Trigger, metrics: Metrics) -> Self {
        Self {
            stream,
            trigger,
            metrics,
            followed: Mutex::default(),
        }
    }

    /// Follows a run, unless it is followed already.
    pub(crate) fn follow(&self, check_uid: &str, run: &str, clone: &str, object: ObjectRef<CheckRun>) -> Result<()> {
        let filter = subject::Recording::new(check_uid, run, 1)?.run_filter();
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed
            .entry((check_uid.to_owned(), run.to_owned()))
            .or_insert_with(|| {
                let recording = Arc::new(Mutex::new(Recording::new(clone)));
                let consumer = Consumer {
                    stream: self.stream.clone(),
                    filter,
                    recording: Arc::clone(&recording),
                    object,
                    trigger: self.trigger.clone(),
                    metrics: self.metrics.clone(),
                };
                Followed {
                    recording,
                    task: tokio::spawn(consumer.run().in_current_span()),
                }
            });
        Ok(())
    }

    /// Asks for a reconcile of a run.
    pub(crate) fn wake(&self, object: ObjectRef<CheckRun>) {
        // Nobody listens any more only while the process ends.
        let _ = self.trigger.send(object);
    }

    /// What is known of a run now; empty if it is not followed.
    pub(crate) fn recording(&self, check_uid: &str, run: &str) -> Recording {
        let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = followed.get(&(check_uid.to_owned(), run.to_owned()));
        entry
            .map(|e| e.recording.lock().unwrap_or_else(PoisonError::into_inner).clone())
            .unwrap_or_default()
    }

    /// The turning points of a run, as far as they are known now.
    pub(crate) fn marks(&self, check_uid: &str, run: &str) -> Vec<Mark> {
        let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = followed.get(&(check_uid.to_owned(), run.to_owned()));
        let marks = |entry: &Followed| {
            let recording = entry.recording.lock().unwrap_or_else(PoisonError::into_inner);
            recording.marks().cloned().collect()
        };
        entry.map(marks).unwrap_or_default()
    }

    /// Lets go of all recordings of a check.
    pub(crate) fn forget(&self, check_uid: &str) {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.retain(|(uid, _), _| uid != check_uid);
    }

    /// Removes everything that any run of a check published.
    pub(crate) async fn purge(&self, check_uid: &str) -> Result<()> {
        let filter = subject::check_filter(check_uid)?;
        self.stream.purge().filter(filter).await.map_err(|error| Error::Purge {
            source: Box::new(error),
        })?;
        Ok(())
    }
}

struct Consumer {
    stream: Stream,
    filter: String,
    recording: Arc<Mutex<Recording>>,
    object: ObjectRef<CheckRun>,
    trigger: Trigger,
    metrics: Metrics,
}

impl Consumer {
    /// Reads until aborted. Whatever fails is begun again: the fold does not mind.
    async fn run(self) {
        let mut pause = Duration::from_millis(200);
        loop {
            match self.read().await {
                Ok(()) => tracing::warn!(filter = self.filter, "consumer ended, reading again"),
                Err(error) => tracing::warn!(
                    filter = self.filter,
                    error = chain(&*error),
                    "consumer failed, reading again"
                ),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    async fn read(&self) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let config = OrderedConfig {
            filter_subject: self.filter.clone(),
            deliver_policy: DeliverPolicy::All,
            ..OrderedConfig::default()
        };
        let mut messages = self.stream.create_consumer(config).await?.messages().await?;
        while let Some(message) = messages.next().await {
            let message = message?;
            self.metrics.messages_ingested.inc();
            if let Ok(info) = message.info() {
                let age = SystemTime::now()
                    .duration_since(info.published.into())
                    .unwrap_or_default();
                self.metrics.ingest_delay.observe(age.as_secs_f64());
            }
            let chunk = subject::attempt(&message.subject).zip(Chunk::decode(message.payload.clone()).ok());
            if let Some(sample) = chunk.and_then(|(attempt, chunk)| decode::sample(chunk, attempt)) {
                self.fold(sample);
            } else {
                self.metrics.messages_malformed.inc();
                tracing::warn!(subject = %message.subject, "message cannot be decoded and is left out");
            }
        }
        Ok(())
    }

    fn fold(&self, sample: Sample) {
        // Lines and numbers change no phase: they wait for the verdict.
        let matters = !matches!(sample, Sample::Logs(_) | Sample::Usage(_));
        self.recording
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fold(sample);
        if matters {
            // Nobody listens any more only while the process ends.
            let _ = self.trigger.send(self.object.clone());
        }
    }
}

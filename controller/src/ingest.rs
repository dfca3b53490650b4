//! From JetStream to recordings.
//!
//! Each run that is being recorded has one consumer, which folds everything that was ever published for it. The fold
//! is a join, so a restarted controller reads the stream again and holds the same recording.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_nats::header::NATS_MESSAGE_ID;
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
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::clock;
use crate::error::{Error, Result, chain};
use crate::metrics::Metrics;

/// Where a reconcile is asked for.
pub(crate) type Trigger = mpsc::UnboundedSender<ObjectRef<CheckRun>>;

/// UID of the run: one that is made again has the name of the one before, and nothing else of it.
type Uid = String;

/// A day, and what a recording of a day needs to start and to be judged.
const KEPT: Duration = Duration::from_hours(26);

/// A worker that waited for NATS tries again within less than half of this.
const SETTLED: Duration = Duration::from_secs(15);

/// Between two tries to make the stream.
const AGAIN: Duration = Duration::from_secs(1);

/// All recordings that somebody needs.
pub(crate) struct Ingest {
    jetstream: jetstream::Context,
    trigger: Trigger,
    metrics: Metrics,
    followed: Mutex<BTreeMap<Uid, Followed>>,
}

/// A run whose recording is read.
pub(crate) struct Follow<'a> {
    pub(crate) uid: &'a str,
    pub(crate) check_uid: &'a str,
    pub(crate) run: &'a str,
    /// Name of its clone, which its log lines may hold.
    pub(crate) clone: &'a str,
    /// What earlier attempts published is of a clone that is gone.
    pub(crate) first_attempt: u32,
    /// Who is told of news.
    pub(crate) object: ObjectRef<CheckRun>,
}

/// What is known of a run.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) recording: Arc<Recording>,
    /// All that was published has been read.
    pub(crate) current: bool,
    /// And no worker holds back what it could not publish while NATS was away: see [`Current::has_settled`].
    pub(crate) settled: bool,
}

/// Since when all that was published of a run has been read.
#[derive(Debug, Clone, Copy)]
struct Current {
    since: Instant,
    /// The same, in nanoseconds since the epoch.
    at_nanos: i64,
}

impl Current {
    fn begin() -> Self {
        Self {
            since: Instant::now(),
            at_nanos: clock::now(),
        }
    }

    /// A worker that began later found NATS there. An earlier one may have waited for it, but not any longer. One that was cut
    /// off by itself since is not told apart: what depends on time alone waits for longer than this anyway, but for last words.
    fn has_settled(&self, recording: &Recording) -> bool {
        let is_new = recording.started_at().is_some_and(|began| began > self.at_nanos);
        is_new || self.since.elapsed() >= SETTLED
    }
}

struct Followed {
    first_attempt: u32,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    /// Shared with those who look at it; a fold leaves them what they have.
    recording: Mutex<Arc<Recording>>,
    /// None while there may be more than was read.
    current: Mutex<Option<Current>>,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The stream as it must be, made if it is not there: a NATS that lost its store has none.
pub(crate) async fn stream(context: &jetstream::Context) -> Result<Stream, jetstream::context::CreateStreamError> {
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec![format!("{}.>", subject::PREFIX)],
        // A work queue would lose what a restarted controller must read again.
        retention: RetentionPolicy::Limits,
        max_age: KEPT,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        duplicate_window: Duration::from_mins(10),
        ..Config::default()
    };
    context.get_or_create_stream(config).await
}

impl Ingest {
    /// Follows nothing yet. `trigger` is told of every run whose recording shows something new.
    pub(crate) fn new(jetstream: jetstream::Context, trigger: Trigger, metrics: Metrics) -> Self {
        Self {
            jetstream,
            trigger,
            metrics,
            followed: Mutex::default(),
        }
    }

    /// Makes the stream as soon as NATS is there: who looks for recordings before the first run finds an empty one.
    pub(crate) async fn prepare(&self, stop: CancellationToken) {
        let made = async {
            while let Err(error) = stream(&self.jetstream).await {
                tracing::debug!(error = chain(&error), "the stream could not be made yet");
                tokio::time::sleep(AGAIN).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = made => {}
        }
    }

    /// Follows a run, unless it is followed already.
    pub(crate) fn follow(&self, follow: Follow<'_>) -> Result<()> {
        let Follow {
            uid,
            check_uid,
            run,
            clone,
            first_attempt,
            object,
        } = follow;
        let filter = subject::run_filter(check_uid, run)?;
        let mut followed = self.lock();
        if followed.get(uid).is_some_and(|old| old.first_attempt == first_attempt) {
            return Ok(());
        }
        let shared = Arc::new(Shared {
            recording: Mutex::new(Arc::new(Recording::new(clone))),
            current: Mutex::default(),
        });
        let consumer = Consumer {
            jetstream: self.jetstream.clone(),
            filter,
            uid: uid.to_owned(),
            first_attempt,
            shared: Arc::clone(&shared),
            object,
            trigger: self.trigger.clone(),
            metrics: self.metrics.clone(),
        };
        followed.insert(
            uid.to_owned(),
            Followed {
                first_attempt,
                shared,
                task: tokio::spawn(consumer.run().in_current_span()),
            },
        );
        Ok(())
    }

    /// Asks for a reconcile of a run.
    pub(crate) fn wake(&self, object: ObjectRef<CheckRun>) {
        // Nobody listens any more only while the process ends.
        let _ = self.trigger.send(object);
    }

    /// What is known of a run now; nothing if it is not followed.
    pub(crate) fn known(&self, uid: &str) -> Known {
        let followed = self.lock();
        let known = |followed: &Followed| {
            // In this order: what is read in between is no harm, what is missing would be.
            let current = *followed.shared.current();
            let recording = Arc::clone(&followed.shared.lock());
            Known {
                current: current.is_some(),
                settled: current.is_some_and(|current| current.has_settled(&recording)),
                recording,
            }
        };
        followed.get(uid).map(known).unwrap_or_default()
    }

    /// The turning points of a run, as far as they are known now.
    pub(crate) fn marks(&self, uid: &str) -> Vec<Mark> {
        let marks = |entry: &Followed| entry.shared.lock().marks().cloned().collect();
        self.lock().get(uid).map(marks).unwrap_or_default()
    }

    /// Lets go of one run's recording.
    pub(crate) fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    /// Lets go of the recordings of all runs but these.
    pub(crate) fn keep(&self, uids: &BTreeSet<Uid>) {
        self.lock().retain(|uid, _| uids.contains(uid));
    }

    /// Removes everything that any run of a check published.
    pub(crate) async fn purge(&self, check_uid: &str) -> Result<()> {
        self.purge_subjects(subject::check_filter(check_uid)?).await
    }

    /// Removes everything that one run published.
    pub(crate) async fn purge_run(&self, check_uid: &str, run: &str) -> Result<()> {
        self.purge_subjects(subject::run_filter(check_uid, run)?).await
    }

    async fn purge_subjects(&self, filter: String) -> Result<()> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| Error::Purge { source };
        let stream = stream(&self.jetstream).await.map_err(|error| failed(error.into()))?;
        stream
            .purge()
            .filter(filter)
            .await
            .map(drop)
            .map_err(|error| failed(error.into()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uid, Followed>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Arc<Recording>> {
        // A fold that panicked half-way is repeated by nobody, but what it left is still a recording.
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Consumer {
    jetstream: jetstream::Context,
    filter: String,
    uid: Uid,
    first_attempt: u32,
    shared: Arc<Shared>,
    object: ObjectRef<CheckRun>,
    trigger: Trigger,
    metrics: Metrics,
}

impl Consumer {
    /// Reads until aborted. Whatever fails is begun again: the fold does not mind.
    async fn run(self) {
        let first_pause = Duration::from_millis(200);
        let mut pause = first_pause;
        loop {
            let mut read = 0;
            let end = self.read(&mut read).await;
            // Until it is read again, more may have been published than is known.
            *self.shared.current() = None;
            match end {
                Ok(()) => tracing::warn!(filter = self.filter, "consumer ended, reading again"),
                Err(error) => tracing::warn!(
                    filter = self.filter,
                    error = chain(&*error),
                    "consumer failed, reading again"
                ),
            }
            if read > 0 {
                pause = first_pause;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    async fn read(&self, read: &mut u64) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let config = OrderedConfig {
            filter_subject: self.filter.clone(),
            deliver_policy: DeliverPolicy::All,
            ..OrderedConfig::default()
        };
        let consumer = stream(&self.jetstream).await?.create_consumer(config).await?;
        if consumer.cached_info().num_pending == 0 {
            self.caught_up();
        }
        let mut messages = consumer.messages().await?;
        while let Some(message) = messages.next().await {
            let message = message?;
            *read += 1;
            self.metrics.messages_ingested.inc();
            let info = message.info()?;
            let (sequence, pending) = (info.stream_sequence, info.pending);
            let age = SystemTime::now().duration_since(info.published.into());
            self.metrics.ingest_delay.observe(age.unwrap_or_default().as_secs_f64());
            // The run before this one of its name may still have had something to say.
            let id = message
                .headers
                .as_ref()
                .and_then(|headers| headers.get(NATS_MESSAGE_ID));
            let is_own = id.is_some_and(|id| subject::is_of_run(id.as_str(), &self.uid));
            let attempt = subject::attempt_of(&message.subject).filter(|_| is_own);
            let sample = attempt.and_then(|attempt| {
                let chunk = Chunk::decode(message.payload.clone()).ok()?;
                Some((attempt, temper_archive::sample(chunk, attempt)?))
            });
            match sample {
                _ if !is_own => {}
                Some((attempt, _)) if attempt < self.first_attempt => {}
                Some((attempt, sample)) => self.fold(attempt, sequence, sample),
                None => {
                    // What is not read was not received: the recording is not whole.
                    self.metrics.messages_malformed.inc();
                    tracing::warn!(subject = %message.subject, "message cannot be decoded and is left out");
                }
            }
            if pending == 0 {
                self.caught_up();
            }
        }
        Ok(())
    }

    fn fold(&self, attempt: u32, sequence: u64, sample: Sample) {
        // Lines and numbers change no phase: they wait for the verdict.
        let matters = !matches!(sample, Sample::Logs(_) | Sample::Usage(_) | Sample::Metrics(_));
        let mut shared = self.shared.lock();
        let recording = Arc::make_mut(&mut shared);
        recording.received(attempt, sequence);
        recording.fold(sample);
        drop(shared);
        if matters {
            self.tell();
        }
    }

    fn caught_up(&self) {
        let mut current = self.shared.current();
        if current.is_none() {
            *current = Some(Current::begin());
            drop(current);
            self.tell();
        }
    }

    fn tell(&self) {
        // Nobody listens any more only while the process ends.
        let _ = self.trigger.send(self.object.clone());
    }
}

#[cfg(test)]
mod tests {
    use temper_core::recording::Moment;

    use super::*;

    #[test]
    fn only_a_worker_that_was_there_before_may_hold_something_back() {
        let current = Current::begin();
        let begun = |time_nanos| {
            let mut recording = Recording::default();
            recording.fold(Sample::Mark(Mark {
                moment: Moment::Started,
                time_nanos,
                message: String::new(),
                published: 0,
                lost: 0,
                attempt: 1,
            }));
            recording
        };
        assert!(
            !current.has_settled(&Recording::default()),
            "its worker may wait for NATS"
        );
        assert!(!current.has_settled(&begun(current.at_nanos - 1)));
        assert!(current.has_settled(&begun(current.at_nanos + 1)));
    }
}

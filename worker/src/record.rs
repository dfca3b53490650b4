//! The loop: one thing happens at a time, and everything that follows from it is done before the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream;
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::ListParams;
use kube::core::{Selector, SelectorExt as _};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use temper_proto::subject::{Kind, Recording};
use temper_proto::v1::{self, Moment, chunk::Body};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::args::RecordArgs;
use crate::follow::{Follower, Order};
use crate::kubelet::Kubelets;
use crate::pods::{self, INSPECTOR, now};
use crate::publish::Publisher;
use crate::recorder::{Effect, Recorder};
use crate::redact::Redactor;
use crate::sampler::Sampled;
use crate::{process, sampler, secrets, selector};

/// NATS may be starting with us.
const CONNECT: Duration = Duration::from_mins(1);

/// Inspections that have not ended when the recording does get this much longer.
const INSPECTION: Duration = Duration::from_secs(20);

/// An entry point may change its user after the container counts as Ready, and then becomes what is recorded.
const SETTLE: Duration = Duration::from_secs(10);

/// Rights that were granted a moment ago may not be in force yet.
const RIGHTS: Duration = Duration::from_secs(30);

/// When interrupted, NATS has this long to take what is queued.
const GRACE: Duration = Duration::from_secs(8);

/// Records one clone to its end.
pub(crate) async fn record(args: RecordArgs) -> anyhow::Result<()> {
    let selector = selector::parse(&args.selector).context("--selector")?;
    let recording = Recording::new(&args.check_uid, &args.run, &args.run_uid, args.attempt)?;
    let client = Client::try_default()
        .await
        .context("failed to configure the Kubernetes client")?;
    let nats = tokio::time::timeout(CONNECT, connect(&args)).await.with_context(|| {
        format!(
            "NATS at {} did not answer within {} s",
            args.nats.url,
            CONNECT.as_secs()
        )
    })??;
    let (publisher, emptied) = Publisher::start(jetstream::new(nats.clone()), recording, args.traceparent.clone());
    let secrets = Api::namespaced(client.clone(), &args.namespace);
    let (redactor, renewed) = secrets::redactor(secrets).await?;
    let session = Session::new(args, client, selector, publisher, redactor);
    let end = Box::pin(session.run()).await?;
    renewed.abort();
    let tally = if end == End::Interrupted {
        let emptied = tokio::time::timeout(GRACE, emptied).await;
        emptied.context("NATS did not take what was recorded before the interruption")??
    } else {
        emptied.await?
    };
    nats.drain().await.context("failed to drain NATS")?;
    tracing::info!(published = tally.published, lost = tally.lost, "recording ended");
    Ok(())
}

async fn connect(args: &RecordArgs) -> anyhow::Result<async_nats::Client> {
    let mut options = async_nats::ConnectOptions::new().name("temper-worker");
    if let (Some(user), Some(password)) = (&args.nats.user, &args.nats.password) {
        options = options.user_and_password(user.clone(), password.clone());
    }
    let mut pause = Duration::from_millis(200);
    loop {
        match options.clone().connect(&args.nats.url).await {
            Ok(client) => return Ok(client),
            // Waiting does not mend a password.
            Err(error) if error.kind() == async_nats::ConnectErrorKind::Authentication => return Err(error.into()),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "NATS is not there yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Complete,
    NeverReady,
    Interrupted,
}

struct Session {
    args: RecordArgs,
    client: Client,
    selector: Selector,
    publisher: Publisher,
    redactor: watch::Receiver<Arc<Redactor>>,
    pods: Api<Pod>,
    recorder: Recorder,
    order: watch::Sender<Order>,
    followers: JoinSet<bool>,
    inspections: JoinSet<()>,
    addresses: BTreeMap<String, String>,
    targets: watch::Sender<Vec<Sampled>>,
    /// Pods of a list that is being received.
    listed: BTreeSet<String>,
    /// The first list was received.
    synced: bool,
}

impl Session {
    fn new(
        args: RecordArgs,
        client: Client,
        selector: Selector,
        publisher: Publisher,
        redactor: watch::Receiver<Arc<Redactor>>,
    ) -> Self {
        Self {
            pods: Api::namespaced(client.clone(), &args.namespace),
            recorder: Recorder::new(args.pods),
            args,
            client,
            selector,
            publisher,
            redactor,
            order: watch::Sender::new(Order::Record),
            followers: JoinSet::new(),
            inspections: JoinSet::new(),
            addresses: BTreeMap::new(),
            targets: watch::Sender::new(Vec::new()),
            listed: BTreeSet::new(),
            synced: false,
        }
    }

    async fn run(mut self) -> anyhow::Result<End> {
        let events: Api<Event> = Api::namespaced(self.client.clone(), &self.args.namespace);
        // Small pages: a clone has few Pods, and a full page is held in memory.
        let pages = || watcher::Config::default().page_size(50);
        let mut watched_pods = std::pin::pin!(watcher(self.pods.clone(), pages()).default_backoff());
        let mut watched_events = std::pin::pin!(watcher(events, pages()).default_backoff());
        let mut terminate = signal(SignalKind::terminate())?;
        let sampler = tokio::spawn(sampler::sample(
            Kubelets::new(self.args.kubelet.clone()),
            self.publisher.clone(),
            self.targets.subscribe(),
            self.order.subscribe(),
        ));
        let mut ready = false;
        let began = Instant::now();
        let mut deadline = began + Duration::from_secs(self.args.start_deadline_seconds.into());
        self.mark(Moment::Started, "the recorder watches the clone", 0).await;
        let end = loop {
            tokio::select! {
                Some(event) = watched_pods.next() => {
                    let became_ready = match event {
                        Ok(event) => self.pod(event).await,
                        Err(error) => self.unwatched(error, began)?,
                    };
                    if became_ready && !ready {
                        ready = true;
                        let duration = Duration::from_secs(self.args.duration_seconds.into());
                        deadline = Instant::now() + duration;
                        self.mark(Moment::Ready, "every wanted Pod of the target is Ready", 0).await;
                        self.inspect(SETTLE.min(duration / 3));
                    }
                }
                Some(event) = watched_events.next() => self.event(event).await,
                () = tokio::time::sleep_until(deadline) => break if ready { End::Complete } else { End::NeverReady },
                _ = terminate.recv() => break End::Interrupted,
            }
        };
        // A clone that was never seen is no evidence about the workload.
        anyhow::ensure!(
            self.synced || end == End::Interrupted,
            "the Pods of the clone could not be listed"
        );
        self.finish(end, sampler).await;
        Ok(end)
    }

    /// A watch that fails begins again, unless it never had the right to begin.
    fn unwatched(&self, error: watcher::Error, began: Instant) -> anyhow::Result<bool> {
        if !self.synced && began.elapsed() > RIGHTS && is_forbidden(&error) {
            return Err(error).context("the worker may not watch the Pods of the clone");
        }
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "watch of Pods failed and begins again"
        );
        Ok(false)
    }

    /// Publishes what is still to be published, and then that this was all.
    async fn finish(mut self, end: End, sampler: JoinHandle<()>) {
        if end == End::Complete {
            let inspections = async { while self.inspections.join_next().await.is_some() {} };
            if tokio::time::timeout(INSPECTION, inspections).await.is_err() {
                tracing::warn!("an inspection did not end in time");
            }
        }
        self.inspections.abort_all();
        let order = if end == End::Interrupted {
            Order::Halt
        } else {
            Order::Finish
        };
        self.order.send_replace(order);
        let mut unread = 0;
        while let Some(followed) = self.followers.join_next().await {
            // Who is interrupted has not lost what the next worker reads again.
            unread += u64::from(end != End::Interrupted && !matches!(followed, Ok(true)));
        }
        let _ = sampler.await;
        let (moment, message) = match end {
            End::Complete => (Moment::Complete, "the recording duration is over"),
            End::NeverReady => (Moment::NeverReady, "the target did not become Ready in time"),
            End::Interrupted => (Moment::Interrupted, "the recorder was asked to stop"),
        };
        self.mark(moment, message, unread).await;
    }

    async fn mark(&self, moment: Moment, message: &str, lost: u64) {
        let mark = v1::Mark {
            moment: moment.into(),
            time_nanos: now(),
            message: message.to_owned(),
            // The publisher counts what it published, and adds what it lost.
            published: 0,
            lost,
        };
        let part = format!("mark/{}/{}", self.args.attempt, moment.as_str_name());
        self.publisher.send(Kind::Mark, part, Body::Mark(mark)).await;
    }

    /// Takes in a change of a Pod; whether it made the workload Ready.
    async fn pod(&mut self, event: watcher::Event<Pod>) -> bool {
        let (pod, deleted) = match event {
            watcher::Event::Init => {
                self.listed.clear();
                return false;
            }
            watcher::Event::InitDone => {
                self.synced = true;
                let effects = self.recorder.only(&self.listed, now());
                return self.carry_out(effects).await;
            }
            watcher::Event::InitApply(pod) => {
                self.listed.extend(pod.uid());
                (pod, false)
            }
            watcher::Event::Apply(pod) => (pod, false),
            watcher::Event::Delete(pod) => (pod, true),
        };
        let target = self.selector.matches(pod.labels());
        if target && let Some(address) = pod.status.as_ref().and_then(|status| status.host_ip.clone()) {
            self.addresses.insert(pod.uid().unwrap_or_default(), address);
        }
        let mut state = pods::state(&pod, target, deleted);
        pods::redact(&mut state, &Arc::clone(&self.redactor.borrow()));
        let effects = self.recorder.pod(state);
        self.carry_out(effects).await
    }

    /// Does what follows from a change; whether the workload became Ready.
    async fn carry_out(&mut self, effects: Vec<Effect>) -> bool {
        let mut ready = false;
        for effect in effects {
            match effect {
                Effect::Publish(state) => {
                    let part = format!("pod/{}/{}", state.pod_uid, state.time_nanos);
                    self.publisher.send(Kind::Pods, part, Body::Pod(state)).await;
                }
                Effect::Follow(instance) => {
                    let follower = Follower {
                        pods: self.pods.clone(),
                        publisher: self.publisher.clone(),
                        redactor: self.redactor.clone(),
                        order: self.order.subscribe(),
                    };
                    self.followers.spawn(follower.follow(instance));
                }
                Effect::Ready => ready = true,
            }
        }
        let targets = self.recorder.targets().filter_map(|pod| {
            let address = self.addresses.get(&pod.pod_uid)?.clone();
            Some(Sampled {
                address,
                pod: pod.clone(),
            })
        });
        self.targets.send_replace(targets.collect());
        ready
    }

    async fn event(&self, event: watcher::Result<watcher::Event<Event>>) {
        let Ok(watcher::Event::Apply(event) | watcher::Event::InitApply(event)) = event else {
            return;
        };
        let about_inspector = |path: &String| path.contains(&format!("{{{INSPECTOR}"));
        if event.involved_object.field_path.as_ref().is_some_and(about_inspector) {
            return;
        }
        let uid = event.uid().unwrap_or_default();
        let series = event.series.as_ref().and_then(|series| series.count);
        let count = u32::try_from(event.count.or(series).unwrap_or(1)).unwrap_or(1);
        let time = event
            .last_timestamp
            .map(|time| time.0)
            .or_else(|| event.event_time.map(|time| time.0));
        let event = v1::ClusterEvent {
            uid: uid.clone(),
            time_nanos: time.map_or_else(now, pods::nanos),
            r#type: event.type_.unwrap_or_default(),
            reason: event.reason.unwrap_or_default(),
            message: self.redactor.borrow().redact_text(&event.message.unwrap_or_default()),
            object_kind: event.involved_object.kind.unwrap_or_default(),
            object_name: event.involved_object.name.unwrap_or_default(),
            count,
        };
        self.publisher
            .send(Kind::Events, format!("event/{uid}/{count}"), Body::Event(event))
            .await;
    }

    /// Looks at the processes of a Pod once they have settled.
    fn inspect(&mut self, settle: Duration) {
        let Some(image) = self.args.image.clone() else { return };
        let (pods, publisher, attempt) = (self.pods.clone(), self.publisher.clone(), self.args.attempt);
        let target = ListParams::default().labels(&self.args.selector);
        self.inspections.spawn(async move {
            tokio::time::sleep(settle).await;
            let listed = pods.list(&target).await;
            if let Err(error) = &listed {
                tracing::warn!(error = error as &dyn std::error::Error, "no Pod can be inspected");
            }
            let ready = |pod: &Pod| {
                let state = pods::state(pod, true, false);
                state.ready && !state.deleted
            };
            if let Some(pod) = listed.into_iter().flatten().find(ready) {
                Box::pin(process::look(pods, pod, image, attempt, publisher)).await;
            }
        });
    }
}

fn is_forbidden(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => status.is_forbidden(),
        watcher::Error::InitialListFailed(_)
        | watcher::Error::WatchStartFailed(_)
        | watcher::Error::WatchFailed(_)
        | watcher::Error::NoResourceVersion => false,
    }
}

//! The loop: one thing happens at a time, and everything that follows from it is done before the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream;
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{Event, Pod, Secret};
use kube::api::ListParams;
use kube::core::{Selector, SelectorExt as _};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use temper_proto::subject::{Kind, Recording};
use temper_proto::v1::{self, Moment, chunk::Body};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::args::RecordArgs;
use crate::follow::Follower;
use crate::kubelet::Kubelets;
use crate::pods::{self, now};
use crate::publish::Publisher;
use crate::recorder::{Effect, Recorder};
use crate::secrets::Redactor;
use crate::{process, selector};

/// Between two questions to a kubelet.
const SAMPLING: Duration = Duration::from_secs(5);

/// NATS may be starting with us.
const CONNECT: Duration = Duration::from_mins(1);

/// Inspections that have not ended when the recording does get this much longer.
const INSPECTION: Duration = Duration::from_secs(20);

/// Records one clone to its end.
pub(crate) async fn record(args: RecordArgs) -> anyhow::Result<()> {
    let selector = selector::parse(&args.selector).context("--selector")?;
    let recording = Recording::new(&args.check_uid, &args.run, args.attempt)?;
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
    let session = Session::new(args, client, selector, publisher);
    Box::pin(session.run()).await?;
    let chunks = emptied.await?;
    nats.drain().await.context("failed to drain NATS")?;
    tracing::info!(chunks, "recording ended");
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
    pods: Api<Pod>,
    recorder: Recorder,
    follower: Option<Follower>,
    stop: CancellationToken,
    followers: JoinSet<()>,
    inspections: JoinSet<()>,
    addresses: BTreeMap<String, String>,
    latest: Option<Pod>,
}

impl Session {
    fn new(args: RecordArgs, client: Client, selector: Selector, publisher: Publisher) -> Self {
        Self {
            pods: Api::namespaced(client.clone(), &args.namespace),
            recorder: Recorder::new(args.pods),
            args,
            client,
            selector,
            publisher,
            follower: None,
            stop: CancellationToken::new(),
            followers: JoinSet::new(),
            inspections: JoinSet::new(),
            addresses: BTreeMap::new(),
            latest: None,
        }
    }

    async fn run(mut self) -> anyhow::Result<()> {
        let events: Api<Event> = Api::namespaced(self.client.clone(), &self.args.namespace);
        let mut watched_pods = std::pin::pin!(watcher(self.pods.clone(), watcher::Config::default()).default_backoff());
        let mut watched_events = std::pin::pin!(watcher(events, watcher::Config::default()).default_backoff());
        let mut terminate = signal(SignalKind::terminate())?;
        let mut sampling = tokio::time::interval(SAMPLING);
        let mut kubelets = Kubelets::new(self.args.kubelet.clone());
        let mut ready = false;
        let start = Duration::from_secs(self.args.start_deadline_seconds.into());
        let mut deadline = Instant::now() + start;
        self.mark(Moment::Started, "the recorder watches the clone").await;
        let end = loop {
            tokio::select! {
                Some(event) = watched_pods.next() => {
                    if self.pod(event).await? && !ready {
                        ready = true;
                        deadline = Instant::now() + Duration::from_secs(self.args.duration_seconds.into());
                        self.mark(Moment::Ready, "every wanted Pod of the target is Ready").await;
                        self.inspect();
                    }
                }
                Some(event) = watched_events.next() => self.event(event).await,
                _ = sampling.tick() => self.sample(&mut kubelets).await,
                () = tokio::time::sleep_until(deadline) => break if ready { End::Complete } else { End::NeverReady },
                _ = terminate.recv() => break End::Interrupted,
            }
        };
        self.finish(end, &mut kubelets).await;
        Ok(())
    }

    /// Publishes what is still to be published, and then that this was all.
    async fn finish(mut self, end: End, kubelets: &mut Kubelets) {
        if end == End::Complete {
            self.sample(kubelets).await;
            let inspections = async { while self.inspections.join_next().await.is_some() {} };
            if tokio::time::timeout(INSPECTION, inspections).await.is_err() {
                tracing::warn!("an inspection did not end in time");
            }
        }
        self.stop.cancel();
        while self.followers.join_next().await.is_some() {}
        let (moment, message) = match end {
            End::Complete => (Moment::Complete, "the recording duration is over"),
            End::NeverReady => (Moment::NeverReady, "the target did not become Ready in time"),
            End::Interrupted => (Moment::Interrupted, "the recorder was asked to stop"),
        };
        self.mark(moment, message).await;
    }

    async fn mark(&self, moment: Moment, message: &str) {
        let mark = v1::Mark {
            moment: moment.into(),
            time_nanos: now(),
            message: message.to_owned(),
            // The publisher counts.
            published: 0,
            lost: 0,
        };
        let part = format!("mark/{}/{}", self.args.attempt, moment.as_str_name());
        self.publisher.send(Kind::Mark, part, Body::Mark(mark)).await;
    }

    /// Takes in a change of a Pod; whether it made the workload Ready.
    async fn pod(&mut self, event: watcher::Result<watcher::Event<Pod>>) -> anyhow::Result<bool> {
        let (pod, deleted) = match event {
            Ok(watcher::Event::Apply(pod) | watcher::Event::InitApply(pod)) => (pod, false),
            Ok(watcher::Event::Delete(pod)) => (pod, true),
            Ok(watcher::Event::Init | watcher::Event::InitDone) => return Ok(false),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "watch of Pods failed and begins again"
                );
                return Ok(false);
            }
        };
        let target = self.selector.matches(pod.labels());
        if target && let Some(address) = pod.status.as_ref().and_then(|status| status.host_ip.clone()) {
            self.addresses.insert(pod.uid().unwrap_or_default(), address);
        }
        let mut ready = false;
        for effect in self.recorder.pod(pods::state(&pod, target, deleted)) {
            match effect {
                Effect::Publish(state) => {
                    let part = format!("pod/{}/{}", state.pod_uid, state.time_nanos);
                    self.publisher.send(Kind::Pods, part, Body::Pod(state)).await;
                }
                Effect::Follow(instance) => {
                    let follower = self.follower().await?;
                    self.followers.spawn(follower.follow(instance));
                }
                Effect::Ready => ready = true,
            }
        }
        if target && !deleted {
            self.latest = Some(pod);
        }
        Ok(ready)
    }

    /// The first log is followed only once the secrets are known that must not leave with it.
    async fn follower(&mut self) -> anyhow::Result<Follower> {
        if let Some(follower) = &self.follower {
            return Ok(follower.clone());
        }
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), &self.args.namespace);
        let secrets = secrets
            .list(&ListParams::default())
            .await
            .context("failed to read the clone's Secrets, without which its logs cannot be redacted")?;
        let follower = Follower {
            pods: self.pods.clone(),
            publisher: self.publisher.clone(),
            redactor: Arc::new(Redactor::new(&secrets.items)?),
            stop: self.stop.clone(),
        };
        self.follower = Some(follower.clone());
        Ok(follower)
    }

    async fn event(&self, event: watcher::Result<watcher::Event<Event>>) {
        let Ok(watcher::Event::Apply(event) | watcher::Event::InitApply(event)) = event else {
            return;
        };
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
            message: event.message.unwrap_or_default(),
            object_kind: event.involved_object.kind.unwrap_or_default(),
            object_name: event.involved_object.name.unwrap_or_default(),
            count,
        };
        self.publisher
            .send(Kind::Events, format!("event/{uid}/{count}"), Body::Event(event))
            .await;
    }

    async fn sample(&self, kubelets: &mut Kubelets) {
        let mut by_address: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
        for pod in self.recorder.targets() {
            if let Some(address) = self.addresses.get(&pod.pod_uid) {
                by_address.entry(address).or_default().insert(pod.pod_uid.clone());
            }
        }
        for (address, pods) in by_address {
            for usage in kubelets.sample(address, &pods).await {
                let source = usage.source.clone().unwrap_or_default();
                let part = format!("usage/{}/{}/{}", source.pod_uid, source.container, usage.time_nanos);
                self.publisher.send(Kind::Usage, part, Body::Usage(usage)).await;
            }
        }
    }

    fn inspect(&mut self) {
        if let (Some(pod), Some(image)) = (self.latest.clone(), self.args.image.clone()) {
            self.inspections
                .spawn(process::look(self.pods.clone(), pod, image, self.publisher.clone()));
        }
    }
}

//! The loop: one thing happens at a time, and everything that follows from it is done before the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::core::{Selector, SelectorExt as _};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use temper_proto::subject::Kind;
use temper_proto::v1::{self, Moment, PodState, chunk::Body};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::args::RecordArgs;
use crate::events;
use crate::follow::{Follower, Order};
use crate::kubelet::Kubelets;
use crate::observe::Observer;
use crate::pods::{self, now};
use crate::probe::{Prober, Stage};
use crate::process::{self, Present};
use crate::publish::Publisher;
use crate::recorder::{Effect, Recorder};
use crate::sampler::{self, Sampled};
use crate::schedule::Schedule;
use crate::scrape;
use crate::secrets::{self, Secrets};

/// Inspections that have not ended when the recording does get this much longer: without what they see nothing is proven.
const INSPECTION: Duration = Duration::from_mins(1);

/// And this much where the target has run to its end: what has not been looked at by then is gone.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    /// The target has run to its end before its time was over.
    Early,
    NeverReady,
    Interrupted,
}

/// What a change of a Pod made of the target.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    ready: bool,
    ended: bool,
}

/// One recording while it goes on.
pub(crate) struct Session {
    args: RecordArgs,
    client: Client,
    selector: Selector,
    publisher: Publisher,
    secrets: Secrets,
    pods: Api<Pod>,
    recorder: Recorder,
    schedule: Schedule,
    began: Instant,
    order: watch::Sender<Order>,
    followers: JoinSet<()>,
    inspections: JoinSet<()>,
    /// The recording is over.
    over: watch::Sender<bool>,
    sampler: JoinHandle<()>,
    scraper: JoinHandle<()>,
    stage: watch::Sender<Stage>,
    prober: JoinHandle<()>,
    /// Addresses of Pods, by UID.
    addresses: BTreeMap<String, Sampled>,
    targets: watch::Sender<Vec<Sampled>>,
    present: watch::Sender<Present>,
    /// The target has run to its end.
    ended: watch::Sender<bool>,
    /// Instances of containers that have run, by UID of the Pod, name and restarts.
    spoken: BTreeSet<(String, String, u32)>,
    /// Pods of a list that is being received.
    listed: BTreeSet<String>,
    /// The first list of Pods was received.
    has_pods: bool,
    /// The first list of Events was received, or refused.
    has_events: bool,
}

impl Session {
    /// Begins to sample; everything else begins with [`Session::watch`].
    pub(crate) fn new(
        args: RecordArgs,
        client: Client,
        selector: Selector,
        publisher: Publisher,
        secrets: Secrets,
    ) -> Self {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let began = Instant::now();
        let (order, targets) = (watch::Sender::new(Order::Record), watch::Sender::new(Vec::new()));
        let sampler = tokio::spawn(sampler::sample(
            Kubelets::new(args.kubelet.clone(), args.namespace.clone()),
            publisher.clone(),
            targets.subscribe(),
            order.subscribe(),
        ));
        let scraper = tokio::spawn(scrape::scrape(
            publisher.clone(),
            secrets.redactor.clone(),
            targets.subscribe(),
            order.subscribe(),
            seconds(args.duration_seconds),
        ));
        let stage = watch::Sender::new(if args.ready_at.is_some() {
            Stage::Ready
        } else {
            Stage::Waiting
        });
        let prober = Prober {
            client: client.clone(),
            namespace: args.namespace.clone(),
            publisher: publisher.clone(),
            redactor: secrets.redactor.clone(),
            targets: targets.subscribe(),
            stage: stage.subscribe(),
            duration: seconds(args.duration_seconds),
        };
        let prober = tokio::spawn(prober.probe(args.probes.clone(), args.ask_ports));
        Self {
            pods: Api::namespaced(client.clone(), &args.namespace),
            recorder: Recorder::new(args.pods),
            schedule: Schedule::new(
                began,
                seconds(args.start_deadline_seconds),
                seconds(args.duration_seconds),
                args.ready_at.map(since),
            ),
            began,
            args,
            client,
            selector,
            publisher,
            secrets,
            order,
            followers: JoinSet::new(),
            inspections: JoinSet::new(),
            over: watch::Sender::new(false),
            sampler,
            scraper,
            stage,
            prober,
            addresses: BTreeMap::new(),
            targets,
            present: watch::Sender::default(),
            ended: watch::Sender::default(),
            spoken: BTreeSet::new(),
            listed: BTreeSet::new(),
            has_pods: false,
            has_events: false,
        }
    }

    /// Watches the clone until the recording is over. To stop before, drop the future.
    pub(crate) async fn watch(&mut self) -> anyhow::Result<End> {
        let events: Api<Event> = Api::namespaced(self.client.clone(), &self.args.namespace);
        // Small pages: a clone has few Pods, and a full page is held in memory.
        let pages = || watcher::Config::default().page_size(50);
        let mut watched_pods = std::pin::pin!(watcher(self.pods.clone(), pages()).default_backoff());
        let mut watched_events = std::pin::pin!(watcher(events, pages()).default_backoff());
        self.mark(Moment::Started, "the recorder watches the clone", 0).await;
        if let Some(ready_at) = self.args.ready_at {
            // Whether the worker before this one came to look is not known. Seen twice is seen once.
            self.inspect(since(ready_at));
        }
        loop {
            let end = self.schedule.end(self.has_pods && self.has_events);
            let is_last = *self.stage.borrow() == Stage::Ending;
            tokio::select! {
                Some(event) = watched_pods.next() => {
                    let turn = match event {
                        Ok(event) => self.pod(event).await,
                        Err(error) => self.unwatched(error)?,
                    };
                    if turn.ready && self.schedule.ready(Instant::now()) {
                        self.mark(Moment::Ready, "every wanted Pod of the target is Ready", 0).await;
                        self.inspect(Duration::ZERO);
                        self.stage.send_replace(Stage::Ready);
                    }
                    if turn.ended {
                        self.schedule.ended(Instant::now());
                        self.ended.send_replace(true);
                    }
                }
                Some(event) = watched_events.next() => self.event(event).await,
                () = tokio::time::sleep_until(end), if !is_last => {
                    if !self.schedule.is_ready() || *self.ended.borrow() {
                        break;
                    }
                    // The last probes see the workload as it was recorded, so the recording goes on with them.
                    self.stage.send_replace(Stage::Ending);
                }
                _ = &mut self.prober, if is_last => break,
            }
        }
        // A clone that was never seen is no evidence about the workload.
        anyhow::ensure!(self.has_pods, "the Pods of the clone could not be listed");
        Ok(if *self.ended.borrow() {
            End::Early
        } else if self.schedule.is_ready() {
            End::Complete
        } else {
            End::NeverReady
        })
    }

    /// A watch that fails begins again, unless it never had the right to begin.
    fn unwatched(&self, error: watcher::Error) -> anyhow::Result<Turn> {
        if !self.has_pods && self.began.elapsed() > secrets::RIGHTS && is_forbidden(&error) {
            return Err(error).context("the worker may not watch the Pods of the clone");
        }
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "watch of Pods failed and begins again"
        );
        Ok(Turn::default())
    }

    /// Publishes what is still to be published, and then that this was all.
    pub(crate) async fn finish(mut self, end: End) {
        self.over.send_replace(true);
        // Of a recording that is complete they are over; of another one they would wait for ever.
        self.prober.abort();
        let patience = match end {
            End::Complete => INSPECTION,
            End::Early => LAST_LOOK,
            End::NeverReady | End::Interrupted => Duration::ZERO,
        };
        let inspections = async { while self.inspections.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, inspections).await.is_err() && !patience.is_zero() {
            tracing::warn!("an inspection did not end in time");
        }
        self.inspections.abort_all();
        let order = if end == End::Interrupted {
            Order::Halt
        } else {
            Order::Finish
        };
        self.order.send_replace(order);
        let mut lost = 0;
        while let Some(followed) = self.followers.join_next().await {
            // Followers tell themselves what they could not read, unless they broke.
            lost += u64::from(followed.is_err());
        }
        let _ = tokio::join!(&mut self.sampler, &mut self.scraper);
        let (moment, message) = match end {
            End::Complete => (Moment::Complete, "the recording duration is over"),
            End::Early => (Moment::Complete, "the target has run to its end"),
            End::NeverReady => (Moment::NeverReady, "the target did not become Ready in time"),
            End::Interrupted => (Moment::Interrupted, "the recorder was asked to stop"),
        };
        self.mark(moment, message, lost).await;
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

    /// Takes in a change of a Pod.
    async fn pod(&mut self, event: watcher::Event<Pod>) -> Turn {
        let (pod, deleted) = match event {
            watcher::Event::Init => {
                self.listed.clear();
                return Turn::default();
            }
            watcher::Event::InitDone => {
                self.has_pods = true;
                self.present.send_modify(|present| present.only(&self.listed));
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
            let containers = pod.spec.as_ref().map(|spec| &spec.containers);
            let at = Sampled {
                address,
                ip: pod.status.as_ref().and_then(|status| status.pod_ip.clone()),
                container: containers.and_then(|containers| Some(containers.first()?.name.clone())),
                endpoints: scrape::endpoints(&pod, &self.args.metrics.0),
                ports: pods::ports(&pod),
                ..Sampled::default()
            };
            self.addresses.insert(pod.uid().unwrap_or_default(), at);
        }
        let mut state = pods::state(&pod, target, deleted);
        if target {
            self.present.send_modify(|present| present.see(&pod, &state));
        }
        if self.spoke(&state) {
            self.secrets.refresh().await;
        }
        pods::redact(&mut state, &Arc::clone(&self.secrets.redactor.borrow()));
        let effects = self.recorder.pod(state);
        self.carry_out(effects).await
    }

    /// Whether a container of the Pod may have said something for the first time.
    fn spoke(&mut self, state: &PodState) -> bool {
        let mut any = false;
        for container in state.containers.iter().filter(|c| c.running || c.terminated.is_some()) {
            let instance = (state.pod_uid.clone(), container.name.clone(), container.restarts);
            any |= self.spoken.insert(instance);
        }
        any
    }

    /// Does what follows from a change.
    async fn carry_out(&mut self, effects: Vec<Effect>) -> Turn {
        let mut turn = Turn::default();
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
                        redactor: self.secrets.redactor.clone(),
                        order: self.order.subscribe(),
                    };
                    self.followers.spawn(follower.follow(instance));
                }
                Effect::Ready => turn.ready = true,
                Effect::Ended => turn.ended = true,
            }
        }
        let targets = self.recorder.targets().filter_map(|pod| {
            let at = self.addresses.get(&pod.pod_uid)?.clone();
            Some(Sampled { pod: pod.clone(), ..at })
        });
        self.targets.send_replace(targets.collect());
        turn
    }

    async fn event(&mut self, event: watcher::Result<watcher::Event<Event>>) {
        let event = match event {
            Ok(watcher::Event::Apply(event) | watcher::Event::InitApply(event)) => event,
            Ok(watcher::Event::Init | watcher::Event::Delete(_)) => return,
            // Events tell more, but a recording does not wait for them.
            Ok(watcher::Event::InitDone) | Err(_) => {
                self.has_events = true;
                return;
            }
        };
        if let Some(event) = events::told(event, &Arc::clone(&self.secrets.redactor.borrow())) {
            let part = format!("event/{}/{}", event.uid, event.count);
            self.publisher.send(Kind::Events, part, Body::Event(event)).await;
        }
    }

    /// Looks at the processes of a Pod once they have settled, where it has been Ready for this time; or observes it from
    /// now on.
    fn inspect(&mut self, ready_for: Duration) {
        let Some(image) = self.args.image.clone() else { return };
        let (pods, publisher, attempt) = (self.pods.clone(), self.publisher.clone(), self.args.attempt);
        let present = self.present.subscribe();
        let mut ended = self.ended.subscribe();
        let settle = self.schedule.settle(ready_for);
        if self.args.observe {
            let observer = Observer {
                pods,
                image,
                attempt,
                publisher,
                redactor: self.secrets.redactor.clone(),
                settled: Instant::now() + settle,
                over: self.over.subscribe(),
            };
            self.inspections.spawn(async move {
                if let Some(pod) = process::find(present).await {
                    Box::pin(observer.observe(&pod)).await;
                }
            });
            return;
        }
        self.inspections.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(settle) => {}
                // There is nothing left to look at.
                _ = ended.wait_for(|ended| *ended) => return,
            }
            if let Some(pod) = process::find(present).await {
                Box::pin(process::look(pods, pod, image, attempt, publisher)).await;
            }
        });
    }
}

/// How long ago something was, by this clock; nothing if it is still to come.
fn since(time: jiff::Timestamp) -> Duration {
    let passed = jiff::Timestamp::now().duration_since(time);
    passed.try_into().unwrap_or_default()
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

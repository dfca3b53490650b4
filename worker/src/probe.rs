//! Tries what the user asks of the workload, alike in every run, and what ports answer that it declares, and tells what
//! came of it. It judges nothing.

mod answer;
mod exec;
mod http;
mod job;
mod port;
mod tcp;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client};
use temper_proto::subject::Kind;
use temper_proto::v1::{self, chunk::Body};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::job::{Driver, Ended};
pub(crate) use self::wanted::ProbeList;
use self::wanted::{Ask, Mode, Wanted};
use crate::pods::now;
use crate::publish::Publisher;
use crate::redact::Redactor;
use crate::sampler::Sampled;

/// Tries of one probe in a recording, in all Pods together.
const TRIES: u32 = 256;

/// What is Ready may still need a moment before it does what it is for.
const START: Duration = Duration::from_secs(30);

/// Between two tries of a probe that is to pass once.
const AGAIN: Duration = Duration::from_secs(1);

/// Ports of one Pod that are asked.
const PORTS: usize = 8;

/// Connections to one of them of which none went well before the last one counts.
const CALLS: u32 = 3;

/// The first code that says that something is wrong, as the oracle has it, too.
const WRONG: u16 = 400;

/// Where the recording stands, for probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The workload is not Ready yet.
    Waiting,
    /// It is recorded.
    Ready,
    /// Its time is over, and only probes are waited for.
    Ending,
}

/// What probes need.
#[derive(Clone)]
pub(crate) struct Prober {
    pub(crate) client: Client,
    /// Namespace of the clone.
    pub(crate) namespace: String,
    pub(crate) publisher: Publisher,
    pub(crate) redactor: watch::Receiver<Arc<Redactor>>,
    pub(crate) targets: watch::Receiver<Vec<Sampled>>,
    pub(crate) stage: watch::Receiver<Stage>,
    /// How long is recorded.
    pub(crate) duration: Duration,
}

/// Who is asked.
#[derive(Debug, Clone)]
enum Place {
    Pod {
        ip: String,
        name: String,
        container: Option<String>,
    },
    Service(String),
}

impl Place {
    fn host(&self, namespace: &str) -> String {
        match self {
            Self::Pod { ip, .. } => ip.clone(),
            Self::Service(name) => format!("{name}.{namespace}.svc"),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Pod { name, .. } | Self::Service(name) => name,
        }
    }
}

impl Prober {
    /// Tries all of them, and the ports that the target declares, until the recording and the last of them are over.
    pub(crate) async fn probe(self, probes: ProbeList, ask_ports: bool) {
        let mut tasks = JoinSet::new();
        if ask_ports {
            tasks.spawn(self.clone().ask_ports());
        }
        for probe in probes.0 {
            tasks.spawn(self.clone().follow(probe));
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn follow(mut self, probe: Wanted) {
        let begins = if probe.mode == Mode::End {
            Stage::Ending
        } else {
            Stage::Ready
        };
        let due = self.stage.wait_for(|stage| *stage == begins || *stage == Stage::Ending);
        if due.await.is_err() {
            return;
        }
        if let Ask::Job(_) = probe.ask {
            return self.drive(&probe).await;
        }
        self.until_there().await;
        match probe.mode {
            Mode::Start => self.until_passed(&probe, START).await,
            Mode::Continuous => self.over_and_over(&probe).await,
            Mode::End => self.until_passed(&probe, probe.timeout()).await,
        }
    }

    /// One result of each port of each Pod: the first that goes well, or the last of a few, as what is Ready may still need
    /// a moment.
    async fn ask_ports(mut self) {
        if self.stage.wait_for(|stage| *stage != Stage::Waiting).await.is_err() {
            return;
        }
        self.until_there().await;
        let running = self.running();
        let ports = running.iter().flat_map(|(target, ip)| {
            let ports = target.ports.iter().take(PORTS);
            ports.map(move |port| (&target.pod.pod, ip, *port))
        });
        join_all(ports.map(|(pod, ip, port)| self.ask_port(pod, ip, port))).await;
    }

    /// Until there is somebody to ask, or no time left to: a worker that replaced another one knows no Pod at first.
    async fn until_there(&self) {
        let (mut targets, mut stage) = (self.targets.clone(), self.stage.clone());
        tokio::select! {
            _ = targets.wait_for(|targets| targets.iter().any(|target| address(target).is_some())) => {}
            _ = stage.wait_for(|stage| *stage == Stage::Ending) => {}
        }
    }

    async fn ask_port(&self, pod: &str, ip: &str, port: u16) {
        let end = Instant::now() + START;
        let (mut stage, mut caller) = (self.stage.clone(), port::Caller::new(ip, port));
        let found = loop {
            let found = caller.call().await;
            let is_well = matches!(found, Ok(code) if code.is_none_or(|code| code < WRONG));
            if is_well || caller.connections >= CALLS || Instant::now() + AGAIN > end {
                break found;
            }
            if is_ending(&stage) {
                if caller.connections > 0 {
                    break found;
                }
                // It did not have the time in which others may have begun to listen.
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                _ = stage.wait_for(|stage| *stage == Stage::Ending) => {}
            }
        };
        let asked = v1::Probe {
            name: format!("port {port}"),
            mode: v1::ProbeMode::Start.into(),
            time_nanos: now(),
            port: port.into(),
            code: found.clone().ok().flatten().map_or(0, u32::from),
            ..v1::Probe::default()
        };
        self.tell(asked, pod, found.map(drop)).await;
    }

    async fn over_and_over(&mut self, probe: &Wanted) {
        let mut stage = self.stage.clone();
        let mut tries = 0;
        while tries < TRIES {
            let places = self.places(probe);
            let began = Instant::now();
            tries += u32::try_from(places.len()).unwrap_or(u32::MAX);
            join_all(places.iter().map(|place| async {
                let found = self.ask(probe, place).await;
                self.tell(probe.asked(now()), place.name(), found).await;
            }))
            .await;
            let share = TRIES / u32::try_from(places.len()).unwrap_or(TRIES).max(1);
            let next = began + probe.period(self.duration, share);
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                _ = stage.wait_for(|stage| *stage == Stage::Ending) => return,
            }
        }
    }

    /// One result of each place: that it passed, or what the last try within the limit found.
    async fn until_passed(&self, probe: &Wanted, limit: Duration) {
        let end = Instant::now() + limit;
        join_all(self.places(probe).iter().map(|place| async move {
            let mut stage = self.stage.clone();
            loop {
                let found = self.ask(probe, place).await;
                let is_last = Instant::now() + AGAIN > end || (probe.mode == Mode::Start && is_ending(&stage));
                if found.is_ok() || is_last {
                    return self.tell(probe.asked(now()), place.name(), found).await;
                }
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    // Once more, at once.
                    _ = stage.wait_for(|stage| *stage == Stage::Ending), if probe.mode == Mode::Start => {}
                }
            }
        }))
        .await;
    }

    async fn drive(&mut self, probe: &Wanted) {
        let driver = Driver::new(self.client.clone(), &self.namespace, &probe.name);
        let ended = match probe.mode {
            Mode::Start | Mode::End => driver.run_within(probe.timeout()).await,
            Mode::Continuous => tokio::select! {
                ended = driver.run() => ended,
                // It did its work for as long as there was any: it goes with the clone.
                _ = self.stage.wait_for(|stage| *stage == Stage::Ending) => Ended { found: Ok(()), time_nanos: None },
            },
        };
        let time_nanos = ended.time_nanos.unwrap_or_else(now);
        self.tell(probe.asked(time_nanos), "job", ended.found).await;
    }

    /// Who is asked now: Pods that run, or the Service.
    fn places(&self, probe: &Wanted) -> Vec<Place> {
        if let Some(service) = probe.service() {
            return vec![Place::Service(service.to_owned())];
        }
        let place = |(target, ip): (Sampled, String)| Place::Pod {
            ip,
            name: target.pod.pod,
            container: target.container,
        };
        self.running().into_iter().map(place).collect()
    }

    /// The target's Pods that run now, with their addresses.
    fn running(&self) -> Vec<(Sampled, String)> {
        let targets = self.targets.borrow();
        let running = targets
            .iter()
            .filter_map(|target| Some((target.clone(), address(target)?.to_owned())));
        running.collect()
    }

    /// Tries once; why it did not pass.
    async fn ask(&self, probe: &Wanted, place: &Place) -> Result<(), String> {
        let limit = probe.timeout();
        let asked = async {
            match (&probe.ask, place) {
                (Ask::Http(http), _) => http::ask(http, &place.host(&self.namespace), limit).await,
                (Ask::Tcp(tcp), _) => tcp::ask(tcp, &place.host(&self.namespace)).await,
                (Ask::Exec(exec), Place::Pod { name, container, .. }) => {
                    let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
                    exec::ask(exec, &pods, name, container.as_deref()).await
                }
                // Only Pods run commands, and Jobs are driven.
                (Ask::Exec(_), Place::Service(_)) | (Ask::Job(_), _) => Err("nobody can be asked that".to_owned()),
            }
        };
        let late = |_| Err(format!("nothing came of it within {} s", limit.as_secs()));
        tokio::time::timeout(limit, asked).await.unwrap_or_else(late)
    }

    /// Tells what came of something that was asked.
    async fn tell(&self, asked: v1::Probe, place: &str, found: Result<(), String>) {
        let message = found.as_ref().err().map(|why| self.redactor.borrow().redact_text(why));
        let part = format!("probe/{}/{place}/{}", asked.name, asked.time_nanos);
        let told = v1::Probe {
            passed: found.is_ok(),
            message: message.unwrap_or_default(),
            ..asked
        };
        self.publisher.send(Kind::Probe, part, Body::Probe(told)).await;
    }
}

/// Where a Pod that runs can be asked.
fn address(target: &Sampled) -> Option<&str> {
    target.ip.as_deref().filter(|_| target.pod.phase == "Running")
}

fn is_ending(stage: &watch::Receiver<Stage>) -> bool {
    *stage.borrow() == Stage::Ending
}

#[cfg(test)]
mod tests;

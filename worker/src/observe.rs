//! Observes the containers of a Pod for as long as a recording lasts, and publishes what is learnt of them.
//!
//! The observing container prints a line for each thing that is new, with all that it knows. It looks as the user of
//! process 1; where that changes, the container ends and another one takes its place.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use futures::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};
use k8s_openapi::api::core::v1::{Container, Pod};
use kube::Api;
use kube::api::LogParams;
use kube::runtime::wait::await_condition;
use temper_proto::subject::Kind;
use temper_proto::v1::{self, chunk::Body};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::inspect::Report;
use crate::inspect::observer::Seen;
use crate::inspector::{self, Guise, PATIENCE, Stage, Task};
use crate::pods::now;
use crate::process;
use crate::publish::Publisher;
use crate::redact::Redactor;

/// As how many users a container is looked at: a first guess, the one that process 1 is, the one that it becomes, one
/// that may look at everything, and one more.
const ROUNDS: u32 = 5;

/// Between two tries to open a log that ended before its container did, and how many may fail in a row.
const PAUSE: Duration = Duration::from_secs(1);
const MAX_FAILURES: u32 = 60;

/// Bytes of a line; what is observed is bounded to about half of it.
const MAX_LINE: u64 = 1024 * 1024;

/// What it takes to observe a Pod.
#[derive(Debug)]
pub(crate) struct Observer {
    pub(crate) pods: Api<Pod>,
    /// Of the observing containers.
    pub(crate) image: String,
    pub(crate) attempt: u32,
    pub(crate) publisher: Publisher,
    pub(crate) redactor: watch::Receiver<Arc<Redactor>>,
    /// From then on processes are what they will be.
    pub(crate) settled: Instant,
    /// The recording is over.
    pub(crate) over: watch::Receiver<bool>,
}

/// One container that is observed.
struct Target<'a> {
    container: &'a Container,
    source: v1::Source,
    first_guise: Guise,
    /// Of process 1, as it was last read.
    report: watch::Sender<Option<Report>>,
    /// The process was told, or that it cannot be.
    told: watch::Sender<bool>,
}

impl Observer {
    /// Observes every long-lived container of a Pod until the recording is over, and longer where a process was not told
    /// yet.
    pub(crate) async fn observe(&self, pod: &Pod) {
        let shares_node = pod.spec.as_ref().and_then(|spec| spec.host_pid) == Some(true);
        let containers = process::long_lived(pod);
        join_all(containers.into_iter().map(|container| async {
            let target = Target {
                container,
                source: process::source(pod, container),
                first_guise: first_guise(pod, container),
                report: watch::Sender::new(None),
                told: watch::Sender::new(false),
            };
            let observed = async {
                let observed = if shares_node {
                    Err("the Pod shares the process namespace of its node".to_owned())
                } else {
                    self.follow(&target).await
                };
                if let Err(error) = observed {
                    self.give_up(&target, error).await;
                }
            };
            let (mut over, mut told) = (self.over.clone(), target.told.subscribe());
            let over = async {
                // Both fail only where nobody is left to tell.
                let _ = over.wait_for(|over| *over).await;
                let _ = told.wait_for(|told| *told).await;
            };
            tokio::select! {
                _ = async { tokio::join!(observed, self.tell_process(&target)) } => {}
                () = over => {}
            }
        }))
        .await;
    }

    /// Tells what process 1 is once it has settled, and again whenever it has become something else.
    async fn tell_process(&self, target: &Target<'_>) {
        sleep_until(self.settled).await;
        let mut reports = target.report.subscribe();
        let (mut told, mut finding) = (None, "seen".to_owned());
        // Ends with the observation.
        while let Ok(latest) = reports
            .wait_for(|latest| *latest != told)
            .await
            .map(|latest| latest.clone())
        {
            told.clone_from(&latest);
            if let Some(report) = latest {
                process::tell(&self.publisher, target.source.clone(), Ok(report), &finding).await;
                target.told.send_replace(true);
                finding = format!("seen-{}", now());
            }
        }
    }

    /// Observes one container as one user after another.
    async fn follow(&self, target: &Target<'_>) -> Result<(), String> {
        let mut guise = target.first_guise;
        for round in 1..=ROUNDS {
            guise = match (self.round(target, round, guise).await, guise) {
                (Ok(None), _) => return Ok(()),
                (Ok(Some(blind)), Guise::Reader) => return Err(blind.observation.error),
                (Ok(Some(blind)), tried) if tried == Guise::of(&blind.report.status) => Guise::Reader,
                (Ok(Some(blind)), _) => Guise::of(&blind.report.status),
                // The guess may be refused where the target is not.
                (Err(_), Guise::User(..)) if round == 1 => Guise::Target,
                (Err(error), _) => return Err(error),
            };
        }
        Err("process 1 changes its user over and over".to_owned())
    }

    /// Follows one observing container to its end; if it was blind there, what it saw.
    async fn round(&self, target: &Target<'_>, round: u32, guise: Guise) -> Result<Option<Seen>, String> {
        let pod = target.source.pod.as_str();
        let spec = inspector::spec(target.container, round, &self.image, guise, Task::Observe);
        inspector::add(&self.pods, pod, &[spec]).await?;
        let name = inspector::name(&target.container.name, round);
        let has_begun = |pod: Option<&Pod>| pod.is_none_or(|pod| inspector::standing(pod, &name, Stage::Begun).is_ok());
        let begun = timeout(PATIENCE, await_condition(self.pods.clone(), pod, has_begun)).await;
        if !matches!(begun, Ok(Ok(_))) {
            let latest = self.pods.get_opt(pod).await.ok().flatten();
            latest.map_or(Ok(()), |pod| inspector::standing(&pod, &name, Stage::Begun))?;
        }
        let (mut last, mut failures) = (None, 0);
        loop {
            match self.read(target, round, &name, &mut last).await {
                Ok(()) => failures = 0,
                Err(error) if failures >= MAX_FAILURES => return Err(error),
                Err(_) => failures += 1,
            }
            let is_over = match self.pods.get_opt(pod).await {
                Ok(latest) => latest.is_none_or(|pod| inspector::standing(&pod, &name, Stage::Ended).is_ok()),
                Err(_) => false,
            };
            if is_over {
                break;
            }
            sleep(PAUSE).await;
        }
        match last {
            None => Err("the observing container printed nothing".to_owned()),
            Some(last) if !last.is_blind() => Ok(None),
            Some(last) if last.report.status.name.is_empty() => Err(last.observation.error),
            Some(last) => Ok(Some(last)),
        }
    }

    /// Reads a log from its beginning to where it ends now; what was read before is passed over.
    async fn read(&self, target: &Target<'_>, round: u32, name: &str, last: &mut Option<Seen>) -> Result<(), String> {
        let parameters = LogParams {
            container: Some(name.to_owned()),
            follow: true,
            ..LogParams::default()
        };
        let opened = timeout(PATIENCE, self.pods.log_stream(&target.source.pod, &parameters)).await;
        let opened = opened.map_err(|error| error.to_string())?;
        let mut log = Box::pin(opened.map_err(|error| error.to_string())?);
        while let Some(line) = line(&mut log).await.map_err(|error| error.to_string())? {
            let Ok(seen) = serde_json::from_slice::<Seen>(&line) else {
                continue;
            };
            let time = |seen: &Seen| seen.observation.time_nanos;
            if last.as_ref().is_some_and(|last| time(last) >= time(&seen)) {
                continue;
            }
            let before = last.replace(seen.clone());
            if seen.report.error.is_empty() && before.is_none_or(|before| before.report != seen.report) {
                target.report.send_replace(Some(seen.report.clone()));
            }
            self.publish(target, round, seen).await;
        }
        Ok(())
    }

    async fn publish(&self, target: &Target<'_>, round: u32, seen: Seen) {
        let mut observation = seen.observation;
        // Another one goes on, or says that none can.
        observation.error.clear();
        observation.source = Some(target.source.clone());
        redact(&mut observation, &Arc::clone(&self.redactor.borrow()));
        let v1::Source {
            pod_uid,
            container,
            restart,
            ..
        } = &target.source;
        let part = format!(
            "observation/{pod_uid}/{container}/{restart}/{round}/{}",
            observation.time_nanos
        );
        self.publisher
            .send(Kind::Observation, part, Body::Observation(observation))
            .await;
    }

    /// Says that nothing, or nothing more, can be observed.
    async fn give_up(&self, target: &Target<'_>, error: String) {
        let v1::Source {
            pod_uid,
            container,
            restart,
            ..
        } = &target.source;
        let part = format!("observation/{pod_uid}/{container}/{restart}/unseen-{}", self.attempt);
        let observation = v1::Observation {
            source: Some(target.source.clone()),
            time_nanos: now(),
            error: error.clone(),
            ..v1::Observation::default()
        };
        self.publisher
            .send(Kind::Observation, part, Body::Observation(observation))
            .await;
        if !*target.told.borrow() && target.report.borrow().is_none() {
            let finding = format!("unseen-{}", self.attempt);
            process::tell(&self.publisher, target.source.clone(), Err(error), &finding).await;
            target.told.send_replace(true);
        }
    }
}

/// As whom to look at first: most images whose user nobody names are root's, and one look is saved.
fn first_guise(pod: &Pod, container: &Container) -> Guise {
    let own = container.security_context.as_ref();
    let shared = pod.spec.as_ref().and_then(|spec| spec.security_context.as_ref());
    let user = own
        .and_then(|own| own.run_as_user)
        .or_else(|| shared.and_then(|shared| shared.run_as_user));
    let is_non_root = own
        .and_then(|own| own.run_as_non_root)
        .or_else(|| shared.and_then(|shared| shared.run_as_non_root));
    if user.is_some() || is_non_root == Some(true) {
        Guise::Target
    } else {
        Guise::User(0, 0)
    }
}

/// The next line of a log; none at its end, or where it is longer than any that we print.
async fn line(log: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    log.take(MAX_LINE).read_until(b'\n', &mut line).await?;
    Ok(line.ends_with(b"\n").then_some(line))
}

/// Masks the names that the workload chose.
fn redact(observation: &mut v1::Observation, redactor: &Redactor) {
    let mask = |text: &mut String| *text = redactor.redact_text(text);
    observation.tasks.iter_mut().for_each(|task| mask(&mut task.name));
    observation
        .written
        .iter_mut()
        .for_each(|written| mask(&mut written.path));
    observation.collapsed.iter_mut().for_each(mask);
    observation.places.iter_mut().for_each(|place| mask(&mut place.path));
    observation.holders.iter_mut().for_each(|holder| mask(&mut holder.path));
    observation.tools.iter_mut().for_each(mask);
    for account in &mut observation.accounts {
        mask(&mut account.name);
        mask(&mut account.home);
    }
    if let Some(program) = &mut observation.program {
        mask(&mut program.executable);
        program.home.iter_mut().for_each(mask);
        program.tmpdir.iter_mut().for_each(mask);
    }
    mask(&mut observation.error);
}

#[cfg(test)]
mod tests;

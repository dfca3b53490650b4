//! Asks kubelets on its own, so that one that does not answer holds up nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use temper_proto::subject::Kind;
use temper_proto::v1::chunk::Body;
use temper_proto::v1::{PodState, Source, Usage};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::follow::Order;
use crate::kubelet::{Kubelets, Scope};
use crate::pods::INSPECTOR;
use crate::publish::Publisher;
use crate::scrape::Endpoint;

/// Between two questions to a kubelet.
const SAMPLING: Duration = Duration::from_secs(5);

/// Every how many questions network and disk are asked for: they are totals, and cost a kubelet more.
const THOROUGH: u32 = 3;

/// A Pod of the target and the address of its kubelet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sampled {
    pub(crate) address: String,
    /// Its own address, once it has one.
    pub(crate) ip: Option<String>,
    /// Its first container.
    pub(crate) container: Option<String>,
    pub(crate) pod: PodState,
    /// Where it exposes metrics of its own.
    pub(crate) endpoints: Vec<Endpoint>,
    /// TCP ports that its containers declare.
    pub(crate) ports: BTreeSet<u16>,
}

/// Publishes what the kubelets measure of the target's Pods until the recording ends, and once more then.
pub(crate) async fn sample(
    mut kubelets: Kubelets,
    publisher: Publisher,
    targets: watch::Receiver<Vec<Sampled>>,
    mut order: watch::Receiver<Order>,
) {
    let mut due = tokio::time::interval(SAMPLING);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for count in 0_u32.. {
        tokio::select! {
            _ = due.tick() => {}
            _ = order.changed() => {}
        }
        if *order.borrow() == Order::Halt {
            return;
        }
        let is_last = *order.borrow() != Order::Record;
        let scope = if is_last || count.is_multiple_of(THOROUGH) {
            Scope::Everything
        } else {
            Scope::Containers
        };
        let targets = targets.borrow().clone();
        let mut by_address: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
        for target in &targets {
            by_address
                .entry(&target.address)
                .or_default()
                .insert(target.pod.pod_uid.clone(), target.pod.pod.clone());
        }
        for (address, pods) in by_address {
            for mut usage in kubelets.sample(address, &pods, scope).await {
                if complete(&mut usage, &targets) {
                    let source = usage.source.clone().unwrap_or_default();
                    // Two answers of a kubelet may have one time.
                    let what = if usage.cpu_periods.is_some() { "quota" } else { "usage" };
                    let part = format!("{what}/{}/{}/{}", source.pod_uid, source.container, usage.time_nanos);
                    publisher.send(Kind::Usage, part, Body::Usage(usage)).await;
                }
            }
        }
        if is_last {
            return;
        }
    }
}

/// Adds what only the Pod tells of a container; false for a container that is not the workload's.
fn complete(usage: &mut Usage, targets: &[Sampled]) -> bool {
    let Some(Source {
        pod_uid,
        container,
        restart,
        init,
        ..
    }) = &mut usage.source
    else {
        return false;
    };
    if container.starts_with(INSPECTOR) {
        return false;
    }
    let pod = targets.iter().find(|target| target.pod.pod_uid == *pod_uid);
    if let Some(state) = pod.and_then(|target| target.pod.containers.iter().find(|state| state.name == *container)) {
        *restart = state.restarts;
        *init = state.init;
    }
    true
}

#[cfg(test)]
mod tests {
    use temper_proto::v1::ContainerState;

    use super::*;

    fn usage(container: &str) -> Usage {
        let source = Source {
            pod_uid: "u".into(),
            container: container.into(),
            ..Source::default()
        };
        Usage {
            source: Some(source),
            ..Usage::default()
        }
    }

    #[test]
    fn a_sample_knows_its_instance_and_is_never_of_the_inspector() {
        let app = ContainerState {
            name: "app".into(),
            restarts: 3,
            ..ContainerState::default()
        };
        let pod = PodState {
            pod_uid: "u".into(),
            containers: vec![app],
            ..PodState::default()
        };
        let targets = [Sampled {
            address: "10.0.0.1".into(),
            pod,
            ..Sampled::default()
        }];
        let mut app = usage("app");
        assert!(complete(&mut app, &targets));
        assert_eq!(app.source.unwrap().restart, 3);
        assert!(!complete(&mut usage("temper-inspect-1-app"), &targets));
    }
}

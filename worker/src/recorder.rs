//! What the recorder knows and decides, apart from all IO: which changes to publish, which logs to follow, when the
//! workload is Ready.

use std::collections::{BTreeMap, BTreeSet};

/// One instance of a container, whose log is one log.
pub(crate) use temper_proto::v1::Source as Instance;
use temper_proto::v1::{ContainerState, PodState};

/// What follows from a change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Publish the state of a Pod.
    Publish(PodState),
    /// Follow a log from its first line.
    Follow(Instance),
    /// Every wanted Pod is Ready, for the first time.
    Ready,
    /// Every wanted Pod has run to its end, and no other goes on.
    Ended,
}

/// The state of one recording.
#[derive(Debug)]
pub(crate) struct Recorder {
    wanted: usize,
    pods: BTreeMap<String, PodState>,
    followed: BTreeSet<(String, String, u32)>,
    ready: bool,
    ended: bool,
}

impl Recorder {
    /// Waits for this many Pods.
    pub(crate) fn new(wanted: u32) -> Self {
        Self {
            wanted: wanted as usize,
            pods: BTreeMap::new(),
            followed: BTreeSet::new(),
            ready: false,
            ended: false,
        }
    }

    /// Takes in the state of a Pod.
    pub(crate) fn pod(&mut self, state: PodState) -> Vec<Effect> {
        let mut effects = Vec::new();
        let same = |old: &PodState| {
            PodState {
                time_nanos: 0,
                ..old.clone()
            } == PodState {
                time_nanos: 0,
                ..state.clone()
            }
        };
        if self.pods.get(&state.pod_uid).is_some_and(same) {
            return effects;
        }
        effects.push(Effect::Publish(state.clone()));
        if state.target {
            self.follow(&state, &mut effects);
        }
        self.pods.insert(state.pod_uid.clone(), state);
        if !self.ready && self.targets().filter(|pod| pod.ready).count() >= self.wanted {
            self.ready = true;
            effects.push(Effect::Ready);
        }
        if self.ready && !self.ended && self.has_ended() {
            self.ended = true;
            effects.push(Effect::Ended);
        }
        effects
    }

    /// One that failed is judged at once, and ends nothing here.
    fn has_ended(&self) -> bool {
        let (ended, going): (Vec<&PodState>, Vec<&PodState>) = self.targets().partition(|pod| is_over(pod));
        going.is_empty() && ended.len() >= self.wanted
    }

    fn follow(&mut self, state: &PodState, effects: &mut Vec<Effect>) {
        for container in &state.containers {
            let instance = |restart: u32| Instance {
                pod: state.pod.clone(),
                pod_uid: state.pod_uid.clone(),
                container: container.name.clone(),
                restart,
                init: container.init,
            };
            let key = |restart: u32| (state.pod_uid.clone(), container.name.clone(), restart);
            // Of a container that is new here only the instance before can still be read; of one that is known, those
            // that went by unseen are followed as well, to tell that they are missing.
            let known = self.followed.range(key(0)..=key(u32::MAX)).next_back();
            let unseen = || container.restarts.saturating_sub(1);
            let from = known.map_or_else(unseen, |(_, _, last)| last.saturating_add(1));
            let has_log = container.running || container.terminated.is_some();
            let to = container.restarts.saturating_add(has_log.into());
            for restart in from..to {
                self.followed.insert(key(restart));
                effects.push(Effect::Follow(instance(restart)));
            }
        }
    }

    /// Takes in that only these Pods, by UID, exist: what went while nobody watched is told now.
    pub(crate) fn only(&mut self, listed: &BTreeSet<String>, time_nanos: i64) -> Vec<Effect> {
        let gone = |pod: &&PodState| !listed.contains(&pod.pod_uid) && !pod.deleted;
        let gone: Vec<PodState> = self.pods.values().filter(gone).cloned().collect();
        let told = gone.into_iter().map(|pod| PodState {
            deleted: true,
            time_nanos,
            ..pod
        });
        told.flat_map(|pod| self.pod(pod)).collect()
    }

    /// Pods of the target that exist.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &PodState> {
        self.pods.values().filter(|pod| pod.target && !pod.deleted)
    }
}

/// Whether a Pod has run to its end: only one that is not started again is Ready when its containers have ended. Kubernetes
/// says Succeeded later, when its sidecars and whoever looks at them have ended, too.
pub(crate) fn is_over(pod: &PodState) -> bool {
    let mut own = pod.containers.iter().filter(|container| !container.init).peekable();
    let has_ended = |container: &ContainerState| !container.running && container.terminated.is_some();
    pod.ready && own.peek().is_some() && own.all(has_ended)
}

#[cfg(test)]
mod tests {
    use temper_proto::v1::Termination;

    use super::*;

    fn pod(uid: &str, ready: bool, restarts: u32, running: bool) -> PodState {
        let container = ContainerState {
            name: "app".into(),
            restarts,
            running,
            ..ContainerState::default()
        };
        PodState {
            pod: uid.into(),
            pod_uid: uid.into(),
            ready,
            target: true,
            containers: vec![container],
            ..PodState::default()
        }
    }

    fn done(uid: &str) -> PodState {
        let mut done = pod(uid, true, 0, false);
        for container in &mut done.containers {
            container.terminated = Some(Termination::default());
        }
        done
    }

    fn follows(effects: &[Effect]) -> Vec<u32> {
        effects
            .iter()
            .filter_map(|e| {
                if let Effect::Follow(i) = e {
                    Some(i.restart)
                } else {
                    None
                }
            })
            .collect()
    }

    #[test]
    fn ready_is_told_once_and_only_when_all_are() {
        let mut recorder = Recorder::new(2);
        assert!(!recorder.pod(pod("a", true, 0, true)).contains(&Effect::Ready));
        assert!(
            !recorder
                .pod(PodState {
                    target: false,
                    ..pod("n", true, 0, true)
                })
                .contains(&Effect::Ready)
        );
        assert!(recorder.pod(pod("b", true, 0, true)).contains(&Effect::Ready));
        assert!(!recorder.pod(pod("b", false, 0, true)).contains(&Effect::Ready));
        assert!(!recorder.pod(pod("b", true, 0, true)).contains(&Effect::Ready));
    }

    #[test]
    fn a_state_that_says_nothing_new_is_not_published() {
        let mut recorder = Recorder::new(1);
        assert!(!recorder.pod(pod("a", false, 0, false)).is_empty());
        assert!(
            recorder
                .pod(PodState {
                    time_nanos: 9,
                    ..pod("a", false, 0, false)
                })
                .is_empty()
        );
    }

    #[test]
    fn every_instance_is_followed_once_also_one_that_was_missed() {
        let mut recorder = Recorder::new(1);
        assert!(follows(&recorder.pod(pod("a", false, 0, false))).is_empty());
        assert_eq!(follows(&recorder.pod(pod("a", false, 0, true))), [0]);
        assert_eq!(follows(&recorder.pod(pod("a", false, 2, true))), [1, 2]);
        assert!(follows(&recorder.pod(pod("a", true, 2, true))).is_empty());
        assert_eq!(follows(&recorder.pod(pod("a", true, 5, false))), [3, 4]);
        assert_eq!(follows(&recorder.pod(pod("a", true, 5, true))), [5]);
        assert_eq!(follows(&recorder.pod(pod("b", true, 5, true))), [4, 5]);
    }

    #[test]
    fn a_pod_that_went_unseen_is_told() {
        let mut recorder = Recorder::new(1);
        recorder.pod(pod("a", true, 0, true));
        recorder.pod(pod("b", true, 0, true));
        let listed = BTreeSet::from(["b".to_owned()]);
        let effects = recorder.only(&listed, 7);
        assert!(matches!(&effects[..], [Effect::Publish(state)] if state.deleted && state.pod_uid == "a"));
        assert!(recorder.only(&listed, 8).is_empty());
    }

    #[test]
    fn a_target_ends_when_all_of_its_pods_have() {
        let mut recorder = Recorder::new(2);
        assert!(!recorder.pod(done("a")).contains(&Effect::Ready));
        let effects = recorder.pod(pod("b", true, 0, true));
        assert!(effects.contains(&Effect::Ready) && !effects.contains(&Effect::Ended));
        assert!(!recorder.pod(pod("c", false, 0, false)).contains(&Effect::Ended));
        assert!(!recorder.pod(done("b")).contains(&Effect::Ended), "c goes on");
        let gone = PodState {
            deleted: true,
            ..pod("c", false, 0, false)
        };
        assert!(recorder.pod(gone).contains(&Effect::Ended));
        assert!(!recorder.pod(done("c")).contains(&Effect::Ended), "told once");
    }

    #[test]
    fn a_target_that_is_over_when_it_is_first_seen_was_ready() {
        let mut recorder = Recorder::new(1);
        let effects = recorder.pod(done("a"));
        assert!(effects.ends_with(&[Effect::Ready, Effect::Ended]), "{effects:?}");
    }
}

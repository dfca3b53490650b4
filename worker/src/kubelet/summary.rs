//! What a kubelet's `/stats/summary` tells of Pods.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use temper_proto::v1;

/// The answer, of which most is left out.
#[derive(Debug, Deserialize)]
pub(super) struct Summary {
    #[serde(default)]
    pods: Vec<PodStats>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodStats {
    pod_ref: PodRef,
    #[serde(default)]
    containers: Vec<ContainerStats>,
    network: Option<NetworkStats>,
    #[serde(rename = "ephemeral-storage")]
    disk: Option<DiskStats>,
}

#[derive(Debug, Deserialize)]
struct PodRef {
    name: String,
    uid: String,
}

#[derive(Debug, Deserialize)]
struct ContainerStats {
    name: String,
    cpu: Option<CpuStats>,
    memory: Option<MemoryStats>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CpuStats {
    time: Option<jiff::Timestamp>,
    usage_core_nano_seconds: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MemoryStats {
    time: Option<jiff::Timestamp>,
    working_set_bytes: Option<u64>,
    rss_bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct NetworkStats {
    time: Option<jiff::Timestamp>,
    #[serde(default)]
    interfaces: Vec<InterfaceStats>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InterfaceStats {
    rx_bytes: Option<u64>,
    tx_bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DiskStats {
    time: Option<jiff::Timestamp>,
    used_bytes: Option<u64>,
}

/// Remembers what was told already: kubelets measure when they like, and the same time is the same sample.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<(String, String), i64>);

impl Told {
    /// Whether this time is later than what was told of the container before.
    pub(super) fn is_new(&mut self, pod_uid: &str, container: &str, time: i64) -> bool {
        let key = (pod_uid.to_owned(), container.to_owned());
        self.0.insert(key, time).is_none_or(|before| before < time)
    }
}

impl Summary {
    /// What is new of these Pods, given by UID.
    pub(super) fn fresh(self, pods: &BTreeSet<String>, told: &mut Told) -> Vec<v1::Usage> {
        let mut samples = Vec::new();
        for pod in self.pods.into_iter().filter(|pod| pods.contains(&pod.pod_ref.uid)) {
            let whole = whole(pod.network.as_ref(), pod.disk.as_ref());
            let containers = pod.containers.into_iter().map(ContainerStats::usage);
            for (container, usage) in containers.chain([(String::new(), whole)]) {
                let is_new = usage.time_nanos > 0 && told.is_new(&pod.pod_ref.uid, &container, usage.time_nanos);
                let source = v1::Source {
                    pod: pod.pod_ref.name.clone(),
                    pod_uid: pod.pod_ref.uid.clone(),
                    container,
                    restart: 0,
                    init: false,
                };
                samples.extend(is_new.then_some(v1::Usage {
                    source: Some(source),
                    ..usage
                }));
            }
        }
        samples
    }
}

impl ContainerStats {
    fn usage(self) -> (String, v1::Usage) {
        let (cpu, memory) = (self.cpu, self.memory);
        let usage = v1::Usage {
            time_nanos: latest([cpu.as_ref().and_then(|s| s.time), memory.as_ref().and_then(|s| s.time)]),
            cpu_core_nanos: cpu.and_then(|cpu| cpu.usage_core_nano_seconds),
            memory_working_set_bytes: memory.as_ref().and_then(|memory| memory.working_set_bytes),
            memory_rss_bytes: memory.and_then(|memory| memory.rss_bytes),
            ..v1::Usage::default()
        };
        (self.name, usage)
    }
}

/// What a kubelet measures of a Pod as a whole.
fn whole(network: Option<&NetworkStats>, disk: Option<&DiskStats>) -> v1::Usage {
    let interfaces = network.map(|network| &*network.interfaces).unwrap_or_default();
    let sum = |bytes: fn(&InterfaceStats) -> Option<u64>| {
        let known = interfaces.iter().filter_map(bytes);
        known.reduce(u64::saturating_add)
    };
    v1::Usage {
        time_nanos: latest([network.and_then(|s| s.time), disk.and_then(|s| s.time)]),
        network_received_bytes: sum(|interface| interface.rx_bytes),
        network_sent_bytes: sum(|interface| interface.tx_bytes),
        disk_used_bytes: disk.and_then(|disk| disk.used_bytes),
        ..v1::Usage::default()
    }
}

/// The later of two times, in nanoseconds since the epoch; 0 where there is none.
fn latest(times: [Option<jiff::Timestamp>; 2]) -> i64 {
    times.into_iter().flatten().max().map_or(0, crate::pods::nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{
      "node": {"nodeName": "node-1", "cpu": {"time": "2026-01-01T00:00:01Z", "usageNanoCores": 1}},
      "pods": [
        {"podRef": {"name": "p", "namespace": "n", "uid": "u"}, "startTime": "2026-01-01T00:00:00Z",
         "containers": [
           {"name": "app", "startTime": "2026-01-01T00:00:00Z",
            "cpu": {"time": "2026-01-01T00:00:01Z", "usageNanoCores": 5, "usageCoreNanoSeconds": 77},
            "memory": {"time": "2026-01-01T00:00:01Z", "usageBytes": 9, "workingSetBytes": 8, "rssBytes": 7, "pageFaults": 1},
            "rootfs": {"time": "2026-01-01T00:00:01Z", "usedBytes": 24576}, "swap": {"swapUsageBytes": 0}},
           {"name": "starting", "startTime": null}],
         "network": {"time": "2026-01-01T00:00:03Z", "name": "eth0", "rxBytes": 10, "rxErrors": 0, "txBytes": 20, "txErrors": 0,
           "interfaces": [{"name": "eth0", "rxBytes": 10, "txBytes": 20}, {"name": "net1", "rxBytes": 1, "txBytes": 2}]},
         "volume": [{"time": "2026-01-01T00:00:02Z", "name": "tmp", "usedBytes": 4096}],
         "ephemeral-storage": {"time": "2026-01-01T00:00:02Z", "availableBytes": 5, "usedBytes": 28672},
         "process_stats": {"process_count": 0}},
        {"podRef": {"name": "q", "namespace": "n", "uid": "v"}, "containers": [{"name": "app"}]}]}"#;

    fn fresh(text: &str, told: &mut Told) -> Vec<v1::Usage> {
        let summary: Summary = serde_json::from_str(text).unwrap();
        summary.fresh(&BTreeSet::from(["u".to_owned()]), told)
    }

    #[test]
    fn a_sample_is_new_once_and_only_of_our_pods() {
        let mut told = Told::default();
        let samples = fresh(ANSWER, &mut told);
        let names: Vec<_> = samples
            .iter()
            .map(|s| s.source.as_ref().unwrap().container.as_str())
            .collect();
        assert_eq!(names, ["app", ""]);
        assert_eq!(
            (
                samples[0].cpu_core_nanos,
                samples[0].memory_working_set_bytes,
                samples[0].memory_rss_bytes
            ),
            (Some(77), Some(8), Some(7))
        );
        assert_eq!(
            (
                samples[1].network_received_bytes,
                samples[1].network_sent_bytes,
                samples[1].disk_used_bytes
            ),
            (Some(11), Some(22), Some(28_672))
        );
        assert_eq!(samples[1].time_nanos - samples[0].time_nanos, 2_000_000_000);
        assert!(fresh(ANSWER, &mut told).is_empty());
        let later = ANSWER.replace("00:00:03Z", "00:00:04Z");
        assert_eq!(fresh(&later, &mut told).len(), 1, "of the Pod");
    }

    #[test]
    fn an_answer_without_network_and_disk_says_nothing_of_them() {
        let text = r#"{"pods": [{"podRef": {"name": "p", "uid": "u"}}]}"#;
        assert!(fresh(text, &mut Told::default()).is_empty());
        assert!(fresh("{}", &mut Told::default()).is_empty());
    }
}

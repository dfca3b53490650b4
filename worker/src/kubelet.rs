//! Asks the kubelets that host the target's Pods what their containers use: CPU and memory only, with a right on
//! `nodes/stats`, never through `nodes/proxy`, which would be a right to run commands in every container of the node.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kube::{Client, Config};
use serde::Deserialize;
use temper_proto::v1;

use crate::args::KubeletArgs;

const PATIENCE: Duration = Duration::from_secs(5);

/// Talks to kubelets, and remembers what they said.
pub(crate) struct Kubelets {
    args: KubeletArgs,
    clients: BTreeMap<String, Client>,
    told: BTreeSet<String>,
    seen: BTreeMap<(String, String), i64>,
}

#[derive(Debug, Deserialize)]
struct Summary {
    #[serde(default)]
    pods: Vec<PodStats>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodStats {
    pod_ref: PodRef,
    #[serde(default)]
    containers: Vec<ContainerStats>,
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

impl Kubelets {
    pub(crate) fn new(args: KubeletArgs) -> Self {
        Self {
            args,
            clients: BTreeMap::new(),
            told: BTreeSet::new(),
            seen: BTreeMap::new(),
        }
    }

    /// New samples of these Pods, given by UID, from the kubelet at this address. No answer is no samples.
    pub(crate) async fn sample(&mut self, address: &str, pods: &BTreeSet<String>) -> Vec<v1::Usage> {
        match self.ask(address).await {
            Ok(summary) => self.fresh(summary, pods),
            Err(error) => {
                if self.told.insert(address.to_owned()) {
                    let error = &*error;
                    tracing::warn!(
                        address,
                        error,
                        "kubelet gives no numbers; resources will not be decidable"
                    );
                }
                Vec::new()
            }
        }
    }

    async fn ask(&mut self, address: &str) -> Result<Summary, Box<dyn std::error::Error + Send + Sync>> {
        let client = if let Some(client) = self.clients.get(address) {
            client.clone()
        } else {
            let client = self.connect(address)?;
            self.clients.insert(address.to_owned(), client.clone());
            client
        };
        let request = http::Request::get("/stats/summary?only_cpu_and_memory=true").body(Vec::new())?;
        Ok(tokio::time::timeout(PATIENCE, client.request(request)).await??)
    }

    fn connect(&self, address: &str) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
        // An IPv6 address needs brackets.
        let host = if address.contains(':') {
            format!("[{address}]")
        } else {
            address.to_owned()
        };
        let in_cluster = Config::incluster()?;
        let mut config = Config::new(format!("https://{host}:10250").parse()?);
        config.auth_info = in_cluster.auth_info;
        config.root_cert = in_cluster.root_cert;
        config.root_cert_file = in_cluster.root_cert_file;
        if let Some(ca) = &self.args.ca {
            config.root_cert = None;
            config.root_cert_file = Some(ca.clone());
        }
        config.accept_invalid_certs = self.args.insecure_skip_tls_verify;
        config.read_timeout = Some(PATIENCE);
        config.default_retry = false;
        Ok(Client::try_from(config)?)
    }

    fn fresh(&mut self, summary: Summary, pods: &BTreeSet<String>) -> Vec<v1::Usage> {
        let mut samples = Vec::new();
        for pod in summary.pods.into_iter().filter(|pod| pods.contains(&pod.pod_ref.uid)) {
            for container in pod.containers {
                let times = [
                    container.cpu.as_ref().and_then(|s| s.time),
                    container.memory.as_ref().and_then(|s| s.time),
                ];
                let Some(time) = times.into_iter().flatten().max().map(crate::pods::nanos) else {
                    continue;
                };
                let key = (pod.pod_ref.uid.clone(), container.name.clone());
                // Kubelets measure when they like: the same time is the same sample.
                if self.seen.insert(key, time).is_some_and(|before| before >= time) {
                    continue;
                }
                samples.push(v1::Usage {
                    source: Some(v1::Source {
                        pod: pod.pod_ref.name.clone(),
                        pod_uid: pod.pod_ref.uid.clone(),
                        container: container.name,
                        restart: 0,
                        init: false,
                    }),
                    time_nanos: time,
                    cpu_core_nanos: container.cpu.and_then(|cpu| cpu.usage_core_nano_seconds),
                    memory_working_set_bytes: container.memory.as_ref().and_then(|memory| memory.working_set_bytes),
                    memory_rss_bytes: container.memory.and_then(|memory| memory.rss_bytes),
                });
            }
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_new_once_and_only_of_our_pods() {
        let text = r#"{"node": {}, "pods": [
            {"podRef": {"name": "p", "namespace": "n", "uid": "u"}, "containers": [
                {"name": "app", "cpu": {"time": "2026-01-01T00:00:01Z", "usageNanoCores": 5, "usageCoreNanoSeconds": 77},
                 "memory": {"time": "2026-01-01T00:00:01Z", "workingSetBytes": 8}}]},
            {"podRef": {"name": "q", "namespace": "n", "uid": "v"}, "containers": [{"name": "app"}]}]}"#;
        let mut kubelets = Kubelets::new(KubeletArgs {
            ca: None,
            insecure_skip_tls_verify: false,
        });
        let mut sample = || kubelets.fresh(serde_json::from_str(text).unwrap(), &BTreeSet::from(["u".to_owned()]));
        let first = sample();
        assert_eq!(first.len(), 1);
        assert_eq!(
            (first[0].cpu_core_nanos, first[0].memory_working_set_bytes),
            (Some(77), Some(8))
        );
        assert!(sample().is_empty());
    }
}

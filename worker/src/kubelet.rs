//! Asks the kubelets that host the target's Pods what these use: statistics with a right on `nodes/stats`, and, where it
//! is granted, what waits for CPU with one on `nodes/metrics`. Never through `nodes/proxy`, which would be a right to
//! run commands in every container of the node.

mod quota;
mod summary;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::{AsyncBufReadExt as _, TryStreamExt as _};
use kube::{Client, Config};
use temper_proto::v1;

use self::quota::Quotas;
use self::summary::{Summary, Told};
use crate::args::KubeletArgs;

const PATIENCE: Duration = Duration::from_secs(5);

const SUMMARY: &str = "/stats/summary";
const SUMMARY_OF_CONTAINERS: &str = "/stats/summary?only_cpu_and_memory=true";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Talks to kubelets, and remembers what they said.
pub(crate) struct Kubelets {
    args: KubeletArgs,
    /// Namespace of the Pods.
    namespace: String,
    clients: BTreeMap<String, Client>,
    /// Addresses and questions that were not answered, each told once.
    unanswered: BTreeSet<(String, &'static str)>,
    told: Told,
    told_quotas: Told,
}

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// CPU and memory, which a kubelet has at hand.
    Containers,
    /// Network and disk, too, which cost it more.
    Everything,
}

impl Kubelets {
    pub(crate) fn new(args: KubeletArgs, namespace: String) -> Self {
        Self {
            args,
            namespace,
            clients: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            told: Told::default(),
            told_quotas: Told::default(),
        }
    }

    /// New samples of these Pods, given as UID and name, from the kubelet at this address. No answer is no samples.
    pub(crate) async fn sample(
        &mut self,
        address: &str,
        pods: &BTreeMap<String, String>,
        scope: Scope,
    ) -> Vec<v1::Usage> {
        let client = match self.client(address) {
            Ok(client) => client,
            Err(error) => return self.silent(address, "client", &*error),
        };
        let uids = pods.keys().cloned().collect();
        let mut samples = match answer(summary(&client, SUMMARY_OF_CONTAINERS)).await {
            Ok(summary) => summary.fresh(&uids, &mut self.told),
            Err(error) => self.silent(address, "CPU and memory", &*error),
        };
        if scope == Scope::Containers {
            return samples;
        }
        // Apart from CPU and memory, which a busy kubelet still has when this takes too long.
        samples.extend(match answer(summary(&client, SUMMARY)).await {
            Ok(summary) => summary.fresh(&uids, &mut self.told),
            Err(error) => self.silent(address, "network and disk", &*error),
        });
        if self.args.throttling {
            let named = pods.iter().map(|(uid, name)| (name.as_str(), uid.as_str()));
            let quotas = Quotas::of(&self.namespace, named);
            samples.extend(match answer(throttling(&client, quotas)).await {
                Ok(usages) => self.fresh_quotas(usages),
                Err(error) => self.silent(address, "throttling", &*error),
            });
        }
        samples
    }

    fn fresh_quotas(&mut self, mut usages: Vec<v1::Usage>) -> Vec<v1::Usage> {
        usages.retain(|usage| {
            let source = usage.source.as_ref();
            source.is_some_and(|s| self.told_quotas.is_new(&s.pod_uid, &s.container, usage.time_nanos))
        });
        usages
    }

    /// A kubelet that does not answer makes its measures undecidable and nothing else: said once.
    fn silent(
        &mut self,
        address: &str,
        what: &'static str,
        error: &(dyn std::error::Error + 'static),
    ) -> Vec<v1::Usage> {
        if self.unanswered.insert((address.to_owned(), what)) {
            tracing::warn!(
                address,
                what,
                error,
                "kubelet gives no numbers; resources will not be decidable"
            );
        }
        Vec::new()
    }

    fn client(&mut self, address: &str) -> Result<Client> {
        if let Some(client) = self.clients.get(address) {
            return Ok(client.clone());
        }
        let client = self.connect(address)?;
        self.clients.insert(address.to_owned(), client.clone());
        Ok(client)
    }

    fn connect(&self, address: &str) -> Result<Client> {
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
}

async fn answer<T>(asked: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, asked).await?
}

async fn summary(client: &Client, path: &str) -> Result<Summary> {
    Ok(client.request(http::Request::get(path).body(Vec::new())?).await?)
}

async fn throttling(client: &Client, mut quotas: Quotas<'_>) -> Result<Vec<v1::Usage>> {
    let request = http::Request::get("/metrics/cadvisor").body(Vec::new())?;
    let mut lines = client.request_stream(request).await?.lines();
    while let Some(line) = lines.try_next().await? {
        quotas.read(&line);
    }
    Ok(quotas.samples().collect())
}

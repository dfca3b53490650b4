//! Looks into JetStream from outside the cluster.

use std::time::Duration;

use anyhow::{Context as _, Result};
use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::stream::{Config, Stream};
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};
use temper_proto::subject::{self, Kind};
use temper_proto::v1::Chunk;
use temper_proto::{Message as _, STREAM};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::bed::SYSTEM;
use crate::wait;

/// Longer than a worker takes to publish what a busy machine lets a workload say.
const PATIENCE: Duration = Duration::from_mins(3);

/// Messages that the runs of a check have in the stream.
pub async fn count(client: &Client, check_uid: &str) -> Result<usize> {
    let stream = open(client).await?;
    sum(&stream, &subject::check_filter(check_uid)?, |_| true).await
}

/// Waits until the workers of a run have published so many chunks of log lines. A full one holds 64 KiB.
pub async fn logged(client: &Client, check_uid: &str, run: &str, chunks: usize) -> Result<()> {
    let stream = open(client).await?;
    let filter = subject::run_filter(check_uid, run)?;
    let logs = Kind::Logs.to_string();
    let is_log = |subject: &str| subject.split('.').next_back() == Some(&*logs);
    wait::until(&format!("run `{run}` logs {chunks} chunks"), PATIENCE, || async {
        Ok(sum(&stream, &filter, is_log).await? >= chunks)
    })
    .await
}

/// Messages whose subject is one of these.
async fn sum(stream: &Opened, filter: &str, counts: impl Fn(&str) -> bool) -> Result<usize> {
    let mut subjects = stream.get().info_with_subjects(filter).await?;
    let mut total = 0;
    while let Some((subject, count)) = subjects.try_next().await? {
        if counts(&subject) {
            total += count;
        }
    }
    Ok(total)
}

/// Everything that the workers of one run published, in the order in which the stream has it.
pub async fn read(client: &Client, check_uid: &str, run: &str) -> Result<Vec<Chunk>> {
    let stream = open(client).await?;
    let config = OrderedConfig {
        filter_subject: subject::run_filter(check_uid, run)?,
        deliver_policy: DeliverPolicy::All,
        ..OrderedConfig::default()
    };
    let consumer = stream.get().create_consumer(config).await?;
    let mut left = consumer.cached_info().num_pending;
    let mut messages = consumer.messages().await?;
    let mut chunks = Vec::new();
    while left > 0 {
        let message = messages.next().await.context("the stream ended")??;
        chunks.push(Chunk::decode(message.payload.clone())?);
        left -= 1;
    }
    Ok(chunks)
}

/// Makes the stream, if it is not there, for workers that no controller has started. The controller takes the one that
/// is there.
pub async fn ensure_stream(client: &Client) -> Result<()> {
    // The client goes first: without its port it would try again and again.
    let (_forward, jetstream) = forward(client).await?;
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec![format!("{}.>", subject::PREFIX)],
        duplicate_window: Duration::from_mins(10),
        max_age: Duration::from_hours(24),
        ..Config::default()
    };
    let made = jetstream.get_or_create_stream(config).await;
    made.map(drop).context("failed to make the stream")
}

/// The stream, by a forwarded port.
struct Opened {
    stream: Stream,
    _forward: Forward,
}

impl Opened {
    fn get(&self) -> &Stream {
        &self.stream
    }
}

/// A port that is forwarded until this is dropped.
struct Forward(JoinHandle<()>);

impl Drop for Forward {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn open(client: &Client) -> Result<Opened> {
    let (forward, jetstream) = forward(client).await?;
    Ok(Opened {
        stream: jetstream.get_stream(STREAM).await.context("no stream")?,
        _forward: forward,
    })
}

/// JetStream, by a forwarded port.
async fn forward(client: &Client) -> Result<(Forward, Context)> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), SYSTEM);
    let list = pods
        .list(&ListParams::default().labels("app.kubernetes.io/component=nats"))
        .await?;
    let pod = list.items.first().context("NATS has no Pod")?.name_any();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let forward = Forward(tokio::spawn(async move {
        // One connection is all that the client makes, and a second one if it must begin again.
        while let Ok((mut local, _)) = listener.accept().await {
            let Ok(mut forwarder) = pods.portforward(&pod, &[4222]).await else {
                return;
            };
            let Some(mut remote) = forwarder.take_stream(4222) else {
                return;
            };
            let _ = tokio::io::copy_bidirectional(&mut local, &mut remote).await;
        }
    }));
    let context = connect(client, &address.to_string()).await?;
    Ok((forward, context))
}

async fn connect(client: &Client, address: &str) -> Result<Context> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), SYSTEM);
    let list = secrets
        .list(&ListParams::default().labels("app.kubernetes.io/component=controller"))
        .await?;
    let secret = list
        .items
        .iter()
        .find(|s| s.data.as_ref().is_some_and(|d| d.contains_key("password")));
    let data = secret
        .and_then(|s| s.data.clone())
        .context("no Secret with the controller's credentials")?;
    let field = |name: &str| -> Result<String> {
        let bytes = data
            .get(name)
            .with_context(|| format!("the credentials lack `{name}`"))?;
        Ok(String::from_utf8(bytes.0.clone())?)
    };
    let options = async_nats::ConnectOptions::new()
        .custom_inbox_prefix("_INBOX_controller")
        .user_and_password(field("user")?, field("password")?);
    let nats = options
        .connect(format!("nats://{address}"))
        .await
        .context("failed to connect to NATS")?;
    Ok(async_nats::jetstream::new(nats))
}

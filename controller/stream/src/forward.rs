//! The way to NATS: its Pod, the credentials of its reader, and a local port that leads to it.

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, stream::Stream};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use temper_proto::STREAM;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};

const NATS: &str = "app.kubernetes.io/component=nats,app.kubernetes.io/part-of=temper";
const PORT: u16 = 4222;

/// Where replies to this user go: the only subjects that it may listen to.
const INBOX: &str = "_INBOX_reader";

/// A forwarded port, until it is dropped.
#[derive(Debug)]
pub(crate) struct Forward(JoinHandle<()>);

impl Drop for Forward {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) async fn open(client: &Client, namespace: &str) -> Result<(Stream, Forward)> {
    let refused = |verb, what: String| {
        move |source| Error::Kubernetes {
            verb,
            what,
            namespace: namespace.to_owned(),
            source: Box::new(source),
        }
    };
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let list = pods.list(&ListParams::default().labels(NATS)).await;
    let list = list.map_err(refused("list", "pods".to_owned()))?;
    let pod = list.items.first().map(ResourceExt::name_any);
    let pod = pod.ok_or_else(|| Error::NoServer {
        namespace: namespace.to_owned(),
    })?;
    // A Pod of a StatefulSet has a number behind its name. The Secret is read by its name, so that nobody needs a right
    // to list Secrets.
    let name = format!("{}-reader", pod.rsplit_once('-').map_or(pod.as_str(), |(name, _)| name));
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let secret = secrets.get(&name).await;
    let secret = secret.map_err(refused("get", format!("secret `{name}`")))?;
    let field = |key: &'static str| {
        let bytes = secret.data.as_ref().and_then(|data| data.get(key));
        let text = bytes.and_then(|bytes| String::from_utf8(bytes.0.clone()).ok());
        text.ok_or_else(|| Error::NoCredentials {
            secret: name.clone(),
            key,
        })
    };
    let (user, password) = (field("user")?, field("password")?);
    // Asked once before, so that what is refused is told as such and not as a connection that ended.
    let first = pods.portforward(&pod, &[PORT]).await;
    drop(first.map_err(refused("create", format!("pods/portforward `{pod}`")))?);
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.map_err(|source| Error::Listen { source })?;
    let address = listener.local_addr().map_err(|source| Error::Listen { source })?;
    let forward = Forward(tokio::spawn(lead(listener, pods, pod.clone())));
    let options = ConnectOptions::new()
        .custom_inbox_prefix(INBOX)
        .user_and_password(user, password);
    let nats = options.connect(format!("nats://{address}")).await;
    let nats = nats.map_err(|error| Error::Connect {
        pod,
        source: error.into(),
    })?;
    let stream = jetstream::new(nats).get_stream(STREAM).await;
    let stream = stream.map_err(|error| Error::Read { source: error.into() })?;
    Ok((stream, forward))
}

/// Leads each connection to the Pod; there is one, and another one if that must begin again.
async fn lead(listener: TcpListener, pods: Api<Pod>, pod: String) {
    while let Ok((mut local, _)) = listener.accept().await {
        let Ok(mut forwarder) = pods.portforward(&pod, &[PORT]).await else {
            return;
        };
        let Some(mut remote) = forwarder.take_stream(PORT) else {
            return;
        };
        let _ = tokio::io::copy_bidirectional(&mut local, &mut remote).await;
    }
}

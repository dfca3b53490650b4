//! Looks into JetStream from outside the cluster.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};
use temper_proto::{STREAM, subject};
use tokio::net::TcpListener;

use crate::bed::SYSTEM;

/// Messages that the runs of a check have in the stream.
pub async fn count(client: &Client, check_uid: &str) -> Result<usize> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), SYSTEM);
    let list = pods
        .list(&ListParams::default().labels("app.kubernetes.io/component=nats"))
        .await?;
    let pod = list.items.first().context("NATS has no Pod")?.name_any();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let forward = tokio::spawn(async move {
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
    });
    let counted = ask(client, &address.to_string(), check_uid).await;
    forward.abort();
    counted
}

async fn ask(client: &Client, address: &str, check_uid: &str) -> Result<usize> {
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
    let stream = async_nats::jetstream::new(nats)
        .get_stream(STREAM)
        .await
        .context("no stream")?;
    let mut subjects = stream.info_with_subjects(subject::check_filter(check_uid)?).await?;
    let mut total = 0;
    while let Some(entry) = futures::TryStreamExt::try_next(&mut subjects).await? {
        total += entry.1;
    }
    Ok(total)
}

//! One recording from its preparation to the last message that JetStream has.

use std::time::Duration;

use anyhow::{Context as _, bail};
use async_nats::jetstream;
use kube::{Api, Client};
use temper_proto::subject::Recording;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::args::RecordArgs;
use crate::publish::Publisher;
use crate::session::{End, Session};
use crate::{secrets, selector};

/// When interrupted, NATS has this long to take what is queued: less than Kubernetes gives the Pod.
const GRACE: Duration = Duration::from_secs(8);

/// Records one clone to its end.
pub(crate) async fn record(args: RecordArgs) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let selector = selector::parse(&args.selector).context("--selector")?;
    let recording = Recording::new(&args.check_uid, &args.run, &args.run_uid, args.attempt)?;
    let client = Client::try_default()
        .await
        .context("failed to configure the Kubernetes client")?;
    let prepare = async {
        let nats = connect(&args).await?;
        let secrets = Api::namespaced(client.clone(), &args.namespace);
        let secrets = secrets::redactor(secrets, patience(&args)).await?;
        anyhow::Ok((nats, secrets))
    };
    let (nats, secrets) = tokio::select! {
        prepared = prepare => prepared?,
        _ = terminate.recv() => bail!("the recorder was asked to stop before it began"),
    };
    let (publisher, emptied) = Publisher::start(jetstream::new(nats.clone()), recording, args.traceparent.clone());
    let mut session = Session::new(args, client, selector, publisher, secrets);
    let end = tokio::select! {
        end = Box::pin(session.watch()) => end?,
        _ = terminate.recv() => End::Interrupted,
    };
    let ended = async {
        Box::pin(session.finish(end)).await;
        emptied.await
    };
    // Without an interruption it tries until its Job's time is over: nobody else has what is still queued.
    let interrupted = async {
        if end != End::Interrupted {
            terminate.recv().await;
        }
        tokio::time::sleep(GRACE).await;
    };
    let tally = tokio::select! {
        tally = ended => tally?,
        () = interrupted => bail!("NATS did not take what was recorded before the interruption"),
    };
    nats.drain().await.context("failed to drain NATS")?;
    tracing::info!(published = tally.published, lost = tally.lost, "recording ended");
    Ok(())
}

/// The clone may take this long to start, and nothing is missed if what the recorder needs does: it reads all logs from
/// their beginning.
fn patience(args: &RecordArgs) -> Duration {
    Duration::from_secs(args.start_deadline_seconds.into())
}

/// Connects to NATS, which may be starting with us.
async fn connect(args: &RecordArgs) -> anyhow::Result<async_nats::Client> {
    let mut options = async_nats::ConnectOptions::new().name("temper-worker");
    if let (Some(user), Some(password)) = (&args.nats.user, &args.nats.password) {
        options = options.user_and_password(user.clone(), password.clone());
    }
    let connected = async {
        let mut pause = Duration::from_millis(200);
        loop {
            match options.clone().connect(&args.nats.url).await {
                Ok(client) => return Ok(client),
                // Waiting does not mend a password.
                Err(error) if error.kind() == async_nats::ConnectErrorKind::Authentication => return Err(error),
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "NATS is not there yet"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    };
    let patience = patience(args);
    let within = || {
        format!(
            "NATS at {} did not answer within {} s",
            args.nats.url,
            patience.as_secs()
        )
    };
    Ok(timeout(patience, connected).await.with_context(within)??)
}

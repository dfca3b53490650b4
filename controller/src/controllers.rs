//! Connects everything and keeps it running until the process is asked to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream;
use futures::StreamExt as _;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::PartialObjectMeta;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{Controller, controller, watcher};
use kube::{Api, Client, ResourceExt as _};
use temper_api::{CheckRun, WorkloadHardeningCheck, annotation, label};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::context::Context;
use crate::error::chain;
use crate::ingest::{self, Ingest};
use crate::metrics::Metrics;
use crate::places::Places;
use crate::serve::{self, Shown};
use crate::trace::Exporter;
use crate::{check, fence, janitor, run};

/// Runs until SIGTERM or SIGINT.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let (metrics, registry) = Metrics::register();
    let ready = Arc::new(AtomicBool::new(false));
    let stop = CancellationToken::new();
    let listener = TcpListener::bind(args.http_address)
        .await
        .with_context(|| format!("failed to listen on TEMPER_HTTP_ADDRESS {}", args.http_address))?;
    let shown = Shown {
        ready: Arc::clone(&ready),
        registry: Arc::new(registry),
    };
    let server = tokio::spawn(serve::serve(listener, shown, stop.clone()));
    tokio::spawn(signals(stop.clone()));

    let client = Client::try_default()
        .await
        .context("failed to configure the Kubernetes client")?;
    let nats = connect(&args).await?;
    let stream = ingest::stream(&jetstream::new(nats.clone()))
        .await
        .context("failed to make the JetStream stream")?;
    let (trigger, triggered) = mpsc::unbounded_channel();
    let fenced = fence::enforced(&client, args.network_policy_engine)
        .await
        .context("failed to look for a network policy engine")?;
    let context = Arc::new(Context {
        places: Places::new(usize::from(args.max_runs)),
        ingest: Ingest::new(stream, trigger, metrics.clone()),
        recorder: Context::recorder(client.clone()),
        client,
        args,
        exporter: Exporter::from_env(metrics.clone()),
        metrics,
        fenced,
    });
    hold_places(&context).await.context("failed to read the runs")?;
    // There is one controller: whoever comes here is the one that writes.
    context.metrics.leader.set(1);
    ready.store(true, Ordering::Relaxed);
    tracing::info!(fenced, "ready");
    tokio::join!(
        checks(Arc::clone(&context), stop.clone()),
        runs(Arc::clone(&context), triggered, stop.clone()),
        janitor::run(context, stop.clone())
    );
    if let Err(error) = nats.drain().await {
        tracing::debug!(error = chain(&error), "NATS was not drained");
    }
    server.await?.context("the HTTP server failed")
}

async fn connect(args: &Args) -> anyhow::Result<async_nats::Client> {
    let mut options = async_nats::ConnectOptions::new()
        .name("temper-controller")
        .retry_on_initial_connect();
    if let (Some(user), Some(password)) = (&args.nats_user, &args.nats_password) {
        options = options.user_and_password(user.clone(), password.clone());
    }
    options
        .connect(&args.nats_url)
        .await
        .with_context(|| format!("failed to connect to NATS at {}", args.nats_url))
}

async fn signals(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping");
    stop.cancel();
}

/// Runs that began under an earlier process hold their places before any other may take one.
async fn hold_places(context: &Context) -> Result<(), kube::Error> {
    let runs: Api<CheckRun> = Api::all(context.client.clone());
    for run in runs.list(&kube::api::ListParams::default()).await? {
        let began = run.status.as_ref().is_some_and(|status| status.started_at.is_some());
        if began && crate::finalizer::has(&run) {
            context
                .places
                .hold(&run.uid().unwrap_or_default(), ObjectRef::from_obj(&run));
        }
    }
    Ok(())
}

async fn checks(context: Arc<Context>, stop: CancellationToken) {
    let client = context.client.clone();
    let controller = Controller::new(
        Api::<WorkloadHardeningCheck>::all(client.clone()),
        watcher::Config::default(),
    );
    context.metrics.checks.count(controller.store());
    controller
        .owns(Api::<CheckRun>::all(client), watcher::Config::default())
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(check::reconcile, check::error_policy, context)
        .for_each(async |result| report(result.err().as_ref()))
        .await;
}

async fn runs(context: Arc<Context>, triggered: mpsc::UnboundedReceiver<ObjectRef<CheckRun>>, stop: CancellationToken) {
    let client = context.client.clone();
    let jobs: Api<PartialObjectMeta<Job>> = Api::namespaced(client.clone(), &context.args.runs_namespace);
    let namespaces: Api<PartialObjectMeta<Namespace>> = Api::all(client.clone());
    let ours = watcher::Config::default().labels(label::RUN_UID);
    let triggered = futures::stream::unfold(triggered, async |mut receiver| Some((receiver.recv().await?, receiver)));
    Controller::new(Api::<CheckRun>::all(client), watcher::Config::default())
        .watches(jobs, ours.clone(), |job: PartialObjectMeta<Job>| {
            run_of(job.annotations())
        })
        .watches(namespaces, ours, |namespace: PartialObjectMeta<Namespace>| {
            run_of(namespace.annotations())
        })
        .reconcile_on(Box::pin(triggered))
        .with_config(controller::Config::default().debounce(Duration::from_millis(50)))
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(run::reconcile, run::error_policy, context)
        .for_each(async |result| report(result.err().as_ref()))
        .await;
}

/// The run that an object was made for.
fn run_of(annotations: &std::collections::BTreeMap<String, String>) -> Option<ObjectRef<CheckRun>> {
    let (namespace, name) = annotations.get(annotation::RUN)?.split_once('/')?;
    Some(ObjectRef::new(name).within(namespace))
}

/// Failures of reconciles were told by the error policy; the rest are watches, which begin again by themselves.
fn report<R, W: std::error::Error + 'static>(error: Option<&controller::Error<R, W>>)
where
    R: std::error::Error + 'static,
{
    if let Some(controller::Error::QueueError(error)) = error {
        tracing::warn!(error = chain(error), "watch failed and begins again");
    }
}

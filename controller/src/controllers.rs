//! Connects everything and keeps it running until the process is asked to stop.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream;
use futures::StreamExt as _;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::PartialObjectMeta;
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::{Controller, WatchStreamExt as _, controller, watcher};
use kube::{Api, Client, ResourceExt as _};
use temper_api::{CheckRun, WorkloadHardeningCheck, annotation, label};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::context::{Context, MOMENT, Stores};
use crate::error::chain;
use crate::ingest::Ingest;
use crate::metrics::Metrics;
use crate::places::Places;
use crate::recent::Recent;
use crate::replaced::Replaced;
use crate::serve::{self, Shown};
use crate::trace::Exporter;
use crate::{check, fence, janitor, lease, run};

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
    let (trigger, triggered) = mpsc::unbounded_channel();
    let fenced = fence::enforced(&client, args.network_policy_engine)
        .await
        .context("failed to look for a network policy engine")?;
    let checks = Controller::new(
        Api::<WorkloadHardeningCheck>::all(client.clone()),
        watcher::Config::default(),
    );
    let runs = Controller::new(Api::<CheckRun>::all(client.clone()), watcher::Config::default());
    let (jobs, jobs_seen) = reflector::store();
    let (clones, clones_seen) = reflector::store();
    let seen = Stores {
        checks: checks.store(),
        runs: runs.store(),
        jobs,
        clones,
    };
    metrics.checks.count(seen.checks.clone());
    let (leads_now, leads) = watch::channel(false);
    let (identity, seconds) = (args.identity.clone(), args.lease_seconds);
    let context = Arc::new(Context {
        places: Places::new(usize::from(args.max_runs)),
        ingest: Ingest::new(jetstream::new(nats.clone()), trigger.clone(), metrics.clone()),
        recorder: Context::recorder(client.clone()),
        client,
        args,
        exporter: Exporter::from_env(metrics.clone()),
        metrics,
        fenced,
        seen,
        replaced: Replaced::default(),
        sources: Recent::new(MOMENT),
        targets: Recent::new(MOMENT),
        leads,
    });
    let (holds_lease, lease) = watch::channel(false);
    tracing::info!(fenced, "started");
    tokio::join!(
        check_controller(checks, Arc::clone(&context), stop.clone()),
        run_controller(runs, Arc::clone(&context), triggered, stop.clone()),
        watch_jobs(&context, jobs_seen, stop.clone()),
        watch_clones(&context, clones_seen, stop.clone()),
        lease::campaign(&identity, seconds, holds_lease, stop.clone()),
        take_the_lead(Arc::clone(&context), lease, leads_now, ready, stop.clone()),
        janitor::run(&context, stop.clone()),
        context.ingest.prepare(stop.clone())
    );
    if let Err(error) = nats.drain().await {
        tracing::debug!(error = chain(&error), "NATS was not drained");
    }
    server.await?.context("the HTTP server failed")
}

/// Between the lease and the first write: everything that is watched has been seen, and runs that began under an
/// earlier leader hold their places before any other may take one.
async fn take_the_lead(
    context: Arc<Context>,
    mut lease: watch::Receiver<bool>,
    leads: watch::Sender<bool>,
    ready: Arc<AtomicBool>,
    stop: CancellationToken,
) {
    let seen = async {
        let Stores {
            checks,
            runs,
            jobs,
            clones,
        } = &context.seen;
        let all = tokio::try_join!(
            checks.wait_until_ready(),
            runs.wait_until_ready(),
            jobs.wait_until_ready(),
            clones.wait_until_ready()
        );
        if all.is_err() {
            tracing::debug!("a watch ended before it had seen everything");
        }
    };
    tokio::select! {
        () = stop.cancelled() => return,
        () = seen => {}
    }
    ready.store(true, Ordering::Relaxed);
    tracing::info!("ready");
    loop {
        let holds = *lease.borrow_and_update();
        let changed = async {
            if holds {
                while let Err(error) = hold_places(&context).await {
                    tracing::warn!(error = chain(&error), "the runs could not be read: nothing begins");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            leads.send_replace(holds);
            context.metrics.leader.set(holds.into());
            lease.changed().await
        };
        tokio::select! {
            () = stop.cancelled() => return,
            changed = changed => if changed.is_err() { return },
        }
        // Whatever comes next: what was held is held no longer for a moment at least.
        leads.send_replace(false);
    }
}

async fn connect(args: &Args) -> anyhow::Result<async_nats::Client> {
    let mut options = async_nats::ConnectOptions::new()
        .name("temper-controller")
        // Of its own: workers may listen to theirs, and what is fetched from the stream comes here.
        .custom_inbox_prefix("_INBOX_controller")
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

async fn hold_places(context: &Context) -> Result<(), kube::Error> {
    let runs: Api<CheckRun> = Api::all(context.client.clone());
    let runs = runs.list(&kube::api::ListParams::default()).await?;
    let began = |run: &CheckRun| run.status.as_ref().is_some_and(|status| status.started_at.is_some());
    let holders = runs
        .items
        .iter()
        .filter(|run| began(run) && crate::finalizer::has(*run))
        .map(|run| (run.uid().unwrap_or_default(), ObjectRef::from_obj(run)));
    context.places.reset(holders);
    Ok(())
}

async fn check_controller(
    controller: Controller<WorkloadHardeningCheck>,
    context: Arc<Context>,
    stop: CancellationToken,
) {
    controller
        .owns(Api::<CheckRun>::all(context.client.clone()), watcher::Config::default())
        .reconcile_all_on(each_new_lead(&context))
        // Its runs move on together: one look is enough for all of them.
        .with_config(controller::Config::default().debounce(Duration::from_millis(100)))
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(check::reconcile, check::error_policy, context)
        .for_each(async |result| report(result.err().as_ref()))
        .await;
}

async fn run_controller(
    controller: Controller<CheckRun>,
    context: Arc<Context>,
    triggered: mpsc::UnboundedReceiver<ObjectRef<CheckRun>>,
    stop: CancellationToken,
) {
    let triggered = futures::stream::unfold(triggered, async |mut receiver| Some((receiver.recv().await?, receiver)));
    controller
        .reconcile_on(Box::pin(triggered))
        .reconcile_all_on(each_new_lead(&context))
        .with_config(controller::Config::default().debounce(Duration::from_millis(50)))
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(run::reconcile, run::error_policy, context)
        .for_each(async |result| report(result.err().as_ref()))
        .await;
}

/// Keeps what is known of the workers' Jobs, and wakes the run of each that changes.
async fn watch_jobs(context: &Context, seen: reflector::store::Writer<Job>, stop: CancellationToken) {
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &context.args.runs_namespace);
    let events = watcher(jobs, watcher::Config::default().labels(label::RUN_UID)).default_backoff();
    let slim = events.modify(|job| {
        job.managed_fields_mut().clear();
        // Only its status matters here.
        job.spec = None;
    });
    wake_runs("jobs", slim.reflect(seen).touched_objects(), context, stop).await;
}

/// Keeps what is known of the runs' namespaces, and wakes the run of each that changes.
async fn watch_clones(
    context: &Context,
    seen: reflector::store::Writer<PartialObjectMeta<Namespace>>,
    stop: CancellationToken,
) {
    let namespaces: Api<PartialObjectMeta<Namespace>> = Api::all(context.client.clone());
    let events = watcher(namespaces, watcher::Config::default().labels(label::RUN_UID)).default_backoff();
    let slim = events.modify(|namespace| namespace.managed_fields_mut().clear());
    wake_runs("clones", slim.reflect(seen).touched_objects(), context, stop).await;
}

/// Wakes the run of each object that a watch tells of.
async fn wake_runs<K: kube::ResourceExt>(
    what: &str,
    changes: impl futures::Stream<Item = watcher::Result<K>>,
    context: &Context,
    stop: CancellationToken,
) {
    let mut changes = pin!(changes.take_until(stop.cancelled_owned()));
    while let Some(object) = changes.next().await {
        match object.map(|object| run_of(object.annotations())) {
            Ok(Some(run)) => context.ingest.wake(run),
            Ok(None) => {}
            Err(error) => tracing::warn!(error = chain(&error), "watch of {what} failed and begins again"),
        }
    }
}

/// An item for each time that this process begins to lead: it then looks at everything.
fn each_new_lead(context: &Context) -> impl futures::Stream<Item = ()> + Send + Sync + 'static {
    futures::stream::unfold(context.leads.clone(), async |mut leads| {
        leads.changed().await.ok()?;
        leads.wait_for(|leads| *leads).await.ok()?;
        Some(((), leads))
    })
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

//! What Temper takes while it checks one workload: memory and processor time, requests to the API server, space in etcd.
//!
//! Each is counted where it cannot be missed: by the kernel, in the audit log, by etcd itself.

mod process;
mod recorded;
mod requests;
mod sampler;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use serde::Serialize;
use temper_api::HardeningReport;
use tokio::time::{MissedTickBehavior, interval};

use crate::audit;
use crate::bed::{Bed, Ended, Started};
use crate::cluster::Cluster;
pub use recorded::Recorded;
pub use requests::Requests;
use sampler::Sampler;
pub use sampler::{Sample, Series};

/// The workload of `e2e/workloads`.
pub const WORKLOAD: &str = "lines";

/// Between two looks at the processes.
const PERIOD: Duration = Duration::from_millis(500);

/// The figures, one of each kind: of several workers, that of the one that took most.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Highest resident memory of a worker while it recorded, in MiB.
    pub worker_rss_mib: f64,
    /// Highest resident memory of the controller while anybody recorded, in MiB.
    pub controller_rss_mib: f64,
    /// Processor time of a worker for each second that it recorded, in seconds.
    pub worker_cpu_share: f64,
    /// Requests of controller and workers from the creation of the check until it is cleaned up, for each CheckRun.
    pub api_requests_per_run: f64,
    /// By how much etcd's keys and their history grew in that time, whoever wrote them.
    pub etcd_bytes_per_check: i64,
}

/// What the figures should not exceed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Goals {
    /// In MiB.
    pub worker_rss_mib: f64,
    /// In MiB.
    pub controller_rss_mib: f64,
    /// For each CheckRun.
    pub api_requests_per_run: f64,
}

/// The goals that there are.
pub const GOALS: Goals = Goals {
    worker_rss_mib: 16.0,
    controller_rss_mib: 32.0,
    api_requests_per_run: 60.0,
};

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Footprint {
    /// The figures.
    pub summary: Summary,
    /// What they should not exceed.
    pub goals: Goals,
    /// From the creation of the check until it is cleaned up.
    pub seconds: f64,
    /// Reason of the check's end.
    pub reason: String,
    /// Requests by who asked, verb and resource.
    pub requests: Requests,
    /// Space in etcd.
    pub etcd: Etcd,
    /// What the stream has of each run's logs.
    pub recorded: BTreeMap<String, Recorded>,
    /// The workers' and the controller's samples.
    pub processes: Vec<Series>,
}

/// Space in etcd, in bytes.
#[derive(Debug, Clone, Serialize)]
pub struct Etcd {
    /// Before the check was created.
    pub before: u64,
    /// After it was cleaned up.
    pub after: u64,
    /// Of that, the check as it stays.
    pub check: usize,
    /// And its report.
    pub report: usize,
}

/// Checks the workload once, and measures.
pub async fn measure(bed: &Bed, duration: &str) -> Result<Footprint> {
    let cluster = Cluster::from_env()?;
    bed.workload(WORKLOAD).await?;
    let before = cluster.etcd_bytes()?;
    let from = Timestamp::now();
    let started = bed.check(WORKLOAD, WORKLOAD, duration).await?;
    let (ended, processes) = sampled(bed, &cluster, &started).await?;
    started.cleaned().await?;
    let until = Timestamp::now();
    let after = cluster.etcd_bytes()?;
    let check = bed.checks().get(WORKLOAD).await?;
    let report: HardeningReport = bed.report(WORKLOAD).await?;
    let mut recorded = BTreeMap::new();
    for run in &ended.status.runs {
        let chunks = crate::recordings::read(&bed.client, &started.uid, &run.name).await?;
        recorded.insert(run.name.clone(), Recorded::of(&chunks));
    }
    let requests = Requests::count(
        &audit::read(&cluster.audit_log())?,
        from..until,
        ended.status.runs.len(),
    );
    ensure!(requests.per_run > 0.0, "the audit log has no request of Temper");
    Ok(Footprint {
        summary: Summary {
            worker_rss_mib: highest(&processes, Series::is_worker, Series::rss_mib),
            controller_rss_mib: highest(&processes, |series| !series.is_worker(), Series::rss_mib),
            worker_cpu_share: highest(&processes, Series::is_worker, Series::cpu_share),
            api_requests_per_run: requests.per_run,
            etcd_bytes_per_check: after.cast_signed() - before.cast_signed(),
        },
        goals: GOALS,
        seconds: rounded(until.duration_since(from).as_secs_f64()),
        reason: ended.reason().to_owned(),
        requests,
        etcd: Etcd {
            before,
            after,
            check: serde_json::to_vec(&check)?.len(),
            report: serde_json::to_vec(&report)?.len(),
        },
        recorded,
        processes,
    })
}

/// Looks at the processes until the check has ended.
async fn sampled(bed: &Bed, cluster: &Cluster, started: &Started) -> Result<(Ended, Vec<Series>)> {
    let mut sampler = Sampler::new(bed.clone(), cluster.clone());
    let mut due = interval(PERIOD);
    due.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut complete = std::pin::pin!(started.complete());
    let ended = loop {
        tokio::select! {
            ended = &mut complete => break ended?,
            _ = due.tick() => sampler.look().await?,
        }
    };
    let processes = sampler.series();
    for worker in [true, false] {
        let is_seen = |series: &&Series| series.is_worker() == worker && series.rss_mib() > 0.0;
        ensure!(
            processes.iter().any(|series| is_seen(&series)),
            "no {} was seen while it recorded",
            if worker { "worker" } else { "controller" }
        );
    }
    Ok((ended, processes))
}

fn highest(all: &[Series], which: impl Fn(&Series) -> bool, figure: impl Fn(&Series) -> f64) -> f64 {
    all.iter()
        .filter(|series| which(series))
        .map(figure)
        .fold(0.0, f64::max)
}

/// To a thousandth: what is beyond is noise.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

//! Looks at the controller's and the workers' processes, again and again.

use std::collections::BTreeMap;

use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};
use serde::Serialize;
use temper_api::{RunPhase, label};
use tokio::time::Instant;

use super::process::Taken;
use super::rounded;
use crate::bed::{Bed, RUNS, SYSTEM};
use crate::cluster::Cluster;

/// What all processes of a container took at one time.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    /// When, since the creation of the check.
    pub seconds: f64,
    /// Whether its run was being recorded, or for the controller any run.
    pub recording: bool,
    /// Resident memory, in KiB.
    pub rss_kib: u64,
    /// Of that, what is of no file, in KiB.
    pub anonymous_kib: u64,
    /// Processor time since the start of the processes.
    pub cpu_seconds: f64,
}

/// The samples of one container.
#[derive(Debug, Clone, Serialize)]
pub struct Series {
    /// Its Pod.
    pub pod: String,
    /// Its run; none for the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// In the order of time.
    pub samples: Vec<Sample>,
}

impl Series {
    /// Whether it is a worker's.
    pub fn is_worker(&self) -> bool {
        self.run.is_some()
    }

    fn recording(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(|sample| sample.recording)
    }

    /// Highest resident memory while recording, in MiB.
    pub fn rss_mib(&self) -> f64 {
        let highest = self.recording().map(|sample| sample.rss_kib).max().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        rounded(highest as f64 / 1024.0)
    }

    /// Processor time for each second of recording.
    pub fn cpu_share(&self) -> f64 {
        let (Some(first), Some(last)) = (self.recording().next(), self.recording().last()) else {
            return 0.0;
        };
        let seconds = last.seconds - first.seconds;
        if seconds > 0.0 {
            rounded((last.cpu_seconds - first.cpu_seconds) / seconds)
        } else {
            0.0
        }
    }
}

/// Gathers samples.
pub(super) struct Sampler {
    bed: Bed,
    cluster: Cluster,
    began: Instant,
    series: BTreeMap<String, Series>,
}

impl Sampler {
    /// Its clock begins now.
    pub(super) fn new(bed: Bed, cluster: Cluster) -> Self {
        Self {
            bed,
            cluster,
            began: Instant::now(),
            series: BTreeMap::new(),
        }
    }

    /// Adds a sample of each container that runs.
    pub(super) async fn look(&mut self) -> Result<()> {
        let client = &self.bed.client;
        let (runs, workers, system) = (
            self.bed.runs(),
            Api::<Pod>::namespaced(client.clone(), RUNS),
            Api::<Pod>::namespaced(client.clone(), SYSTEM),
        );
        let all = ListParams::default();
        let controllers = ListParams::default().labels("app.kubernetes.io/component=controller");
        let (runs, workers, controllers) =
            tokio::try_join!(runs.list(&all), workers.list(&all), system.list(&controllers))?;
        let recorded: Vec<String> = runs
            .into_iter()
            .filter(|run| {
                run.status
                    .as_ref()
                    .is_some_and(|status| status.phase == RunPhase::Recording)
            })
            .map(|run| run.spec.run)
            .collect();
        for pod in workers {
            let run = pod.labels().get(label::RUN).cloned().unwrap_or_default();
            let recording = recorded.contains(&run);
            self.sample(&pod, Some(run), recording)?;
        }
        for pod in controllers {
            self.sample(&pod, None, !recorded.is_empty())?;
        }
        Ok(())
    }

    fn sample(&mut self, pod: &Pod, run: Option<String>, recording: bool) -> Result<()> {
        let mut taken = Taken::default();
        for id in running(pod) {
            for pid in self.cluster.processes(id)? {
                taken += Taken::by(pid).unwrap_or_default();
            }
        }
        // One that has just ended takes nothing any more.
        if taken.rss_kib == 0 {
            return Ok(());
        }
        let name = pod.name_any();
        let series = self.series.entry(name.clone()).or_insert_with(|| Series {
            pod: name,
            run,
            samples: Vec::new(),
        });
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let cpu_seconds = taken.ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        series.samples.push(Sample {
            seconds: rounded(self.began.elapsed().as_secs_f64()),
            recording,
            rss_kib: taken.rss_kib,
            anonymous_kib: taken.anonymous_kib,
            cpu_seconds,
        });
        Ok(())
    }

    /// What was gathered, by the name of the Pod.
    pub(super) fn series(self) -> Vec<Series> {
        self.series.into_values().collect()
    }
}

/// Ids of the containers of a Pod that run.
fn running(pod: &Pod) -> impl Iterator<Item = &str> {
    let statuses = pod
        .status
        .iter()
        .flat_map(|status| status.container_statuses.iter().flatten());
    statuses
        .filter(|status| status.state.as_ref().is_some_and(|state| state.running.is_some()))
        .filter_map(|status| status.container_id.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_taken_while_recording_counts() {
        let sample = |seconds: f64, recording: bool, rss_kib: u64, cpu_seconds: f64| Sample {
            seconds,
            recording,
            rss_kib,
            anonymous_kib: 0,
            cpu_seconds,
        };
        let series = Series {
            pod: "p".into(),
            run: Some("all".into()),
            samples: vec![
                sample(0.0, false, 9 << 20, 0.0),
                sample(1.0, true, 4096, 1.0),
                sample(3.0, true, 5120, 1.5),
                sample(4.0, false, 9 << 20, 4.0),
            ],
        };
        assert!((series.rss_mib() - 5.0).abs() < f64::EPSILON);
        assert!((series.cpu_share() - 0.25).abs() < f64::EPSILON);
    }
}

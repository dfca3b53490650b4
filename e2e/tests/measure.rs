//! What is measured of workloads, and what it says of them.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use temper_api::{FindingWeight, RunPhase};
use temper_e2e::bed::{Bed, is, with_bed};
use temper_e2e::{recordings, wait};
use temper_proto::v1::Usage;
use temper_proto::v1::chunk::Body;

/// A kubelet measures about four times a minute, and a busy machine holds it up.
const PATIENCE: Duration = Duration::from_mins(3);

/// `counts`, and for how long it is recorded.
fn spec(duration: &str, oracles: &serde_json::Value) -> serde_json::Value {
    json!({
        "targetRef": {"kind": "Deployment", "name": "counts"},
        "recordingDuration": duration,
        "settings": ["readOnlyRootFilesystem"],
        "oracles": oracles
    })
}

/// Whether a chunk holds a measure.
type IsOf = fn(&Body) -> bool;

/// Whether a kubelet measured more than nothing.
fn used(body: &Body, of: impl Fn(&Usage) -> Option<u64>) -> bool {
    matches!(body, Body::Usage(usage) if of(usage) > Some(0))
}

#[tokio::test]
async fn a_workload_that_works_no_more_and_stays_silent_counts_errors() -> Result<()> {
    with_bed("counts", async |bed: Bed| {
        bed.workload("counts").await?;
        let started = bed.check_with("counts", spec("30s", &json!({}))).await?;
        let ended = started.complete().await?;
        ended.must_be_verified()?;
        let report = bed.report("counts").await?;
        let warnings: Vec<(&str, &str)> = report
            .spec
            .evidence
            .iter()
            .flat_map(|evidence| &evidence.findings)
            .filter(|finding| finding.oracle == "TC-06" && finding.weight == FindingWeight::Warn)
            .map(|finding| (finding.rule.as_str(), finding.message.as_str()))
            .collect();
        for (rule, text) in [
            ("ErrorsCounted", "in `job_errors_total`, where no baseline counted any"),
            ("MetricShift", "counted 0 in `jobs_total`; the baselines "),
        ] {
            ensure!(
                warnings
                    .iter()
                    .any(|(by, message)| *by == rule && message.contains(text)),
                "no `{text}` in {:?}",
                report.spec.evidence
            );
        }
        started.cleaned().await
    })
    .await
}

#[tokio::test]
async fn kubelets_and_endpoints_are_asked() -> Result<()> {
    with_bed("measured", async |bed: Bed| {
        bed.workload("counts").await?;
        let metrics = json!({"metrics": [{"port": 9090, "path": "/metrics", "container": "app"}]});
        let started = bed.check_with("measured", spec("2m", &metrics)).await?;
        started.run("baseline-1", is(RunPhase::Recording)).await?;
        // Not the network: the kubelets of the local cluster have no numbers of it.
        let measures: [(&str, IsOf); 5] = [
            ("CPU", |body| used(body, |usage| usage.cpu_core_nanos)),
            ("memory", |body| used(body, |usage| usage.memory_working_set_bytes)),
            ("disk", |body| used(body, |usage| usage.disk_used_bytes)),
            // Only where the chart grants it.
            ("the CPU quota", |body| used(body, |usage| usage.cpu_periods)),
            (
                "own metrics",
                |body| matches!(body, Body::Metrics(of) if of.metrics.len() == 2),
            ),
        ];
        for (what, is_of) in measures {
            wait::until(&format!("{what} to be measured"), PATIENCE, || async {
                let chunks = recordings::read(&bed.client, &started.uid, "baseline-1").await?;
                Ok(chunks.iter().filter_map(|chunk| chunk.body.as_ref()).any(is_of))
            })
            .await?;
        }
        started.delete().await?;
        started.nothing_left().await
    })
    .await
}

//! Writes the HardeningReport: everything that a report for people is made from, within 10 KiB.

mod fit;

use k8s_openapi::api::core::v1::PodSpec;
use kube::ResourceExt as _;
use serde_json::{Value, json};
use temper_api::{
    CheckRef, CheckRun, CheckStatus, Evidence, FindingRecord, FindingWeight, HardeningReportSpec, Point, RunRole,
    Series, WorkloadHardeningCheck,
};
use temper_core::recommend::{harden, patch};

use self::fit::fit;
use super::conclude::End;
use super::observe::Seen;
use super::target::SourceWorkload;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::run::make;
use crate::{repairs, source};

/// Points that a series has at most.
const POINTS: usize = 60;

/// Writes the report, owned by the workload; its name. None where nothing ran.
pub(super) async fn write(
    check: &WorkloadHardeningCheck,
    context: &Context,
    seen: &Seen,
    source: &SourceWorkload,
    status: &CheckStatus,
    end: &End,
) -> Result<Option<String>> {
    if seen.runs.is_empty() {
        return Ok(None);
    }
    let reference = &check.spec.target_ref;
    let name = name(&reference.kind, &reference.name);
    let spec = fit(compose(check, context, seen, source, status, end));
    let uid = source
        .object
        .pointer("/metadata/uid")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let object = json!({
        "apiVersion": "temper.dev/v1alpha1",
        "kind": "HardeningReport",
        "metadata": {
            "name": name,
            "namespace": check.namespace(),
            "ownerReferences": [{
                "apiVersion": reference.api_version, "kind": reference.kind, "name": reference.name, "uid": uid
            }]
        },
        "spec": spec
    });
    source::apply(context, &object).await.map_err(|source| Error::Apply {
        what: format!("report `{name}`"),
        source,
    })?;
    Ok(Some(name))
}

/// Name of a workload's report, within the 253 characters of a name: a long one ends with what tells it from others.
fn name(kind: &str, workload: &str) -> String {
    use sha2::Digest as _;
    let name = format!("{}-{workload}", kind.to_lowercase());
    if name.len() <= 253 {
        return name;
    }
    let digest = sha2::Sha256::digest(name.as_bytes());
    let mark = digest
        .iter()
        .take(4)
        .fold(0_u32, |mark, byte| mark << 8 | u32::from(*byte));
    let head: String = name.chars().take(244).collect();
    format!("{}-{mark:08x}", head.trim_end_matches(['-', '.']))
}

fn compose(
    check: &WorkloadHardeningCheck,
    context: &Context,
    seen: &Seen,
    source: &SourceWorkload,
    status: &CheckStatus,
    end: &End,
) -> HardeningReportSpec {
    let verifying = status
        .verification
        .as_ref()
        .map(|verification| verification.run.as_str());
    let proof = verifying
        .and_then(|run| seen.run(run)?.status.as_ref())
        .map(|s| s.proof.clone())
        .unwrap_or_default();
    let evidence = seen.runs.iter().filter_map(|run| {
        let findings = run.status.as_ref()?.findings.clone();
        let told: Vec<FindingRecord> = findings
            .into_iter()
            .filter(|f| f.weight != FindingWeight::Note)
            .collect();
        (!told.is_empty()).then(|| Evidence {
            run: run.spec.run.clone(),
            findings: told,
        })
    });
    let plotted = seen
        .runs
        .iter()
        .filter(|run| run.spec.role == RunRole::Baseline || Some(run.spec.run.as_str()) == verifying);
    let uid = check.uid().unwrap_or_default();
    let hardened = verifying.and_then(|run| Some(hardened(source, seen.run(run)?)));
    let recommended = hardened.map(|hardened| source.kind.patch(&source.object, patch(&source.pod, &hardened)));
    HardeningReportSpec {
        target: check.spec.target_ref.to_string(),
        target_ref: check.spec.target_ref.clone(),
        check: CheckRef {
            name: check.name_any(),
            uid,
        },
        template_hash: source.template_hash.clone(),
        outcome: end.reason.clone(),
        message: end.message.clone(),
        summary: status.summary.clone().unwrap_or_default(),
        settings: status.settings.clone(),
        recommendation: status.recommendation.clone(),
        patch: recommended,
        resources: status.resources.clone(),
        verification: status.verification.clone(),
        exercise: status.exercise.clone(),
        proof,
        runs: status.runs.clone(),
        evidence: evidence.collect(),
        series: plotted.flat_map(|run| series(run, context)).collect(),
        cost: status.cost.clone().unwrap_or_default(),
        timings: status.timings.clone().unwrap_or_default(),
        completed_at: status.timings.as_ref().and_then(|timings| timings.completed_at.clone()),
    }
}

/// The Pod of the source as a run had it, but for what a clone leaves out.
pub(super) fn hardened(source: &SourceWorkload, run: &CheckRun) -> PodSpec {
    harden(
        &source.pod,
        &make::base_of(run),
        &make::items(run),
        &repairs::of(&run.spec.repairs),
    )
}

/// CPU and memory of every container of a run.
fn series(run: &CheckRun, context: &Context) -> Vec<Series> {
    let recording = context.ingest.known(&run.uid().unwrap_or_default()).recording;
    let start = recording.ready_at().unwrap_or_default();
    let curves = temper_core::recording::curves(&recording);
    let point = |(time, value): &(i64, f64)| {
        #[expect(clippy::cast_precision_loss, reason = "seconds since Ready, to a tenth")]
        let t = ((time - start) as f64 / 1e8).round() / 10.0;
        Point { t, v: round(*value) }
    };
    let series = |(container, metric, points): (String, &'static str, Vec<(i64, f64)>)| Series {
        run: run.spec.run.clone(),
        container,
        metric: metric.to_owned(),
        points: thin(&points, POINTS).iter().map(point).collect(),
    };
    curves.into_iter().map(series).collect()
}

/// Three significant digits: more is noise, and bytes.
fn round(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let magnitude = 10_f64.powf(2.0 - value.abs().log10().floor());
    (value * magnitude).round() / magnitude
}

fn thin<T: Clone>(points: &[T], limit: usize) -> Vec<T> {
    let step = points.len().div_ceil(limit.max(1)).max(1);
    points.iter().step_by(step).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        assert!((round(0.001_234_5) - 0.001_23).abs() < 1e-12);
        assert!((round(123_456_789.0) - 123_000_000.0).abs() < 1.0);
        assert!(round(f64::NAN).abs() < f64::EPSILON);
    }

    #[test]
    fn thinning_keeps_the_order_and_the_limit() {
        let points: Vec<u32> = (0..1000).collect();
        let thinned = thin(&points, POINTS);
        assert!(thinned.len() <= POINTS && thinned.is_sorted());
        assert_eq!(thin(&points[..5], POINTS), points[..5]);
    }
}

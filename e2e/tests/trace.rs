//! The trace of a check, as a real OpenTelemetry collector receives it.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use anyhow::{Context, Result, ensure};
use temper_api::{CheckRun, CheckRunStatus, RunPhase};
use temper_e2e::bed::{Bed, SYSTEM, with_bed};
use temper_e2e::faults;
use temper_e2e::traces::{Collector, Span};

/// The run whose worker is killed.
const KILLED: &str = "baseline-1";

#[tokio::test]
async fn a_killed_controller_leaves_no_hole_in_the_trace() -> Result<()> {
    with_bed("trace", async |bed: Bed| {
        // Where the controller sends its spans to.
        let system = Bed {
            client: bed.client.clone(),
            namespace: SYSTEM.to_owned(),
        };
        let collector = Collector::start(&system).await?;
        let told = told(&bed, &collector).await;
        collector.stop().await?;
        told
    })
    .await
}

/// Runs a check whose worker and whose controller are killed, and looks at what the collector has of it.
async fn told(bed: &Bed, collector: &Collector) -> Result<()> {
    bed.workload("tolerant").await?;
    let started = bed.check("trace", "tolerant", "20s").await?;
    started.run(KILLED, |run: Option<&CheckRun>| records(run, 1)).await?;
    faults::crash_worker(&bed.client, &started.uid, KILLED).await?;
    started.run(KILLED, |run: Option<&CheckRun>| records(run, 2)).await?;
    faults::crash_leader(&bed.client).await?;
    let ended = started.complete().await?;
    ended.must_be_verified()?;
    started.cleaned().await?;
    let trace = ended.status.trace_id.context("a check without a trace id")?;
    let runs: Vec<&str> = ended.status.runs.iter().map(|run| run.name.as_str()).collect();
    let is_whole = |spans: &[Span]| {
        let own = spans.iter().filter(|span| span.trace == trace);
        let (mut roots, mut cleaned) = (0, 0);
        for span in own {
            roots += usize::from(span.parent.is_none());
            cleaned += usize::from(span.name == "clean up");
        }
        roots > 0 && cleaned == runs.len()
    };
    let spans = collector
        .spans("the collector to have the whole trace", is_whole)
        .await?;
    let strays = spans
        .iter()
        .filter(|span| span.attribute("k8s.namespace.name") == bed.namespace && span.trace != trace);
    ensure!(strays.count() == 0, "one check has more than one trace");
    let spans: Vec<Span> = spans.into_iter().filter(|span| span.trace == trace).collect();
    is_a_tree(&spans)?;
    for run in runs {
        has_no_gap(&spans, run)?;
    }
    tells_of_the_killed_worker(&spans)
}

fn status(run: Option<&CheckRun>) -> Option<&CheckRunStatus> {
    run.and_then(|run| run.status.as_ref())
}

fn records(run: Option<&CheckRun>, attempt: u32) -> bool {
    status(run).is_some_and(|status| status.phase == RunPhase::Recording && status.attempt == attempt)
}

/// One root, and every other span lies within its parent; only what is cleaned up may take longer.
fn is_a_tree(spans: &[Span]) -> Result<()> {
    let roots: Vec<&Span> = spans.iter().filter(|span| span.parent.is_none()).collect();
    ensure!(matches!(roots[..], [root] if root.name == "check"), "roots: {roots:#?}");
    for span in spans {
        let Some(id) = &span.parent else { continue };
        let parent = spans.iter().find(|parent| parent.id == *id);
        let parent = parent.with_context(|| format!("the parent is missing: {span:#?}"))?;
        ensure!(
            span.name == "clean up" || parent.encloses(span),
            "{span:#?} is not within {parent:#?}"
        );
    }
    Ok(())
}

/// The phases of a run fill it from begin to end, and its workers told of themselves.
fn has_no_gap(spans: &[Span], name: &str) -> Result<()> {
    let whole: Vec<&Span> = spans.iter().filter(|span| span.name == format!("run {name}")).collect();
    let [run] = whole[..] else {
        anyhow::bail!("spans of run `{name}`: {whole:#?}");
    };
    let mut phases: Vec<&Span> = spans
        .iter()
        .filter(|span| span.parent.as_deref() == Some(&run.id) && span.name != "job" && span.name != "clean up")
        .collect();
    // Of two that begin at once, the one without a length comes first.
    phases.sort_by_key(|span| (span.start, span.end));
    for phase in ["wait", "clone", "start", "record", "judge"] {
        let count = phases.iter().filter(|span| span.name == phase).count();
        ensure!(count > 0, "run `{name}` has no phase `{phase}`: {phases:#?}");
    }
    let (first, last) = (phases.first().context("no phase")?, phases.last().context("no phase")?);
    ensure!(
        first.start == run.start && last.end == run.end,
        "{run:#?} is not filled by {phases:#?}"
    );
    for (before, after) in phases.iter().zip(phases.iter().skip(1)) {
        ensure!(before.end == after.start, "a gap between {before:#?} and {after:#?}");
    }
    let workers = workers(spans, name);
    let whole = |span: &&Span| !span.is_error && (span.events == ["ready"] || workers.len() > 1);
    ensure!(
        workers.iter().any(whole),
        "no worker of run `{name}` tells of a whole recording: {workers:#?}"
    );
    Ok(())
}

fn workers<'a>(spans: &'a [Span], run: &str) -> Vec<&'a Span> {
    let own = |span: &&Span| span.service == "temper-worker" && span.attribute("temper.run.name") == run;
    spans.iter().filter(own).collect()
}

/// The attempt that was lost is an error, and the next one continues it.
fn tells_of_the_killed_worker(spans: &[Span]) -> Result<()> {
    let mut jobs: Vec<&Span> = spans
        .iter()
        .filter(|span| span.name == "job" && span.attribute("temper.run.name") == KILLED)
        .collect();
    jobs.sort_by_key(|span| span.start);
    let [lost, next] = jobs[..] else {
        anyhow::bail!("run `{KILLED}` has not two attempts: {jobs:#?}");
    };
    ensure!(lost.is_error && !next.is_error, "{jobs:#?}");
    ensure!(next.links == [lost.id.clone()], "{next:#?} does not link to {lost:#?}");
    let workers = workers(spans, KILLED);
    ensure!(workers.len() == 2, "{workers:#?}");
    Ok(())
}

//! Whether what is recommended was seen at work.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube::ResourceExt as _;
use temper_api::{CheckRun, Exercise, Probe, WorkloadHardeningCheck};
use temper_core::oracle;
use temper_core::recording::Recording;

use super::observe::Seen;
use crate::context::Context;

/// How the recommended run was exercised beside its baselines; none where it is not there.
pub(super) fn of(
    check: &WorkloadHardeningCheck,
    context: &Context,
    seen: &Seen,
    recommended: &str,
) -> Option<Exercise> {
    let recording = |run: &CheckRun| context.ingest.known(&run.uid().unwrap_or_default()).recording;
    let mine = recording(seen.run(recommended)?);
    let baselines: Vec<Arc<Recording>> = seen.passed().map(recording).collect();
    let baselines: Vec<&Recording> = baselines.iter().map(|recording| &**recording).collect();
    let found = oracle::exercise(&baselines, &mine, &drivers(&check.spec.probes));
    Some(Exercise {
        exercised: found.is_enough(),
        share: found.share.map(|share| (share * 100.0).round() / 100.0),
        message: found.sentence(),
    })
}

/// The probes that make a workload do something. A command in its container need not.
pub(super) fn drivers(probes: &[Probe]) -> BTreeSet<&str> {
    let driving = probes.iter().filter(|probe| probe.exec.is_none());
    driving.map(|probe| probe.name.as_str()).collect()
}

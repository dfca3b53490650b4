//! TC-05: what the user's own probes find. They count most: one that fails where it passes in every baseline fails the
//! run, whatever its log says. One that fails in a baseline says nothing about a run.
//!
//! What ports answer that Temper asks by itself counts as much: what a program does for who connects, such as becoming
//! another user, is seen in no recording where nobody does.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Oracle, Rule, Weight};
use crate::recording::{Probe, ProbeMode, Recording};

/// Tries of a probe, of which most failed, that leave no doubt while a run goes on.
const SURE: u64 = 3;

/// What all tries of one probe in one run amount to.
#[derive(Debug, Clone, Copy, Default)]
struct Tries<'a> {
    count: u64,
    failed: u64,
    last_failure: Option<&'a Probe>,
    /// The last try at the end.
    last_word: Option<&'a Probe>,
    /// It is none of the user's.
    is_port: bool,
    /// The worst class of the codes that were answered: 2 of 220, 5 of 500.
    worst: u16,
}

/// The first class of codes that says that something went wrong.
const WRONG: u16 = 4;

impl<'a> Tries<'a> {
    fn add(&mut self, probe: &'a Probe) {
        self.count += 1;
        if !probe.passed {
            self.failed += 1;
            self.last_failure = Some(probe);
        }
        if probe.mode == ProbeMode::End {
            self.last_word = Some(probe);
        }
        if let Some(port) = &probe.port {
            self.is_port = true;
            self.worst = self.worst.max(port.code.unwrap_or(0) / 100);
        }
    }

    /// The try that says it best, if the probe as a whole failed: at the end, or in more than half of its tries.
    fn failure(&self) -> Option<&'a Probe> {
        let at_end = self.last_word.filter(|probe| !probe.passed);
        at_end.or_else(|| self.last_failure.filter(|_| self.failed * 2 > self.count))
    }
}

/// Compares what probes found.
pub(super) fn judge(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let usual: Vec<_> = baselines.iter().map(|baseline| tries(baseline)).collect();
    let mine = tries(candidate);
    let names: BTreeSet<&str> = usual.iter().flat_map(|tries| tries.keys()).copied().collect();
    let finding = |name: &str| {
        // Where only some baselines tried it, nobody knows what is usual.
        let usual: Option<Vec<Tries<'_>>> = usual.iter().map(|tries| tries.get(name).copied()).collect();
        let (usual, mine) = (usual?, mine.get(name).copied());
        if usual.iter().any(|tries| tries.is_port) {
            answered(name, &usual, mine)
        } else {
            against(name, &usual, mine)
        }
    };
    names.into_iter().filter_map(finding).collect()
}

/// Whether something that is asked at the start passed in a baseline, and was not answered as often yet in this recording:
/// once for each Pod.
pub fn owes_answers(baselines: &[&Recording], candidate: &Recording) -> bool {
    let at_start = |recording: &Recording, passed: bool| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let probes = recording.probes().filter(|probe| probe.mode == ProbeMode::Start);
        for probe in probes.filter(|probe| probe.passed || !passed) {
            *counts.entry(probe.name.clone()).or_default() += 1;
        }
        counts
    };
    let mine = at_start(candidate, false);
    let mut wanted = baselines.iter().flat_map(|baseline| at_start(baseline, true));
    wanted.any(|(name, count)| mine.get(&name).is_none_or(|mine| *mine < count))
}

/// The probes that fail in a run that may go on, without doubt: tried often enough, or for the only time.
pub(super) fn failed(baselines: &[&Recording], candidate: &Recording) -> Vec<Finding> {
    let is_tried_once = |finding: &Finding| {
        candidate
            .probes()
            .any(|probe| finding.at_nanos == Some(probe.time_nanos) && probe.mode != ProbeMode::Continuous)
    };
    let mut findings = judge(baselines, candidate);
    findings.retain(|finding| match finding.rule {
        Rule::PortAnswer => true,
        Rule::ProbeFailed => finding.count >= SURE || is_tried_once(finding),
        _ => false,
    });
    findings
}

/// What a port answers, in every Pod. One that does not answer in a baseline, or is not asked, says nothing.
fn answered(name: &str, usual: &[Tries<'_>], mine: Option<Tries<'_>>) -> Option<Finding> {
    let mine = mine.filter(|_| usual.iter().all(|tries| tries.failed == 0))?;
    let is_worse = mine.worst >= WRONG && usual.iter().all(|tries| tries.worst < mine.worst);
    let detail = match mine.last_failure {
        Some(_) => format!("{name} did not answer"),
        None if is_worse => format!("{name} answered with a code of {}xx", mine.worst),
        None => return None,
    };
    let mut finding = Finding::new(Oracle::Probes, Rule::PortAnswer, Weight::Fail);
    finding.detail = detail;
    finding.count = mine.failed;
    finding.at_nanos = mine.last_failure.map(|probe| probe.time_nanos);
    let message = mine.last_failure.map(|probe| probe.message.clone());
    finding.example = message.filter(|message| !message.is_empty());
    Some(finding)
}

fn against(name: &str, usual: &[Tries<'_>], mine: Option<Tries<'_>>) -> Option<Finding> {
    let tell = |rule, weight, detail: String| {
        let mut finding = Finding::new(Oracle::Probes, rule, weight);
        finding.baseline_counts = usual.iter().map(|tries| tries.failed).collect();
        finding.count = mine.map_or(0, |tries| tries.failed);
        finding.detail = detail;
        Some(finding)
    };
    let bad = usual.iter().filter(|tries| tries.failure().is_some()).count();
    if bad > 0 {
        let detail = format!("`{name}` fails in {bad} of {} baselines", usual.len());
        return tell(Rule::ProbeUseless, Weight::Note, detail);
    }
    let Some(mine) = mine else {
        return tell(Rule::ProbeUntried, Weight::Warn, format!("`{name}`"));
    };
    let failure = mine.failure()?;
    let detail = if failure.mode == ProbeMode::End {
        format!("`{name}` failed at the end")
    } else {
        format!("`{name}` failed in {} of {} tries", mine.failed, mine.count)
    };
    let mut finding = tell(Rule::ProbeFailed, Weight::Fail, detail)?;
    finding.at_nanos = Some(failure.time_nanos);
    finding.example = (!failure.message.is_empty()).then(|| failure.message.clone());
    Some(finding)
}

/// The tries of each probe, in the order of mode and time.
fn tries(recording: &Recording) -> BTreeMap<&str, Tries<'_>> {
    let mut tries: BTreeMap<&str, Tries<'_>> = BTreeMap::new();
    for probe in recording.probes() {
        tries.entry(&probe.name).or_default().add(probe);
    }
    tries
}

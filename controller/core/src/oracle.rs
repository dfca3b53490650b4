//! Judges a recording against baselines: stability (TC-01), readiness (TC-02), logs (TC-03), resources (TC-04), functional
//! probes (TC-05), metrics of the workload's own (TC-06).
//!
//! A verdict is evidence: findings with a rule, a weight and counts. [`Finding::sentence`] turns one into words.
//! Thresholds are those of section 7.4 of the oracle's design.

mod exercise;
mod finding;
mod messages;
mod metrics;
mod probes;
mod readiness;
mod resources;
mod shift;
mod stability;

pub use exercise::{Exercise, exercise};
pub use finding::{Finding, Oracle, Outcome, Rule, Verdict, Weight};
pub use probes::owes_answers;
pub use resources::Resources;

use crate::recording::{Ending, Log, Recording};
use crate::repair::is_denial;

/// Findings that a verdict lists at most: warnings are listed with a recommendation.
const MAX_FINDINGS: usize = 8;

/// Findings that a failed run lists at most. It fails for one cause, and who reads of it wants that.
const MAX_CAUSES: usize = 5;

/// New messages that are looked at for what they say was refused.
const MAX_NEW_LINES: usize = 256;

/// Seconds that a candidate has at least to become Ready. A node on which a dozen clones start takes its time, and who is
/// late for that alone must not be called broken.
const MIN_START_SECONDS: i64 = 45;

/// Bounds of how long a run is Ready before it is promising, and what is added to when the baselines fell silent. The
/// shortest is what a crash loop's second start takes; the longest is what the search waited for before it was measured.
const SHORTEST_START_UP: i64 = 5 * NANOS;
const LONGEST_START_UP: i64 = 10 * NANOS;
const MARGIN: i64 = 3 * NANOS;

/// Seconds that the last lines of a container may take to arrive after its end.
const LAST_WORDS_SECONDS: i64 = 3;

const NANOS: i64 = 1_000_000_000;

/// Judges a finished recording.
pub fn judge(baselines: &[&Recording], candidate: &Recording) -> Verdict {
    judge_asked(Resources::default(), baselines, candidate)
}

/// Judges a finished recording, where differences in resources count as asked for.
pub fn judge_asked(resources: Resources, baselines: &[&Recording], candidate: &Recording) -> Verdict {
    judge_by(resources, baselines, candidate, |_| true)
}

/// Judges with some of the rules only: what a rule is worth shows when it is left out.
pub fn judge_by(
    resources: Resources,
    baselines: &[&Recording],
    candidate: &Recording,
    counts: impl Fn(Rule) -> bool,
) -> Verdict {
    let mut findings = stability::judge(baselines, candidate);
    let is_blameless = findings.iter().all(|finding| finding.rule == Rule::NeverReady);
    findings.extend(probes::judge(baselines, candidate));
    findings.retain(|finding| counts(finding.rule));
    let is_broken = findings.iter().any(|finding| finding.weight == Weight::Fail);
    let obstacle = stability::obstacle(candidate).filter(|_| is_blameless);
    if let Some(missing) = obstacle.or_else(|| incomplete(candidate).filter(|_| !is_broken)) {
        return Verdict {
            outcome: Outcome::Inconclusive,
            findings: vec![missing],
        };
    }
    if is_broken {
        // What a broken run leaves unsaid needs no telling; what it says is why it broke.
        findings.extend(messages::new_complaints(baselines, candidate));
    } else {
        findings.extend(messages::judge(baselines, candidate));
        if candidate.ended() != Some(Ending::LogEnd) {
            findings.extend(resources::judge(resources, baselines, candidate));
            findings.extend(metrics::judge(baselines, candidate));
        }
    }
    findings.retain(|finding| counts(finding.rule));
    verdict(findings)
}

/// The verdict on a run that is still recorded, as soon as there is no doubt: the workload broke where at least one
/// baseline is Ready and shows no such fault.
pub fn early(baselines: &[&Recording], candidate: &Recording, now: i64) -> Option<Verdict> {
    // Before a baseline is Ready nobody knows what working looks like here.
    baselines.iter().find_map(|baseline| baseline.start_nanos())?;
    let late_at = late_at(baselines, candidate);
    let mut findings = stability::judge(baselines, candidate);
    // The rest a baseline may show a moment later, as a container that ends with 0 and is restarted.
    findings.retain(|finding| {
        matches!(
            finding.rule,
            Rule::Exited | Rule::OutOfMemory | Rule::ContainerRejected | Rule::PodRejected
        )
    });
    if findings.is_empty()
        && candidate.ready_at().is_none()
        && late_at.is_some_and(|at| now >= at)
        && stability::obstacle(candidate).is_none()
    {
        findings.push(Finding::new(Oracle::Readiness, Rule::NeverReady, Weight::Fail));
    }
    findings.extend(readiness::overdue(baselines, candidate, now));
    findings.extend(probes::failed(baselines, candidate));
    // The log says why, and comes a little later than the exit.
    let unexplained = |finding: &Finding| {
        let fresh = finding
            .at_nanos
            .is_some_and(|at| now.saturating_sub(at) < LAST_WORDS_SECONDS * NANOS);
        finding.rule == Rule::Exited && finding.example.is_none() && fresh
    };
    if findings.iter().all(unexplained) {
        return None;
    }
    findings.extend(messages::new_complaints(baselines, candidate));
    Some(verdict(findings))
}

/// When [`early`] may say more though nothing new was recorded: a candidate is late or overdue, or last words did not come.
pub fn next_look(baselines: &[&Recording], candidate: &Recording, now: i64) -> Option<i64> {
    let late = late_at(baselines, candidate).filter(|_| candidate.ready_at().is_none());
    let exits = stability::judge(baselines, candidate)
        .into_iter()
        .filter(|finding| finding.rule == Rule::Exited)
        .filter_map(|finding| finding.at_nanos)
        .map(|at| at.saturating_add(LAST_WORDS_SECONDS * NANOS));
    let overdue = readiness::overdue_at(baselines, candidate).map(|at| at.saturating_add(1));
    exits.chain(late).chain(overdue).filter(|at| *at > now).min()
}

/// When a candidate that is not Ready yet is later than any baseline's start explains.
fn late_at(baselines: &[&Recording], candidate: &Recording) -> Option<i64> {
    let baseline_start = baselines.iter().filter_map(|baseline| baseline.start_nanos()).max()?;
    let patience = baseline_start
        .saturating_mul(2)
        .saturating_add(20 * NANOS)
        .max(MIN_START_SECONDS * NANOS);
    candidate.started_at().map(|start| start.saturating_add(patience))
}

/// Whether baselines are what a workload that works looks like: each by itself, and each judged against the others.
pub fn agree(baselines: &[&Recording]) -> Result<(), Vec<Finding>> {
    let mut findings: Vec<Finding> = Vec::new();
    for baseline in baselines {
        findings.extend(
            stability::judge(&[], baseline)
                .into_iter()
                .filter(|finding| finding.weight == Weight::Fail),
        );
        if findings.is_empty() {
            findings.extend(incomplete(baseline));
        }
    }
    if findings.is_empty() && baselines.len() > 1 {
        for (index, baseline) in baselines.iter().enumerate() {
            let others = baselines.iter().enumerate().filter(|(other, _)| *other != index);
            let others: Vec<&Recording> = others.map(|(_, recording)| *recording).collect();
            // A port that is asked too early for one of them says nothing about the others.
            let counts = |rule| rule != Rule::PortAnswer;
            let against = judge_by(Resources::default(), &others, baseline, counts)
                .findings
                .into_iter();
            findings.extend(against.filter(|finding| finding.weight == Weight::Fail));
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    Err(verdict(findings).findings)
}

/// Whether a container ended in a way that no working workload shows, in a recording that may go on.
pub fn crashed(recording: &Recording) -> bool {
    stability::judge(&[], recording).iter().any(|finding| {
        finding.weight == Weight::Fail && !matches!(finding.rule, Rule::NeverReady | Rule::ReadinessLost)
    })
}

/// How long a run is Ready before it is promising, in nanoseconds: as long as the baselines say something new after they
/// are Ready, and some seconds more. Most programs that break under a setting do so while they start; those that break
/// later are found by a recording in full.
pub fn start_up_nanos(baselines: &[&Recording]) -> i64 {
    let told = baselines.iter().filter_map(|baseline| {
        let ready = baseline.ready_at()?;
        let since = baseline
            .logs()
            .values()
            .flat_map(Log::templates)
            .map(|(_, seen)| seen.first_nanos - ready);
        since.filter(|nanos| *nanos < LONGEST_START_UP).max()
    });
    let quiet = told.max().unwrap_or_default().max(0).saturating_add(MARGIN);
    quiet.clamp(SHORTEST_START_UP, LONGEST_START_UP)
}

/// What a recording that may go on shows so far, against baselines that may go on, too; none before one of them was
/// Ready.
pub fn so_far(baselines: &[&Recording], candidate: &Recording) -> Option<Verdict> {
    baselines.iter().find_map(|baseline| baseline.start_nanos())?;
    let mut findings = stability::judge(baselines, candidate);
    findings.extend(probes::failed(baselines, candidate));
    findings.extend(messages::new_complaints(baselines, candidate));
    Some(verdict(findings))
}

/// The verdict on a run that goes on and says that something was refused, which no baseline that is Ready says.
pub fn denied(baselines: &[&Recording], candidate: &Recording) -> Option<Verdict> {
    baselines.iter().find_map(|baseline| baseline.start_nanos())?;
    let mut complaints = messages::new_complaints(baselines, candidate);
    let says_so = |finding: &Finding| finding.example.as_deref().is_some_and(is_denial);
    let cause = complaints
        .iter_mut()
        .find(|finding| finding.weight != Weight::Note && says_so(finding))?;
    // As long as there is something that may help, this is no warning.
    cause.weight = Weight::Fail;
    Some(verdict(complaints))
}

/// Lines that no baseline has, each with its container: one for each message, at most as many as anybody would read.
pub fn new_lines<'a>(baselines: &'a [&'a Recording], candidate: &'a Recording) -> Vec<(&'a str, &'a str)> {
    messages::unknown(baselines, candidate).take(MAX_NEW_LINES).collect()
}

/// What is missing from a recording that can be judged.
fn incomplete(recording: &Recording) -> Option<Finding> {
    if !matches!(recording.ended(), Some(Ending::Complete | Ending::LogEnd)) {
        return Some(Finding::new(Oracle::Stability, Rule::Interrupted, Weight::Note));
    }
    let missing = recording.missing()?;
    let mut finding = Finding::new(Oracle::Stability, Rule::EvidenceLost, Weight::Note);
    finding.container = missing.source().map(|source| source.container.clone());
    finding.pod = missing.source().map(|source| source.pod.clone());
    finding.detail = missing.sentence();
    Some(finding)
}

/// What findings amount to, the cause first.
fn verdict(mut findings: Vec<Finding>) -> Verdict {
    // Each oracle lists its own with the cause first; what happened says more than what did not.
    findings.sort_by_key(|finding| (finding.weight, finding.oracle, finding.at_nanos.is_none()));
    let has = |weight: Weight| findings.iter().any(|finding| finding.weight == weight);
    let outcome = if has(Weight::Fail) {
        Outcome::Failed
    } else if has(Weight::Warn) {
        Outcome::Warned
    } else {
        Outcome::Passed
    };
    stability::explain(&mut findings);
    findings.truncate(if outcome == Outcome::Failed {
        MAX_CAUSES
    } else {
        MAX_FINDINGS
    });
    Verdict { outcome, findings }
}

#[cfg(test)]
mod tests;

//! Containers that stop talking.

use super::{Comparison, OFTEN, farewell, start};
use crate::oracle::{Finding, Rule, Weight};
use crate::recording::{Log, Recording};

pub(super) fn judge(compared: &Comparison<'_>) -> Option<Finding> {
    let lines: Vec<u64> = compared.usual.iter().map(|log| log.lines()).collect();
    if lines.contains(&0) {
        return None;
    }
    let is_mute = compared.log.is_none_or(|log| log.lines() == 0);
    let late = late_silence(compared);
    let is_idle = !is_mute && says_nothing_once_ready(compared);
    let weight = if is_mute && lines.iter().all(|count| *count >= OFTEN) {
        Weight::Fail
    } else if is_mute {
        // Of few lines all may be missing by chance, unless they come steadily.
        late.unwrap_or(Weight::Warn)
    } else if is_idle {
        Weight::Fail
    } else if let Some(weight) = late {
        weight
    } else {
        return farewell::judge(compared).or_else(|| mute_replica(compared));
    };
    let mut finding = compared.about(Rule::Silence, weight);
    if is_mute {
        "in the whole recording".clone_into(&mut finding.detail);
        finding.baseline_counts = lines;
    } else if is_idle {
        "since it was Ready".clone_into(&mut finding.detail);
    } else {
        "in the second half of the recording".clone_into(&mut finding.detail);
    }
    Some(finding)
}

/// It started and does nothing: no line once it was Ready, and none at any time of what every baseline says then, which
/// is much, however seldom each of it.
fn says_nothing_once_ready(compared: &Comparison<'_>) -> bool {
    let (recording, log) = (compared.candidate, compared.log);
    let spoken = log.zip(recording.ready_at()).zip(recording.ended_at());
    let is_silent = spoken.is_some_and(|((log, ready), end)| log.lines_between(ready, end) == 0);
    let later = start::later(compared);
    let least = later.iter().filter_map(|(_, counts)| counts.iter().min());
    is_silent && later.iter().all(|(now, _)| *now == 0) && least.sum::<u64>() >= OFTEN
}

/// No line in the second half of the recording, while every baseline has one there. It fails a run only where the
/// baselines speak steadily: of a message that comes at random the absence means little.
fn late_silence(compared: &Comparison<'_>) -> Option<Weight> {
    let spoken = |recording: &Recording, from: i64, parts: i64| -> Option<u64> {
        let (start, end) = (recording.ready_at()?, recording.ended_at()?);
        let part = end.saturating_sub(start) / parts;
        let from = start.saturating_add(part.saturating_mul(from));
        let log = recording.logs().get(compared.container);
        Some(log.map_or(0, |log| log.lines_between(from, from.saturating_add(part))))
    };
    if spoken(compared.candidate, 1, 2)? > 0 {
        return None;
    }
    let late: Option<Vec<u64>> = compared
        .baselines
        .iter()
        .map(|baseline| spoken(baseline, 1, 2))
        .collect();
    let late = late.filter(|late| late.iter().all(|lines| *lines > 0))?;
    let steady = |baseline: &&Recording| (0..3).all(|third| spoken(baseline, third, 3) > Some(0));
    let tells = late.iter().all(|lines| *lines >= OFTEN) || compared.baselines.iter().all(steady);
    Some(if tells { Weight::Fail } else { Weight::Warn })
}

/// One of several replicas says nothing, or next to nothing, where in the baselines each of them speaks.
fn mute_replica(compared: &Comparison<'_>) -> Option<Finding> {
    let lines = |recording: &Recording, log: &Log| -> Vec<u64> {
        recording.replicas().into_iter().map(|pod| log.lines_of(pod)).collect()
    };
    let usual: Vec<Vec<u64>> = compared.logs().map(|(recording, log)| lines(recording, log)).collect();
    let mine = lines(compared.candidate, compared.log?);
    let is_comparable = mine.len() > 1 && usual.iter().all(|replicas| replicas.len() == mine.len());
    let least_usual = usual.iter().flatten().min().copied()?;
    let least = mine.iter().min().copied()?;
    (is_comparable && least_usual >= OFTEN && least.saturating_mul(OFTEN) < least_usual).then(|| {
        let mut finding = compared.about(Rule::Silence, Weight::Fail);
        "in one of the Pods".clone_into(&mut finding.detail);
        finding.count = least;
        finding.baseline_counts = usual
            .iter()
            .filter_map(|replicas| replicas.iter().min().copied())
            .collect();
        finding
    })
}

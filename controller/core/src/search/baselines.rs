//! Which baselines there must be, and whether they agree.

use std::collections::{BTreeMap, BTreeSet};

use super::{BASELINES, Conclusion, Extent, Role, Run, Start, State};
use crate::oracle::{self, Finding};
use crate::recording::{Ending, Recording};
use crate::repair::Repairs;

/// What the baselines that passed say of each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Agreement {
    /// There are not two yet, or they have not been read whole.
    #[default]
    Unknown,
    /// At least two agree.
    Agreed,
    /// No two agree; this fails the first two when each is judged against the other.
    Disputed(Vec<Finding>),
}

/// What baselines that passed say of each other, given the recordings as far as they are read.
pub fn agreement(baselines: &[&Recording]) -> Agreement {
    let is_whole = |recording: &&Recording| recording.ended() == Some(Ending::Complete);
    if baselines.len() < BASELINES || !baselines.iter().all(is_whole) {
        return Agreement::Unknown;
    }
    match trusted(baselines) {
        Ok(_) => Agreement::Agreed,
        Err(findings) => Agreement::Disputed(findings),
    }
}

/// The baselines to judge by: all of them if each passes against the others, else the first two that agree, in the
/// order in which they started. The error is what fails the first two.
pub fn trusted<'a>(baselines: &[&'a Recording]) -> Result<Vec<&'a Recording>, Vec<Finding>> {
    let mut baselines = baselines.to_vec();
    baselines.sort_by_key(|recording| recording.started_at());
    let Err(mut findings) = oracle::agree(&baselines) else {
        return Ok(baselines);
    };
    if baselines.len() <= BASELINES {
        // The only pair there is.
        return Err(findings);
    }
    let pairs = baselines
        .iter()
        .enumerate()
        .flat_map(|(index, first)| baselines.iter().skip(index + 1).map(move |second| [*first, *second]));
    for (index, pair) in pairs.enumerate() {
        match oracle::agree(&pair) {
            Ok(()) => return Ok(pair.to_vec()),
            Err(between) if index == 0 => findings = between,
            Err(_) => {}
        }
    }
    Err(findings)
}

/// The baselines to start, given how many runs there may yet be; or why no verdict will ever stand.
pub(super) fn missing(history: &[Run], agreement: &Agreement, room: usize) -> Result<Vec<Start>, Conclusion> {
    // By name: the order of the history decides nothing.
    let baselines: BTreeMap<&str, State> = history
        .iter()
        .filter(|run| run.role == Role::Baseline)
        .map(|run| (run.name.as_str(), run.state))
        .collect();
    for (name, state) in &baselines {
        let run = (*name).to_owned();
        match state {
            State::Failed | State::Inconclusive => {
                return Err(Conclusion::BaselineUnstable {
                    runs: vec![run],
                    findings: Vec::new(),
                });
            }
            State::Error => return Err(Conclusion::Undecided { run }),
            State::Open | State::Promising | State::Doubtful | State::Screened | State::Passed => {}
        }
    }
    let is_settled = baselines.values().all(|state| *state == State::Passed);
    let (wanted, unstable) = match agreement {
        // Two that differ: a third tells which of them is the odd one.
        Agreement::Disputed(findings) if is_settled && baselines.len() >= BASELINES => {
            let unstable = Conclusion::BaselineUnstable {
                runs: baselines.keys().map(|name| (*name).to_owned()).collect(),
                findings: findings.clone(),
            };
            if baselines.len() > BASELINES {
                return Err(unstable);
            }
            (BASELINES + 1, unstable)
        }
        Agreement::Unknown | Agreement::Agreed | Agreement::Disputed(_) => {
            (BASELINES, Conclusion::NothingProven { budget_spent: true })
        }
    };
    let names = (1..).map(|number| format!("baseline-{number}"));
    let missing: Vec<Start> = names
        .filter(|name| !baselines.contains_key(name.as_str()))
        .take(wanted.saturating_sub(baselines.len()))
        .map(|name| Start {
            name,
            role: Role::Baseline,
            items: BTreeSet::new(),
            repairs: Repairs::default(),
            extent: Extent::Full,
        })
        .collect();
    if missing.len() > room {
        return Err(unstable);
    }
    Ok(missing)
}

/// Whether a verdict stands. A run that passed was judged by baselines that agreed: that is not asked again, so that a
/// controller that restarts need not read them all.
pub(super) fn stand(history: &[Run], agreement: &Agreement) -> bool {
    let passed = history
        .iter()
        .filter(|run| run.role == Role::Baseline && run.state == State::Passed);
    passed.count() >= BASELINES && !matches!(agreement, Agreement::Disputed(_))
}

//! TC-05: whether a run was made to work, and as hard as its baselines were. What nobody asks for anything breaks nothing.

use std::collections::BTreeSet;

use statrs::statistics::{Data, Median as _};

use super::resources::LEAST_CORES;
use crate::recording::{Measure, Recording, recorded_seconds, totals};

/// A run that did less than this share of what its baselines did was not exercised as they were.
const LEAST_SHARE: f64 = 0.5;

/// Lines below which a log says nothing of how much was done.
const LEAST_LINES: f64 = 20.0;

/// Bytes below which the network says nothing of it: what a readiness probe and name lookups use.
const LEAST_BYTES: f64 = 64.0 * 1024.0;

/// How much a run was asked to do, and did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exercise {
    /// A probe that makes the workload do something passed in it, and in every baseline.
    pub is_driven: bool,
    /// What it did of what its baselines did: the median over CPU time, log lines and network bytes. None where
    /// too little was measured to tell.
    pub share: Option<f64>,
}

impl Exercise {
    /// Whether it shows the workload at work.
    pub fn is_enough(&self) -> bool {
        self.is_driven && self.share.is_none_or(|share| share >= LEAST_SHARE)
    }

    /// The same for people.
    pub fn sentence(&self) -> String {
        let share = self.share.map(|share| format!("{:.0} %", share * 100.0));
        match (self.is_driven, share) {
            (false, _) => {
                "no probe that makes the workload do something passed in every run: what it does only when it \
                           is asked to was not seen. Name a probe of kind http, tcp or job in spec.probes"
                    .to_owned()
            }
            (true, Some(share)) => format!("probes drove the workload, which did {share} of what it does unchanged"),
            (true, None) => "probes drove the workload; too little was measured to tell how much it did".to_owned(),
        }
    }
}

/// How much a run did beside its baselines; `drivers` are the names of the probes that make a workload do something.
pub fn exercise(baselines: &[&Recording], run: &Recording, drivers: &BTreeSet<&str>) -> Exercise {
    let driven = |recording: &&Recording| {
        let mut tries = recording.probes();
        tries.any(|probe| probe.passed && drivers.contains(&*probe.name))
    };
    let usual: Vec<_> = baselines.iter().map(|baseline| activity(baseline)).collect();
    let seconds = recorded_seconds(run).unwrap_or_default();
    let floors = [LEAST_CORES * seconds, LEAST_LINES, LEAST_BYTES];
    let share = |(index, (mine, floor)): (usize, (Option<f64>, f64))| {
        let values = usual.iter().map(|activity| activity.get(index).copied().flatten());
        let usual = median(values.collect::<Option<_>>()?)?;
        (usual > floor).then_some(mine? / usual)
    };
    let shares = activity(run).into_iter().zip(floors).enumerate().filter_map(share);
    Exercise {
        is_driven: !baselines.is_empty() && baselines.iter().all(driven) && driven(&run),
        share: median(shares.collect()),
    }
}

/// CPU time in seconds, log lines and network bytes from Ready to the end; none of what was not measured.
fn activity(recording: &Recording) -> [Option<f64>; 3] {
    let totals = totals(recording);
    let sum = |wanted: Measure| {
        let of_measure = totals.iter().filter(|((_, measure), _)| *measure == wanted);
        let values: Option<Vec<f64>> = of_measure.map(|(_, total)| *total).collect();
        let values = values.filter(|values| !values.is_empty())?;
        Some(values.iter().sum())
    };
    let lines = recording.ready_at().zip(recording.ended_at()).map(|(from, to)| {
        let lines: u64 = recording.logs().values().map(|log| log.lines_between(from, to)).sum();
        #[expect(clippy::cast_precision_loss, reason = "a ratio needs no more than 52 bits")]
        let lines = lines as f64;
        lines
    });
    [sum(Measure::Cpu), lines, sum(Measure::Network)]
}

fn median(values: Vec<f64>) -> Option<f64> {
    (!values.is_empty()).then(|| Data::new(values).median())
}

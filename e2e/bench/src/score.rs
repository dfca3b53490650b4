//! What a rule is worth: alarms against labels.

use serde::Serialize;

use crate::interval::Interval;

/// Counts of runs by label and alarm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// Broken or degraded, and flagged.
    pub found: u32,
    /// Broken or degraded, and passed: a break is shipped.
    pub missed: u32,
    /// Works, and flagged: a hardening is lost.
    pub false_alarms: u32,
    /// Works, and passed.
    pub right: u32,
}

/// A score in figures, as it is printed and written.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Runs that do not work.
    pub positives: u32,
    /// Runs that work.
    pub negatives: u32,
    /// Share of the alarms that are right.
    pub precision: f64,
    /// Share of the runs that do not work and are flagged.
    pub recall: f64,
    /// Interval of the recall.
    pub recall_interval: Interval,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Share of the runs that work and are flagged.
    pub false_positive_rate: f64,
    /// Interval of that share.
    pub false_positive_interval: Interval,
    /// Runs that work and are flagged.
    pub hardening_lost: u32,
    /// Runs that do not work and pass.
    pub break_shipped: u32,
}

impl Score {
    /// Adds a run.
    pub fn count(&mut self, works: bool, flagged: bool) {
        *match (works, flagged) {
            (false, true) => &mut self.found,
            (false, false) => &mut self.missed,
            (true, true) => &mut self.false_alarms,
            (true, false) => &mut self.right,
        } += 1;
    }

    /// Adds all runs of another score.
    pub fn add(&mut self, other: Self) {
        self.found += other.found;
        self.missed += other.missed;
        self.false_alarms += other.false_alarms;
        self.right += other.right;
    }

    /// The figures; a share of nothing is 0.
    pub fn figures(&self) -> Figures {
        let share = |part: u32, all: u32| {
            if all == 0 {
                0.0
            } else {
                f64::from(part) / f64::from(all)
            }
        };
        let (positives, negatives) = (self.found + self.missed, self.false_alarms + self.right);
        let precision = share(self.found, self.found + self.false_alarms);
        let recall = share(self.found, positives);
        let both = precision + recall;
        Figures {
            positives,
            negatives,
            precision,
            recall,
            recall_interval: Interval::wilson(self.found, positives),
            f1: if both > 0.0 {
                2.0 * precision * recall / both
            } else {
                0.0
            },
            false_positive_rate: share(self.false_alarms, negatives),
            false_positive_interval: Interval::wilson(self.false_alarms, negatives),
            hardening_lost: self.false_alarms,
            break_shipped: self.missed,
        }
    }
}

impl Figures {
    /// One row of the printed table.
    pub fn row(&self) -> String {
        let Interval { low, high } = self.false_positive_interval;
        format!(
            "P {:.3}  R {:.3}  F1 {:.3}  FPR {:.3} [{low:.3}, {high:.3}]  lost {:>3} of {:>3}  shipped {:>3} of {:>3}",
            self.precision,
            self.recall,
            self.f1,
            self.false_positive_rate,
            self.hardening_lost,
            self.negatives,
            self.break_shipped,
            self.positives
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_definitions() {
        let mut score = Score::default();
        for (works, flagged, times) in [(false, true, 6), (false, false, 2), (true, true, 3), (true, false, 9)] {
            for _ in 0..times {
                score.count(works, flagged);
            }
        }
        let figures = score.figures();
        assert!((figures.precision - 6.0 / 9.0).abs() < 1e-9);
        assert!((figures.recall - 0.75).abs() < 1e-9);
        assert!((figures.f1 - 12.0 / 17.0).abs() < 1e-9);
        assert!((figures.false_positive_rate - 0.25).abs() < 1e-9);
        assert_eq!((figures.hardening_lost, figures.break_shipped), (3, 2));
    }

    #[test]
    fn nothing_is_no_division_by_zero() {
        let figures = Score::default().figures();
        assert!(figures.f1.abs() < 1e-9 && figures.false_positive_rate.abs() < 1e-9);
    }
}

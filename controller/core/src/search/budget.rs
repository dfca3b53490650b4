//! What there is room for.

use super::explore::Trial;
use super::{Agreement, BASELINES, Extent, Known, Role, Verification};

impl Known<'_> {
    /// As many of these as the budget has room for, so that the search can still be concluded. Nothing is held back
    /// from the first candidate: without it there is nothing to conclude.
    pub(super) fn afford(&self, trials: Vec<Trial>, mut room: usize) -> Vec<Trial> {
        let reserve = self.reserve();
        // What was screened is nothing to recommend before one of it was recorded in full.
        let is_screened = self.tried.screened_best().is_some();
        let is_proven = self.tried.best().is_some();
        let affordable = trials.into_iter().filter(|trial| {
            let is_first = trial.items == *self.order.applicable && !self.tried.has_candidates();
            let record = usize::from(!is_proven && (is_screened || trial.extent == Extent::Screening));
            let held_back = if is_first { 0 } else { reserve + record };
            let is_affordable = room > held_back;
            room -= usize::from(is_affordable);
            is_affordable
        });
        affordable.collect()
    }

    /// The third baseline and the independent runs, as far as they may yet be needed.
    fn reserve(&self) -> usize {
        let baselines = self.history.iter().filter(|run| run.role == Role::Baseline).count();
        let third = usize::from(*self.agreement != Agreement::Agreed && baselines <= BASELINES);
        let independent = match self.order.verification {
            Verification::Included => 0,
            Verification::Independent => self.tried.verifications_left(),
        };
        third.saturating_add(independent)
    }
}

//! What there is room for.

use std::collections::BTreeSet;

use super::{Agreement, BASELINES, Known, Role, Verification};
use crate::setting::Setting;

impl Known<'_> {
    /// As many of these as the budget has room for, so that the search can still be concluded. Nothing is held back
    /// from the first candidate: without it there is nothing to conclude.
    pub(super) fn afford(&self, sets: Vec<BTreeSet<Setting>>, mut room: usize) -> Vec<BTreeSet<Setting>> {
        let reserve = self.reserve();
        let affordable = sets.into_iter().filter(|set| {
            let held_back = if set == self.order.applicable { 0 } else { reserve };
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

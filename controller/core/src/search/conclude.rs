//! What a search that found its best ends with.

use std::collections::BTreeSet;

use super::{Conclusion, Known, Next, State, Verification, baselines};
use crate::setting::Item;

impl Known<'_> {
    /// The search found this, or nothing if it is empty. `room` is how many runs there may yet be.
    pub(super) fn conclude(&self, best: &BTreeSet<Item>, room: usize, budget_spent: bool) -> Next {
        let Some(run) = self.tried.name(best) else {
            return Next::Done(match self.tried.last_refuted() {
                Some(run) => Conclusion::Unverified { run: run.to_owned() },
                // What could not be carried out or decided is no evidence against any setting.
                None => match self.tried.undecided() {
                    Some(run) => Conclusion::Undecided { run: run.to_owned() },
                    None => Conclusion::NothingProven { budget_spent },
                },
            });
        };
        if !baselines::stand(self.history, self.agreement) {
            return Next::Wait;
        }
        let verified = |run: &str, budget_spent: bool| {
            Next::Done(Conclusion::Verified {
                run: run.to_owned(),
                items: best.clone(),
                budget_spent,
            })
        };
        if self.order.verification == Verification::Included {
            return verified(run, budget_spent);
        }
        match self.tried.verification(best) {
            Some((State::Passed, run)) => verified(run, budget_spent),
            // Had it ended otherwise, the set would not be the best.
            Some(_) => Next::Wait,
            None if room == 0 => verified(run, true),
            None => Next::Start(vec![self.tried.verify(best)]),
        }
    }
}

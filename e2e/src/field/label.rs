//! From what clients saw to a label; no log is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How often each probe passed, and how often it was tried.
pub type Probes = BTreeMap<String, (u32, u32)>;

/// How a run went, or is expected to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It became Ready, stayed up, and every probe passed.
    Works,
    /// It became Ready, stayed up, and some probe failed in more than half of its tries.
    Degraded,
    /// It never became Ready, or a container of it ended.
    Broken,
}

impl Verdict {
    /// The label of a run.
    pub fn of(ready: bool, died: bool, probes: &Probes) -> Self {
        if !ready || died {
            Self::Broken
        } else if probes
            .values()
            .any(|&(passed, tried)| passed < tried - passed.min(tried))
        {
            Self::Degraded
        } else {
            Self::Works
        }
    }

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Degraded => "degraded",
            Self::Broken => "broken",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_half_of_the_tries_must_fail() {
        let label = |passed, tried| Verdict::of(true, false, &Probes::from([("get".to_owned(), (passed, tried))]));
        assert_eq!(label(4, 4), Verdict::Works);
        assert_eq!(label(2, 4), Verdict::Works);
        assert_eq!(label(1, 4), Verdict::Degraded);
        assert_eq!(label(0, 1), Verdict::Degraded);
        assert_eq!(label(0, 0), Verdict::Works);
    }

    #[test]
    fn who_never_came_up_or_died_is_broken_whatever_probes_say() {
        let fine = Probes::from([("get".to_owned(), (4, 4))]);
        assert_eq!(Verdict::of(false, false, &fine), Verdict::Broken);
        assert_eq!(Verdict::of(true, true, &fine), Verdict::Broken);
        assert_eq!(Verdict::of(true, false, &Probes::new()), Verdict::Works);
    }
}

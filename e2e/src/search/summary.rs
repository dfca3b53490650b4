//! All rows in a few figures.

use serde::Serialize;

use super::row::Row;

/// What the goals of the search are about.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Workloads.
    pub workloads: usize,
    /// Workloads whose check came to a verdict.
    pub judged: usize,
    /// Names of the others.
    pub without_verdict: Vec<String>,
    /// Workloads that do not do with the recommended patch what they did without.
    pub broken_by_patch: usize,
    /// Their names.
    pub broken: Vec<String>,
    /// Workloads that were patched and do.
    pub correct: usize,
    /// Settings proven, of those applicable.
    pub proven_share: Option<f64>,
    /// Settings proven, of those that can hold by the catalogue.
    pub proven_share_of_attainable: Option<f64>,
    /// The largest ratio of a workload that tolerates everything.
    pub ratio_tolerant_max: Option<f64>,
    /// The largest ratio of a workload that needs repairs, or of which something fails.
    pub ratio_repaired_max: Option<f64>,
    /// Most clones of a workload that tolerates everything.
    pub clones_tolerant_max: Option<u32>,
    /// Workloads whose ratio is above its goal.
    pub late: Vec<String>,
    /// Workloads that reach a lower level than they can.
    pub below_level: Vec<String>,
    /// Settings that are not as the catalogue says.
    pub disagreements: usize,
}

impl Summary {
    /// Sums up rows.
    pub fn of(rows: &[Row]) -> Self {
        let names = |is: &dyn Fn(&Row) -> bool| -> Vec<String> {
            let named = rows.iter().filter(|row| is(row));
            named.map(|row| row.workload.clone()).collect()
        };
        let judged = || rows.iter().filter(|row| row.judged);
        let with = |tolerant: bool| judged().filter(move |row| row.tolerant == Some(tolerant));
        let broken = names(&|row| row.correct == Some(false));
        Self {
            workloads: rows.len(),
            judged: judged().count(),
            without_verdict: names(&|row| !row.judged),
            broken_by_patch: broken.len(),
            broken,
            correct: rows.iter().filter(|row| row.correct == Some(true)).count(),
            proven_share: share(judged().map(|row| (row.proven, row.applicable))),
            proven_share_of_attainable: share(judged().filter_map(|row| Some((row.proven, row.attainable?)))),
            ratio_tolerant_max: with(true).filter_map(|row| row.ratio).reduce(f64::max),
            ratio_repaired_max: with(false).filter_map(|row| row.ratio).reduce(f64::max),
            clones_tolerant_max: with(true).map(|row| row.clones).max(),
            late: names(&|row| row.judged && row.is_late()),
            below_level: names(&|row| {
                row.judged && row.attainable_level.is_some() && row.level != row.attainable_level
            }),
            disagreements: rows.iter().map(|row| row.disagreements.len()).sum(),
        }
    }
}

/// The sum of the first over that of the second, where there is any.
#[expect(clippy::cast_precision_loss, reason = "counts of settings are small")]
fn share(pairs: impl Iterator<Item = (usize, usize)>) -> Option<f64> {
    let (some, all) = pairs.fold((0, 0), |sum, (some, all)| (sum.0 + some, sum.1 + all));
    (all > 0).then(|| some as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, tolerant: bool, ratio: f64, clones: u32) -> Row {
        Row {
            workload: name.to_owned(),
            judged: true,
            tolerant: Some(tolerant),
            ratio: Some(ratio),
            goal: Some(1.15),
            clones,
            proven: 3,
            applicable: 4,
            attainable: Some(3),
            correct: Some(true),
            ..Row::default()
        }
    }

    #[test]
    fn each_class_has_its_own_maximum() {
        let refused = Row {
            workload: "d".to_owned(),
            ratio: Some(9.0),
            ..Row::default()
        };
        let broken = Row {
            correct: Some(false),
            ..row("c", false, 1.5, 9)
        };
        let summary = Summary::of(&[row("a", true, 1.1, 3), row("b", true, 1.2, 4), broken, refused]);
        assert_eq!(
            (summary.ratio_tolerant_max, summary.ratio_repaired_max),
            (Some(1.2), Some(1.5))
        );
        assert_eq!(summary.clones_tolerant_max, Some(4));
        assert_eq!(summary.proven_share, Some(0.75));
        assert_eq!(summary.proven_share_of_attainable, Some(1.0));
        assert_eq!((summary.broken_by_patch, summary.correct), (1, 2));
        assert_eq!(summary.without_verdict, ["d"]);
        assert_eq!(summary.late, ["b", "c"]);
    }

    #[test]
    fn nothing_has_no_share() {
        let summary = Summary::of(&[]);
        assert_eq!((summary.proven_share, summary.ratio_tolerant_max), (None, None));
    }
}

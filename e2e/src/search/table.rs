//! Rows for people.

use std::fmt::Write as _;

use super::row::Row;
use super::summary::Summary;

/// A line for each workload, what is not as it should be, and the summary.
pub fn table(rows: &[Row], summary: &Summary) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{:<27} {:<11} {:>7} {:>9} {:<10} {:>4} {:>6} {:>8} {:>5} {:>5} {:<8} {:>18}  outcome",
        "workload",
        "kind",
        "proven",
        "can hold",
        "level",
        "runs",
        "clones",
        "clone s",
        "ratio",
        "goal",
        "correct",
        "seed"
    );
    for row in rows {
        let _ = writeln!(
            text,
            "{:<27} {:<11} {:>7} {:>9} {:<10} {:>4} {:>6} {:>8.0} {:>5} {:>5} {:<8} {:>18}  {}",
            row.workload,
            row.kind,
            format!("{}/{}", row.proven, row.applicable),
            or_dash(row.attained, |(proven, all)| format!("{proven}/{all}")),
            or_dash(row.level.as_deref(), str::to_owned),
            row.runs,
            row.clones,
            row.clone_seconds,
            or_dash(row.ratio, |ratio| format!("{ratio:.2}")),
            or_dash(row.goal, |goal| format!("{goal:.2}")),
            or_dash(row.correct, |correct| if correct { "yes" } else { "BROKEN" }.to_owned()),
            or_dash(row.seed.as_ref(), |seed| format!(
                "{}/5, {}, {:.0} s",
                seed.passed.len(),
                seed.clones,
                seed.seconds
            )),
            row.outcome
        );
    }
    for row in rows {
        details(row, &mut text);
    }
    let _ = write!(text, "\n{}", conclusion(summary));
    text
}

/// What a reader of one line would ask about.
fn details(row: &Row, text: &mut String) {
    let name = &row.workload;
    if row.correct.is_none() && !row.message.is_empty() {
        let _ = writeln!(text, "{name}: {}: {}", row.outcome, row.message);
    }
    if !row.failing.is_empty() {
        let _ = writeln!(
            text,
            "{name}: not asked of it, as it fails unpatched: {}",
            row.failing.join(", ")
        );
    }
    for what in &row.broken {
        let _ = writeln!(text, "{name}: broken by the patch: {what}");
    }
    for one in &row.disagreements {
        let holds = if one.holds { "can hold" } else { "cannot hold" };
        let whose = or_dash(one.container.as_ref(), |container| format!("{container}/"));
        let whose = whose.trim_start_matches('-');
        let _ = writeln!(
            text,
            "{name}: {whose}{} {holds} and is {}: {}",
            one.setting, one.found, one.why
        );
    }
}

fn conclusion(summary: &Summary) -> String {
    let percent = |share: Option<f64>| or_dash(share, |share| format!("{:.1} %", share * 100.0));
    let ratio = |ratio: Option<f64>| or_dash(ratio, |ratio| format!("{ratio:.2}"));
    let listed = |names: &[String]| match names {
        [] => String::new(),
        names => format!(" ({})", names.join(", ")),
    };
    format!(
        "workloads {}, with a verdict {}{}\n\
         broken by the patch {}{}, correct with it {}\n\
         proven of applicable {}, of what can hold {}\n\
         ratio at most {} where everything is tolerated, {} where not; above the goal {}{}\n\
         clones at most {} where everything is tolerated\n\
         below the level that can be reached {}{}\n\
         settings otherwise than the catalogue says {}\n",
        summary.workloads,
        summary.judged,
        match summary.without_verdict.as_slice() {
            [] => String::new(),
            names => format!(", without {}", names.join(", ")),
        },
        summary.broken_by_patch,
        listed(&summary.broken),
        summary.correct,
        percent(summary.proven_share),
        percent(summary.proven_share_of_attainable),
        ratio(summary.ratio_tolerant_max),
        ratio(summary.ratio_repaired_max),
        summary.late.len(),
        listed(&summary.late),
        or_dash(summary.clones_tolerant_max, |clones| clones.to_string()),
        summary.below_level.len(),
        listed(&summary.below_level),
        summary.disagreements,
    )
}

fn or_dash<T>(value: Option<T>, as_text: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), as_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_told_below_the_lines() {
        let rows = [
            Row {
                workload: "web".to_owned(),
                judged: true,
                correct: Some(false),
                broken: vec!["page fails".to_owned()],
                ..Row::default()
            },
            Row {
                workload: "batch".to_owned(),
                outcome: "Refused".to_owned(),
                message: "no Jobs yet".to_owned(),
                ..Row::default()
            },
        ];
        let text = table(&rows, &Summary::of(&rows));
        assert!(text.contains("\nweb: broken by the patch: page fails\n"), "{text}");
        assert!(text.contains("\nbatch: Refused: no Jobs yet\n"), "{text}");
        assert!(
            text.contains("broken by the patch 1 (web), correct with it 0"),
            "{text}"
        );
        assert!(text.contains("with a verdict 1, without batch"), "{text}");
    }
}

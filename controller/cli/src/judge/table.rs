//! A verdict as text for people.

use comfy_table::{Cell, Color};
use temper_report::plain;

use super::{Finding, Judged};
use crate::table::{
    Look,
    grid::{self, drawn, tinted},
};

/// The verdict on a candidate: what it is, and why.
pub(super) fn table(judged: &Judged, candidate: &str, look: Look) -> String {
    let mut table = grid::table(&["WEIGHT", "RULE", "TIME", "SEEN", "BASELINES", "WHAT"], look);
    for finding in &judged.findings {
        let colour = match finding.weight {
            "Fail" => Some(Color::Red),
            "Warn" => Some(Color::Yellow),
            _ => None,
        };
        table.add_row(vec![
            tinted(finding.weight, colour, look),
            Cell::new(format!("{} {}", finding.oracle, finding.rule)),
            Cell::new(finding.time.map_or_else(|| "–".to_owned(), |time| format!("{time:.3}"))),
            Cell::new(if finding.baseline_counts.is_empty() {
                "–".to_owned()
            } else {
                finding.count.to_string()
            }),
            Cell::new(counts(finding)),
            Cell::new(plain(&finding.sentence)),
        ]);
    }
    let headline = format!("{}: {}", plain(candidate), judged.outcome);
    match drawn(&table) {
        Some(rows) => format!("{headline}\n\n{rows}\n"),
        None => format!("{headline}\n"),
    }
}

fn counts(finding: &Finding) -> String {
    let counts: Vec<String> = finding.baseline_counts.iter().map(ToString::to_string).collect();
    if counts.is_empty() {
        "–".to_owned()
    } else {
        counts.join(", ")
    }
}

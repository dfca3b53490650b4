//! The report as Markdown for pull requests: what a reviewer must know first, the evidence folded away.
//!
//! It is the dialect of GitHub, which GitLab and others read, too. Every text is escaped: a log line can neither end a
//! table, nor link, nor call anybody by name.

mod evidence;
mod runs;
mod settings;
mod summary;
mod text;
mod usage;

use temper_api::HardeningReport;

use self::text::table;
use crate::error::Error;

/// The report as Markdown.
pub fn markdown(report: &HardeningReport) -> Result<String, Error> {
    let spec = &report.spec;
    let parts = [
        summary::head(report),
        settings::verdicts(&spec.settings),
        settings::patch(report)?,
        runs::overview(&spec.runs),
        usage::resources(&spec.resources),
        usage::overview(&spec.series, &spec.runs),
        evidence::proof(&spec.proof),
        evidence::findings(&spec.evidence, &spec.runs),
        summary::foot(report),
    ];
    let blocks: Vec<String> = parts.into_iter().flatten().collect();
    Ok(blocks.join("\n\n") + "\n")
}

/// Blocks that are shown when they are asked for.
fn folded(summary: &str, blocks: &[String]) -> Vec<String> {
    let head = format!("<details>\n<summary>{summary}</summary>");
    let foot = "</details>".to_owned();
    std::iter::once(head)
        .chain(blocks.iter().cloned())
        .chain([foot])
        .collect()
}

#[cfg(test)]
mod tests;

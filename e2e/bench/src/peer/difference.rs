//! Our own masks with the simplest of rules: any template that no baseline has.

use std::collections::BTreeSet;

use temper_core::logs::{Names, mask};

use crate::run::Run;

pub(super) fn flags(baselines: &[&Run], run: &Run) -> bool {
    let known: BTreeSet<String> = baselines.iter().flat_map(|run| templates(run)).collect();
    templates(run).any(|template| !known.contains(&template))
}

fn templates(run: &Run) -> impl Iterator<Item = String> {
    let masked = |line: &crate::run::Line| mask(&line.text, &Names::default()).template;
    run.lines.iter().map(masked).filter(|template| !template.is_empty())
}

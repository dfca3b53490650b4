//! Our own masks with the simplest of rules: any template that no baseline has.

use std::collections::BTreeSet;

use temper_core::logs::{Names, mask};

use crate::run::{Line, Run};

pub(super) fn flags(baselines: &[&Run], run: &Run) -> bool {
    let known: BTreeSet<String> = baselines.iter().flat_map(|run| templates(run)).collect();
    templates(run).any(|template| !known.contains(&template))
}

fn templates(run: &Run) -> impl Iterator<Item = String> {
    let names = Names::of_clone(&run.names.namespace).in_pod(&run.names.pod);
    let masked = move |line: &Line| mask(&line.text, &names).template;
    run.lines.iter().map(masked).filter(|template| !template.is_empty())
}

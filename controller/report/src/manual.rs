//! The manual's page of settings, made from what core knows of them.

use temper_core::level::Level;
use temper_core::setting::{Scope, Setting};

const HEAD: &str = "\
# Settings

Generated from `controller/core/src/setting/` by `make generate`.

A setting of a container is tried and judged for each container by itself, init containers too. None is tried where the
workload has it already, and none makes a workload less strict than it is. What is explicit and insecure is replaced.

";

const MAPPING: &str = "
## What asks for the same

Listed is what a workload satisfies by having the setting: the control of the Pod Security Standards (Kubernetes 1.34) and
the level from which on it counts; the CIS Kubernetes Benchmark 1.12 (older editions, such as the one for Kubernetes 1.23, have
5.7.2, 5.7.3 and 5.2.13 for 5.6.2, 5.6.3 and 5.2.12); the Kubernetes Hardening Guidance 1.0 of NSA and CISA, with the numbers
that the specification `k8s-nsa-1.0` gives its recommendations; controls of Kubescape; checks of Trivy. What is empty is asked for by none, or could not be verified.

";

/// The page as Markdown.
pub fn settings_page() -> String {
    let head = [
        "Setting",
        "Of",
        "Meaning",
        "Fields and what is tried",
        "Not tried",
        "What shows it",
        "Repairs",
    ];
    let described = table(&head, Setting::all().map(described));
    let head = [
        "Setting",
        "Pod Security Standards",
        "CIS",
        "NSA and CISA",
        "Kubescape",
        "Trivy",
    ];
    let mapped = table(&head, Setting::all().map(mapped));
    format!("{HEAD}{described}{MAPPING}{mapped}")
}

fn described(setting: Setting) -> Vec<String> {
    let card = setting.card();
    let field = |(field, tried): &(&str, &str)| format!("`{field}`: {tried}");
    let fields: Vec<String> = card.fields.iter().map(field).collect();
    let scope = match setting.scope() {
        Scope::Pod => "Pod",
        Scope::Container => "container",
    };
    let skipped = setting
        .unproven()
        .map_or_else(|| card.skipped.to_owned(), |why| format!("never: {why}"));
    vec![
        format!("`{setting}`"),
        scope.to_owned(),
        card.meaning.to_owned(),
        fields.join("<br>"),
        skipped,
        card.shown.to_owned(),
        card.repairs.join("<br>"),
    ]
}

fn mapped(setting: Setting) -> Vec<String> {
    let mapping = setting.mapping();
    let control = |(control, level): (&str, Level)| format!("{control} ({})", level_name(level));
    vec![
        format!("`{setting}`"),
        mapping.pod_security.map(control).unwrap_or_default(),
        mapping.cis.join(", "),
        mapping.nsa.join("<br>"),
        mapping.kubescape.join(", "),
        mapping.trivy.join(", "),
    ]
}

/// As the label `pod-security.kubernetes.io/enforce` spells it.
pub(crate) fn level_name(level: Level) -> &'static str {
    match level {
        Level::Privileged => "privileged",
        Level::Baseline => "baseline",
        Level::Restricted => "restricted",
    }
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|title| (*title).to_owned()).collect();
    let rule = vec!["---".to_owned(); head.len()];
    [head, rule].into_iter().chain(rows).map(|cells| line(&cells)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_file_is_that_of_the_settings() {
        assert!(
            settings_page() == include_str!("../../../docs/settings.md"),
            "docs/settings.md is stale: run `make generate`"
        );
    }
}

//! The kinds of workload that this installation knows: those of every cluster, and those that its owner adds.

use std::str::FromStr;

use serde::Deserialize;
use temper_api::TargetRef;
use temper_core::kind::{Custom, Invalid, Kind};

/// Kinds that the owner adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kinds(Vec<Custom>);

/// Why a list of kinds is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("it is no JSON list of objects with apiVersion, kind, resource, path and, if wanted, replicasPath")]
    Syntax(#[source] serde_json::Error),
    #[error("of item {number}, {invalid}")]
    Item { number: usize, invalid: Invalid },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Item {
    api_version: String,
    kind: String,
    resource: String,
    path: String,
    replicas_path: Option<String>,
}

/// As the chart's value `controller.templatePaths`, in JSON.
impl FromStr for Kinds {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let items: Vec<Item> = serde_json::from_str(text).map_err(Error::Syntax)?;
        let custom = (1..).zip(items).map(|(number, item)| {
            let Item {
                api_version,
                kind,
                resource,
                path,
                replicas_path,
            } = item;
            Custom::new(&api_version, &kind, &resource, &path, replicas_path.as_deref())
                .map_err(|invalid| Error::Item { number, invalid })
        });
        custom.collect::<Result<_, _>>().map(Self)
    }
}

impl Kinds {
    /// Those that the owner adds.
    pub(crate) fn custom(&self) -> &[Custom] {
        let Self(custom) = self;
        custom
    }

    /// The kind of a target.
    pub(crate) fn of(&self, target: &TargetRef) -> Option<Kind> {
        Kind::find(&target.api_version, &target.kind, self.custom())
    }

    /// Why the kind of a target cannot be checked, and what to do.
    pub(crate) fn unknown(&self, target: &TargetRef) -> String {
        let TargetRef { api_version, kind, .. } = target;
        let custom = self.custom().iter().cloned().map(Kind::Custom);
        let all: Vec<Kind> = Kind::BUILT_IN.into_iter().chain(custom).collect();
        let mend = if let Some(known) = all.iter().find(|known| known.name() == kind) {
            format!("set spec.targetRef.apiVersion to {}", known.api_version())
        } else {
            let names: Vec<String> = all.iter().map(ToString::to_string).collect();
            format!(
                "use one of {}, or have the kind added to the chart's value controller.templatePaths",
                names.join(", ")
            )
        };
        format!("spec.targetRef: {kind} of {api_version} cannot be checked: {mend}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDGET: &str =
        r#"[{"apiVersion": "example.com/v1", "kind": "Widget", "resource": "widgets", "path": "spec.template"}]"#;

    fn target(api_version: &str, kind: &str) -> TargetRef {
        TargetRef {
            api_version: api_version.into(),
            kind: kind.into(),
            name: "x".into(),
        }
    }

    #[test]
    fn a_list_adds_kinds() {
        let kinds: Kinds = WIDGET.parse().unwrap();
        let widget = kinds.of(&target("example.com/v1", "Widget")).unwrap();
        assert_eq!(widget.pod(), "/spec/template/spec");
        assert_eq!(kinds.of(&target("batch/v1", "Job")), Some(Kind::Job));
        assert_eq!(Kinds::default().of(&target("example.com/v1", "Widget")), None);
    }

    #[test]
    fn a_list_of_no_use_says_where() {
        let error = |text: &str| text.parse::<Kinds>().unwrap_err().to_string();
        let wrong = WIDGET.replace("spec.template", "template");
        assert!(error(&wrong).starts_with("of item 1, path is `template`: write the fields"));
        assert!(error("{}").starts_with("it is no JSON list"));
        assert!(error(&WIDGET.replace("path", "pfad")).starts_with("it is no JSON list"));
    }

    #[test]
    fn an_unknown_kind_is_told_with_what_to_do() {
        let kinds: Kinds = WIDGET.parse().unwrap();
        let told = kinds.unknown(&target("apps/v1", "Job"));
        assert_eq!(
            told,
            "spec.targetRef: Job of apps/v1 cannot be checked: set spec.targetRef.apiVersion to batch/v1"
        );
        let told = kinds.unknown(&target("v1", "Teapot"));
        assert!(told.contains("use one of Deployment of apps/v1, "), "{told}");
        assert!(
            told.contains("Widget of example.com/v1, or have the kind added"),
            "{told}"
        );
    }
}

//! The recommendation as what people apply.

use std::fmt::Write;

use serde::Serialize;
use temper_api::{HardeningReport, Recommendation, TargetRef};
use temper_core::kind::{Kind, Patch};

use crate::{
    error::Error,
    verdict::is_verified,
    words::{outcome, plain},
};

/// The patch of a verified report, as YAML that `kubectl patch --patch-file` takes.
///
/// A comment ahead of it says what it is for, so that a file that lies about keeps its meaning.
pub fn patch_yaml(report: &HardeningReport) -> Result<String, Error> {
    let spec = &report.spec;
    let (Some(patch), Some(verification), true) = (&spec.patch, &spec.verification, is_verified(report)) else {
        return Err(Error::NothingVerified {
            target: plain(&spec.target),
            outcome: plain(&spec.message),
        });
    };
    let mut text = format!(
        "# Hardening of {} in namespace {}\n",
        plain(&spec.target),
        plain(namespace(report))
    );
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# {name}: {}", plain(value));
    };
    line("check", &spec.check.name);
    let admitted = if verification.admitted {
        "admitted by the API server"
    } else {
        "refused by the API server"
    };
    line(
        "level",
        &format!("{}, {admitted} in a dry run", verification.level.label_value()),
    );
    line("proven", &spec.summary);
    line(
        "verified by run",
        &format!("{}, {}", verification.run, outcome(verification.outcome)),
    );
    line("pod template", &format!("sha256 {}", spec.template_hash));
    line(
        "another pod template is another workload",
        "check it again before you apply this",
    );
    if kind(&spec.target_ref).is_some_and(|kind| kind.is_fixed()) {
        line(
            "what runs keeps its Pod template",
            "the patch is for the manifest that it is made from",
        );
    }
    line("apply", &apply_command(&spec.target_ref, namespace(report), "FILE"));
    text.push_str(&yaml("patch", patch)?);
    Ok(text)
}

/// The same, where there is one.
pub(crate) fn verified_patch(report: &HardeningReport) -> Result<Option<String>, Error> {
    match patch_yaml(report) {
        Err(Error::NothingVerified { .. }) => Ok(None),
        patch => patch.map(Some),
    }
}

/// Namespace of report and workload.
pub(crate) fn namespace(report: &HardeningReport) -> &str {
    report.metadata.namespace.as_deref().unwrap_or("default")
}

/// The command that puts the patch in this file into the workload.
pub fn apply_command(target: &TargetRef, namespace: &str, file: &str) -> String {
    let namespace = word(namespace);
    let kind = kind(target);
    if kind.as_ref().is_some_and(Kind::is_fixed) {
        return format!(
            "kubectl patch -f MANIFEST --local --patch-file {file} -o yaml | kubectl replace --force -n {namespace} -f -"
        );
    }
    let (group, version) = target.api_version.split_once('/').unwrap_or(("", &target.api_version));
    let (resource, options) = match kind.map(|kind| kind.patch_type()) {
        Some(Patch::Strategic) => (target.kind.to_lowercase(), String::new()),
        // Nobody but its operator knows a custom kind by its name alone.
        Some(Patch::Merge) | None => (
            format!("{}.{version}.{group}", target.kind.to_lowercase()),
            format!(" --type {}", Patch::Merge),
        ),
    };
    format!(
        "kubectl patch {} {} -n {namespace}{options} --patch-file {file}",
        word(&resource),
        word(&target.name)
    )
}

/// The kind of a target, unless it is one that only the installation knows.
fn kind(target: &TargetRef) -> Option<Kind> {
    Kind::find(&target.api_version, &target.kind, &[])
}

/// One word of a command line: people copy it, and a report may be written by anybody.
fn word(text: &str) -> String {
    let text = plain(text);
    let harmless = |character: char| character.is_ascii_alphanumeric() || "-._/".contains(character);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(harmless) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The recommendation as YAML, fields as Kubernetes spells them.
pub fn recommendation_yaml(recommendation: &Recommendation) -> Result<String, Error> {
    yaml("recommendation", recommendation)
}

fn yaml<T: Serialize>(what: &'static str, value: &T) -> Result<String, Error> {
    // Block scalars are harder to check by eye than quoted strings, and nothing here is prose.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let text = serde_saphyr::to_string_with_options(value, options).map_err(|source| Error::Yaml { what, source })?;
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::sample;

    #[test]
    fn what_kubectl_takes() {
        insta::assert_snapshot!(patch_yaml(&sample::nginx()).unwrap());
    }

    #[test]
    fn the_recommendation() {
        let recommendation = sample::nginx().spec.recommendation.unwrap();
        insta::assert_snapshot!(recommendation_yaml(&recommendation).unwrap());
    }

    #[test]
    fn hostile_values_stay_values() {
        let mut report = sample::nginx();
        report.spec.target = "Deployment/x\nspec: {replicas: 0}".to_owned();
        report.spec.check.name = "a\r\u{85}b\u{2028}c".to_owned();
        let patch = json!({"spec": {"template": {"metadata": {"annotations": {
            "yes": "no", "octal": "0123", "null": "null", "lines": "a\n---\nb", "date": "2001-01-01", "sign": "- x", "hash": "a #b",
        }}}}});
        report.spec.patch = Some(patch.clone());
        let text = patch_yaml(&report).unwrap();
        assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), patch);
        assert!(
            text.lines().take_while(|line| line.starts_with('#')).count() == 8,
            "{text}"
        );
        assert!(
            text.contains("\"yes\"") || text.contains("'yes'"),
            "kubectl reads YAML 1.1: {text}"
        );
    }

    #[test]
    fn a_name_is_one_word_of_a_command() {
        for (name, wanted) in [
            ("nginx-1.web", "nginx-1.web"),
            ("x; rm -rf ~", "'x; rm -rf ~'"),
            ("it's", r"'it'\''s'"),
            ("--all", "'--all'"),
            ("", "''"),
        ] {
            assert_eq!(word(name), wanted);
        }
    }

    #[test]
    fn a_patch_is_put_where_the_kind_takes_one() {
        let command = |api_version: &str, kind: &str| {
            let target = TargetRef {
                api_version: api_version.into(),
                kind: kind.into(),
                name: "web".into(),
            };
            apply_command(&target, "shop", "FILE")
        };
        let patch = "kubectl patch";
        assert_eq!(
            command("batch/v1", "CronJob"),
            format!("{patch} cronjob web -n shop --patch-file FILE")
        );
        assert_eq!(
            command("example.com/v1", "Widget"),
            format!("{patch} widget.v1.example.com web -n shop --type merge --patch-file FILE")
        );
        assert_eq!(
            command("v1", "Pod"),
            format!("{patch} -f MANIFEST --local --patch-file FILE -o yaml | kubectl replace --force -n shop -f -")
        );
    }

    #[test]
    fn the_patch_of_a_job_is_for_its_manifest() {
        let mut report = sample::nginx();
        report.spec.target_ref.api_version = "batch/v1".to_owned();
        report.spec.target_ref.kind = "Job".to_owned();
        let text = patch_yaml(&report).unwrap();
        assert!(
            text.contains("# what runs keeps its Pod template: the patch is for the manifest"),
            "{text}"
        );
    }

    #[test]
    fn nothing_verified_is_no_patch() {
        let mut report = sample::nginx();
        report.spec.verification = None;
        let error = patch_yaml(&report).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("nothing was verified for Deployment/nginx"),
            "{error}"
        );
    }
}

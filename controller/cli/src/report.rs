//! `report`: what is kept of a check.

use std::{ffi::OsStr, path::Path};

use temper_api::HardeningReport;

use crate::{
    advice::Advised,
    args::{ReportArgs, ReportOutput},
    cluster::Cluster,
    output,
    standing::Standing,
};

/// Renders a report.
pub(crate) async fn show(cluster: &Cluster, args: ReportArgs) -> anyhow::Result<u8> {
    let ReportArgs { name, output, file } = args;
    let report = find(cluster, &name).await?;
    let text = match output.unwrap_or_else(|| meant(file.as_deref())) {
        ReportOutput::Html => temper_report::html(&report)?,
        ReportOutput::Markdown => temper_report::markdown(&report)?,
        ReportOutput::Json => temper_report::json(&report)?,
    };
    output::deliver(&text, file.as_deref())?;
    Ok(0)
}

/// The format that the name of a file asks for.
fn meant(file: Option<&Path>) -> ReportOutput {
    let extension = file
        .and_then(Path::extension)
        .and_then(OsStr::to_str)
        .unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "md" | "markdown" => ReportOutput::Markdown,
        "json" => ReportOutput::Json,
        _ => ReportOutput::Html,
    }
}

/// The report of the check of this name, or the report of this name.
pub(crate) async fn find(cluster: &Cluster, name: &str) -> Result<HardeningReport, Advised> {
    let namespace = cluster.namespace();
    let check = cluster.check(name).await?;
    let status = check.as_ref().and_then(|check| check.status.as_ref());
    let report = status.and_then(|status| status.report.as_deref());
    if check.is_some() && report.is_none() && !Standing::of(status).is_final() {
        return Err(Advised::new(format!("check `{name}` has no report yet")).hint(format!(
            "wait for it: kubectl temper status {name} -n {namespace} --watch"
        )));
    }
    let wanted = report.unwrap_or(name);
    if let Some(report) = cluster.report(wanted).await? {
        return Ok(report);
    }
    Err(match check {
        Some(_) => Advised::new(format!("check `{name}` ended without a report"))
            .hint(format!("see why: kubectl temper status {name} -n {namespace}")),
        None => Advised::new(format!(
            "there is no check and no report `{name}` in namespace `{namespace}`"
        ))
        .hint(format!("list them with: kubectl get whc,hr -n {namespace}")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, to_value};

    use super::*;
    use crate::{
        args::PatchArgs,
        conversation::{Answer::Once, cluster, failure},
        patch,
        printer::explanation,
        sample,
    };

    #[test]
    fn the_name_of_a_file_says_the_format() {
        for (file, wanted) in [
            (Some("report.html"), ReportOutput::Html),
            (Some("out/REPORT.MD"), ReportOutput::Markdown),
            (Some("report.json"), ReportOutput::Json),
            (Some("report.v1"), ReportOutput::Html),
            (Some("-"), ReportOutput::Html),
            (None, ReportOutput::Html),
        ] {
            assert_eq!(meant(file.map(Path::new)), wanted, "{file:?}");
        }
    }

    #[tokio::test]
    async fn every_format_is_rendered_from_the_report_alone() {
        for (output, first) in [
            (ReportOutput::Html, "<!DOCTYPE html>"),
            (ReportOutput::Markdown, "## Hardening of Deployment/nginx"),
            (ReportOutput::Json, "{\n  \"schema\": \"temper.dev/report/v1\""),
        ] {
            let (cluster, script) = cluster(vec![
                ("GET checks/nginx", Once(404, failure(404, "NotFound", "nginx"))),
                ("GET reports/nginx", Once(200, sample::report("NothingProven"))),
            ])
            .await;
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("report");
            let args = ReportArgs {
                name: "nginx".to_owned(),
                output: Some(output),
                file: Some(file.clone()),
            };
            assert_eq!(show(&cluster, args).await.unwrap(), 0);
            let text = std::fs::read_to_string(file).unwrap();
            assert!(text.starts_with(first), "{text}");
            assert!(script.is_over());
        }
    }

    fn check(name: &str) -> Value {
        to_value(sample::check(name)).unwrap()
    }

    #[tokio::test]
    async fn by_the_name_of_its_check_or_by_its_own() {
        let (by_check, script) = cluster(vec![
            ("GET checks/verified", Once(200, check("verified"))),
            ("GET reports/nginx", Once(200, sample::report("NothingProven"))),
        ])
        .await;
        find(&by_check, "verified").await.unwrap();
        assert!(script.is_over());
        let (by_report, script) = cluster(vec![
            ("GET checks/nginx", Once(404, failure(404, "NotFound", "nginx"))),
            ("GET reports/nginx", Once(200, sample::report("NothingProven"))),
        ])
        .await;
        find(&by_report, "nginx").await.unwrap();
        assert!(script.is_over());
    }

    #[tokio::test]
    async fn why_there_is_none() {
        let missing = |name| Once(404, failure(404, "NotFound", name));
        let scripts = [
            (
                "nobody",
                vec![
                    ("GET checks/nobody", missing("nobody")),
                    ("GET reports/nobody", missing("nobody")),
                ],
            ),
            ("running", vec![("GET checks/running", Once(200, check("running")))]),
            (
                "hardened",
                vec![
                    ("GET checks/hardened", Once(200, check("hardened"))),
                    ("GET reports/hardened", missing("hardened")),
                ],
            ),
            (
                "absent",
                vec![("GET checks/absent", Once(404, failure(404, "NotFound", "")))],
            ),
        ];
        let mut texts = String::new();
        for (name, script) in scripts {
            let (cluster, script) = cluster(script).await;
            texts += &explanation(&find(&cluster, name).await.unwrap_err().into());
            assert!(script.is_over(), "{name}");
        }
        insta::assert_snapshot!(texts);
    }

    #[tokio::test]
    async fn no_patch_is_no_success() {
        for (outcome, code) in [("NothingProven", 1), ("AlreadyHardened", 1), ("BaselineUnstable", 2)] {
            let (cluster, _) = cluster(vec![
                ("GET checks/nginx", Once(404, failure(404, "NotFound", "nginx"))),
                ("GET reports/nginx", Once(200, sample::report(outcome))),
            ])
            .await;
            let error = patch::show(
                &cluster,
                PatchArgs {
                    name: "nginx".to_owned(),
                    file: None,
                },
            )
            .await
            .unwrap_err();
            assert_eq!(
                crate::advice::exit_code(&error),
                code,
                "{outcome}: {}",
                explanation(&error)
            );
        }
    }
}

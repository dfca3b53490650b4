//! `explain`: why each setting came to what it came to.

use temper_api::{CheckStatus, HardeningReport, WorkloadHardeningCheck, condition};
use temper_report::{Explanation, Known, explain};

use crate::{
    advice::Advised,
    args::{ExplainArgs, ExplainOutput},
    cluster::Cluster,
    printer, status,
};

/// Explains the settings of a check, or one of them.
pub(crate) async fn show(cluster: &Cluster, args: ExplainArgs) -> anyhow::Result<u8> {
    let ExplainArgs { name, setting, output } = args;
    let whole = find(cluster, &name).await?;
    let explanation = match &setting {
        None => whole,
        Some(setting) => only(whole, &name, setting)?,
    };
    printer::result(&match output {
        ExplainOutput::Text => explanation.text(),
        ExplainOutput::Json => explanation.json()?,
    })?;
    Ok(0)
}

/// What is known of the check of this name, or of the report of this name where its check is gone.
async fn find(cluster: &Cluster, name: &str) -> Result<Explanation, Advised> {
    let Some(check) = cluster.check(name).await? else {
        let report = cluster
            .report(name)
            .await?
            .ok_or_else(|| status::missing(cluster, name))?;
        return Ok(explain(&Known::of(&report)));
    };
    let nothing = CheckStatus::default();
    let status = check.status.as_ref().unwrap_or(&nothing);
    let report = match &status.report {
        Some(report) => cluster.report(report).await?,
        None => None,
    };
    let outcome = status
        .condition(condition::COMPLETE)
        .map_or("it has not begun", |complete| complete.message.as_str());
    let target = check.spec.target_ref.to_string();
    Ok(explain(&Known {
        target: &target,
        outcome,
        settings: &status.settings,
        runs: &status.runs,
        verification: status.verification.as_ref(),
        report: report
            .as_ref()
            .filter(|report| is_of(report, &check))
            .map(|report| &report.spec),
    }))
}

/// Whether a later check of the workload has not written its own in the place of this report.
fn is_of(report: &HardeningReport, check: &WorkloadHardeningCheck) -> bool {
    check
        .metadata
        .uid
        .as_ref()
        .is_none_or(|uid| *uid == report.spec.check.uid)
}

fn only(explanation: Explanation, check: &str, setting: &str) -> Result<Explanation, Advised> {
    let names = explanation.names();
    explanation.only(setting).ok_or_else(|| {
        let error = Advised::new(format!("check `{check}` says nothing of a setting `{setting}`"));
        if names.is_empty() {
            error.hint("it has judged no setting")
        } else {
            error.hint(format!("it has: {}", names.join(", ")))
        }
    })
}

#[cfg(test)]
mod tests;

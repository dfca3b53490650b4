//! Why each setting came to what it came to: what `kubectl temper explain` prints.
//!
//! Everything is made from the status of a check and its report, so that it can be told when the runs are gone. Of what
//! both have the status has more: a report is cut down to 10 KiB.

mod place;
mod text;

use serde::Serialize;
use serde_json::Value;
use temper_api::{
    FindingRecord, FindingWeight, HardeningReport, HardeningReportSpec, ProofFact, RunPhase, RunSummary, SettingState,
    SettingStatus, Verification,
};
use temper_core::setting::{Item, Setting};

use self::place::Patched;
use crate::{
    error::Error,
    json::{
        pretty,
        term::{End, Level, State},
    },
    rows::usual_reason,
};

/// What is known of a check.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The target as Kind/name.
    pub target: &'a str,
    /// How the check ended or where it stands, in a sentence.
    pub outcome: &'a str,
    /// The verdicts.
    pub settings: &'a [SettingStatus],
    /// The runs.
    pub runs: &'a [RunSummary],
    /// The run of the recommendation.
    pub verification: Option<&'a Verification>,
    /// Its report, if there is one yet.
    pub report: Option<&'a HardeningReportSpec>,
}

impl<'a> Known<'a> {
    /// What a report alone says.
    pub fn of(report: &'a HardeningReport) -> Self {
        let spec = &report.spec;
        Self {
            target: &spec.target,
            outcome: &spec.message,
            settings: &spec.settings,
            runs: &spec.runs,
            verification: spec.verification.as_ref(),
            report: Some(spec),
        }
    }
}

/// Why each setting came to what it came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The target as Kind/name.
    target: String,
    /// How the check ended or where it stands.
    outcome: String,
    /// Level of the Pod Security Standards that the recommendation reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    /// Each setting, in the order of the check.
    settings: Vec<Explained>,
}

/// Why one setting came to what it came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Explained {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    /// What it is for.
    meaning: &'static str,
    state: State,
    /// Run that decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    why: String,
    /// What the log said, where the sentence does not quote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<String>,
    /// What was read of the processes of the recommended run.
    proof: Vec<Proof>,
    /// Runs that had it, in the order of the check.
    tried: Vec<Try>,
    /// Where the patch has it.
    changes: Vec<Change>,
    /// What makes it possible.
    repairs: Vec<Repair>,
    /// Findings that do not fail it.
    warnings: Vec<String>,
    /// What the workload or its nodes would need to have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'static str>,
    standards: Standards,
}

/// What was read of one process.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    container: String,
    /// It shows the setting.
    shown: bool,
    fact: String,
}

/// A run that had a setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Try {
    run: String,
    outcome: End,
    screening: bool,
    /// Settings that it had beside this one.
    others: usize,
    /// Repairs that it had, of all of its settings.
    repairs: usize,
}

/// A field of the patch.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    field: String,
    value: Value,
}

/// A repair, and where the patch has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Repair {
    what: String,
    fields: Vec<String>,
}

/// Who else asks for a setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Standards {
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_security: Option<Control>,
    cis: &'static [&'static str],
    nsa: &'static [&'static str],
    kubescape: &'static [&'static str],
    trivy: &'static [&'static str],
}

/// A control of the Pod Security Standards.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Control {
    control: &'static str,
    level: &'static str,
}

/// Explains every setting of a check.
pub fn explain(known: &Known<'_>) -> Explanation {
    let patched = known.report.and_then(Patched::of);
    // One that is not known comes from another version, and nothing can be told of it.
    let explained = known.settings.iter().filter_map(|status| {
        let setting = status.id.parse::<Setting>().ok()?;
        Some(explained(known, patched.as_ref(), setting, status))
    });
    Explanation {
        target: known.target.to_owned(),
        outcome: known.outcome.to_owned(),
        level: known.verification.map(|verification| verification.level.into()),
        settings: explained.collect(),
    }
}

impl Explanation {
    /// The settings that are explained, each as `id` or `id/container`.
    pub fn names(&self) -> Vec<String> {
        self.settings.iter().map(Explained::name).collect()
    }

    /// What is said of one setting, `id` or `id/container`; none if there is no such.
    #[must_use]
    pub fn only(mut self, wanted: &str) -> Option<Self> {
        self.settings
            .retain(|setting| setting.id == wanted || setting.name() == wanted);
        (!self.settings.is_empty()).then_some(self)
    }

    /// For people: a paragraph for each setting.
    pub fn text(&self) -> String {
        text::text(self)
    }

    /// For programs.
    pub fn json(&self) -> Result<String, Error> {
        pretty("explanation", self)
    }
}

impl Explained {
    fn name(&self) -> String {
        name(&self.id, self.container.as_deref())
    }
}

fn name(id: &str, container: Option<&str>) -> String {
    container.map_or_else(|| id.to_owned(), |container| format!("{id}/{container}"))
}

fn explained(known: &Known<'_>, patched: Option<&Patched<'_>>, setting: Setting, status: &SettingStatus) -> Explained {
    let card = setting.card();
    let container = status.container.as_deref();
    let why = status
        .message
        .clone()
        .unwrap_or_else(|| usual_reason(status.state).to_owned());
    let is_recommended = known.verification.is_some_and(|v| status.run.as_ref() == Some(&v.run))
        && matches!(status.state, SettingState::Proven | SettingState::Unproven);
    let patched = patched.filter(|_| is_recommended);
    let lacks = matches!(status.state, SettingState::Rejected | SettingState::Unproven) && !is_recommended;
    let changes = patched
        .map(|patched| patched.changes(container, card.fields))
        .unwrap_or_default();
    let repair = |what: &String| Repair {
        what: what.clone(),
        fields: patched.map(|patched| patched.repair(what)).unwrap_or_default(),
    };
    Explained {
        id: status.id.clone(),
        container: status.container.clone(),
        meaning: card.meaning,
        state: status.state.into(),
        run: status.run.clone(),
        line: first_line(known.report, status).filter(|line| !why.contains(line.as_str())),
        why,
        proof: proof(known.report, status),
        tried: tried(known.runs, status),
        changes,
        repairs: status.repairs.iter().map(repair).collect(),
        warnings: status.warnings.clone(),
        needs: lacks.then_some(card.needs),
        standards: standards(setting),
    }
}

/// What the log said when it was rejected: the first line of the evidence of the run that decided it.
fn first_line(report: Option<&HardeningReportSpec>, status: &SettingStatus) -> Option<String> {
    let run = status
        .run
        .as_deref()
        .filter(|_| status.state == SettingState::Rejected)?;
    let evidence = report?.evidence.iter().find(|evidence| evidence.run == run)?;
    let decisive = |finding: &&FindingRecord| finding.weight == FindingWeight::Fail && finding.example.is_some();
    evidence.findings.iter().find(decisive)?.example.clone()
}

/// What the processes of the recommended run showed of it.
fn proof(report: Option<&HardeningReportSpec>, status: &SettingStatus) -> Vec<Proof> {
    let read = |fact: &ProofFact| Proof {
        container: fact.container.clone(),
        shown: fact.shown,
        fact: fact.fact.clone(),
    };
    let is_about = |fact: &&ProofFact| {
        // A fact about a container may name the setting alone or the item.
        let of_setting = fact.setting == status.id
            || fact
                .setting
                .parse::<Item>()
                .is_ok_and(|item| item.setting.to_string() == status.id);
        of_setting
            && status
                .container
                .as_ref()
                .is_none_or(|container| *container == fact.container)
    };
    let facts = report.into_iter().flat_map(|report| &report.proof);
    facts.filter(is_about).map(read).collect()
}

fn tried(runs: &[RunSummary], status: &SettingStatus) -> Vec<Try> {
    let name = name(&status.id, status.container.as_deref());
    let had_it = |run: &&RunSummary| run.settings.contains(&name) || Some(&run.name) == status.run.as_ref();
    let of = |run: &RunSummary| Try {
        run: run.name.clone(),
        outcome: run.phase.into(),
        screening: run.screening && run.phase == RunPhase::Passed,
        others: run.settings.iter().filter(|item| **item != name).count(),
        repairs: run.repairs.len(),
    };
    runs.iter().filter(had_it).map(of).collect()
}

fn standards(setting: Setting) -> Standards {
    let mapping = setting.mapping();
    Standards {
        pod_security: mapping.pod_security.map(|(control, level)| Control {
            control,
            level: crate::manual::level_name(level),
        }),
        cis: mapping.cis,
        nsa: mapping.nsa,
        kubescape: mapping.kubescape,
        trivy: mapping.trivy,
    }
}

#[cfg(test)]
mod tests;

//! The report as JSON for programs: a form of its own, whose version is `temper.dev/report/v1`.
//!
//! `schema/report-v1.json` is its JSON Schema, made from the types below. Within a version fields are only added, so a
//! reader must ignore what it does not know; whatever else changes is another version. Texts are as they were recorded,
//! with everything that could steer a terminal written as an escape of JSON.

mod experiment;
mod finding;
mod subject;
pub(crate) mod term;

use std::{collections::BTreeMap, fmt::Write};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use temper_api::HardeningReport;

use self::{
    experiment::{Measurement, Run, measurements, runs},
    finding::{Evidence, Proof, evidence, proof},
    subject::{
        Cost, Patch, Recommendation, Resources, Setting, Target, Timings, Verification, patch, resources, settings,
    },
    term::Verdict,
};
use crate::{error::Error, verdict::verdict, words::is_steering};

/// The name of this form.
const SCHEMA: &str = "temper.dev/report/v1";

/// What Temper found out about a workload.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// The name and version of this form.
    #[schemars(schema_with = "the_name")]
    schema: &'static str,
    /// Name of the HardeningReport.
    name: String,
    /// Namespace of report, check and workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// The workload.
    target: Target,
    /// Name of the check.
    check: String,
    /// UID of the check.
    check_uid: String,
    /// What the check came to.
    verdict: Verdict,
    /// Reason of the check's Complete condition, such as `Verified` or `BaselineUnstable`.
    reason: String,
    /// Its message: one sentence for people.
    message: String,
    /// The verdict on each setting, in the order of the check.
    settings: Vec<Setting>,
    /// What to put into the Pod template; only where it was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    recommendation: Option<Recommendation>,
    /// The same as a patch; only where it was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<Patch>,
    /// Requests and limits that containers lack, by their names.
    resources: BTreeMap<String, Resources>,
    /// The run of the recommendation as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Verification>,
    /// What the running processes of that run showed.
    proof: Vec<Proof>,
    /// Every run, in the order of the check.
    runs: Vec<Run>,
    /// What was found in the runs.
    evidence: Vec<Evidence>,
    /// What was measured in the baselines and in the run of the recommendation.
    measurements: Vec<Measurement>,
    /// What the check took.
    cost: Cost,
    /// When it was.
    timings: Timings,
}

impl From<&HardeningReport> for Report {
    fn from(report: &HardeningReport) -> Self {
        let spec = &report.spec;
        let verified = crate::is_verified(report);
        Self {
            schema: SCHEMA,
            name: report.metadata.name.clone().unwrap_or_default(),
            namespace: report.metadata.namespace.clone(),
            target: Target::from(spec),
            check: spec.check.name.clone(),
            check_uid: spec.check.uid.clone(),
            verdict: verdict(report).into(),
            reason: spec.outcome.clone(),
            message: spec.message.clone(),
            settings: settings(&spec.settings),
            recommendation: spec
                .recommendation
                .as_ref()
                .filter(|_| verified)
                .map(Recommendation::from),
            patch: patch(report).filter(|_| verified),
            resources: resources(&spec.resources),
            verification: spec.verification.as_ref().map(Verification::from),
            proof: proof(&spec.proof),
            runs: runs(&spec.runs),
            evidence: evidence(&spec.evidence),
            measurements: measurements(&spec.series, &spec.runs),
            cost: Cost::from(&spec.cost),
            timings: Timings::from(&spec.timings),
        }
    }
}

/// The report as JSON for programs.
pub fn json(report: &HardeningReport) -> Result<String, Error> {
    pretty("report", &Report::from(report))
}

/// The JSON Schema of what [`json`] writes.
pub fn json_schema() -> Result<String, Error> {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    pretty("schema", &settings.into_generator().into_root_schema_for::<Report>())
}

pub(crate) fn pretty<T: Serialize>(what: &'static str, value: &T) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value).map_err(|source| Error::Json { what, source })?;
    Ok(harmless(&text) + "\n")
}

/// The same JSON, with escapes for what a terminal would obey or nobody would see. serde_json escapes the control
/// characters of ASCII only, and outside of strings there is nothing but ASCII.
fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && is_steering(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
    text
}

fn the_name(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "const": SCHEMA })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::sample;

    #[test]
    fn nginx() {
        let mut report = sample::nginx();
        for series in &mut report.spec.series {
            series.points.truncate(2);
        }
        insta::assert_snapshot!(json(&report).unwrap());
    }

    #[test]
    fn the_schema_on_file_is_that_of_the_types() {
        let fresh = json_schema().unwrap();
        assert_eq!(
            fresh,
            include_str!("../schema/report-v1.json"),
            "write it with: cargo run -p temper-report --example render schema > controller/report/schema/report-v1.json"
        );
    }

    #[test]
    fn every_field_is_explained() {
        fn unexplained(value: &Value, path: &str, found: &mut Vec<String>) {
            if let Some(fields) = value.get("properties").and_then(Value::as_object) {
                let silent = fields.iter().filter(|(_, field)| field.get("description").is_none());
                found.extend(silent.map(|(name, _)| format!("{path}/{name}")));
            }
            for (name, inner) in value.as_object().into_iter().flatten() {
                unexplained(inner, &format!("{path}/{name}"), found);
            }
        }
        let mut found = Vec::new();
        unexplained(&serde_json::from_str(&json_schema().unwrap()).unwrap(), "", &mut found);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn texts_arrive_as_they_were_and_steer_nothing() {
        let report = sample::hostile();
        let text = json(&report).unwrap();
        assert!(
            !text
                .chars()
                .any(|character| character != '\n' && is_steering(character))
        );
        let value: Value = serde_json::from_str(&text).unwrap();
        let example = value.pointer("/evidence/0/findings/0/example").unwrap();
        assert_eq!(
            example.as_str(),
            report.spec.evidence[0].findings[0].example.as_deref(),
            "{text}"
        );
        assert_eq!(harmless("\"\u{9b}\u{e0041}\""), r#""\u009b\udb40\udc41""#);
    }

    #[test]
    fn numbers_that_are_none_are_left_out() {
        let value: Value = serde_json::from_str(&json(&sample::hostile()).unwrap()).unwrap();
        assert!(value.pointer("/runs/0/endedSeconds").is_none());
        for measurement in value.pointer("/measurements").unwrap().as_array().unwrap() {
            assert!(measurement.pointer("/median").unwrap().is_number(), "{measurement}");
        }
    }

    #[test]
    fn what_was_not_verified_is_not_recommended() {
        let mut report = sample::nginx();
        report.spec.verification = None;
        let value: Value = serde_json::from_str(&json(&report).unwrap()).unwrap();
        assert_eq!(value.pointer("/verdict").unwrap(), "undecided");
        assert!(value.pointer("/patch").is_none() && value.pointer("/recommendation").is_none());
    }
}

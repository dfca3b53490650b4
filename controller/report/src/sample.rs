//! A report as a controller writes it, and one by somebody who means harm.

use temper_api::{HardeningReport, RunPhase};

/// Root nginx: five settings of seven proven.
pub(crate) fn nginx() -> HardeningReport {
    serde_saphyr::from_str(include_str!("../samples/nginx.yaml")).unwrap()
}

/// Root nginx with repairs: four settings of five proven.
pub(crate) fn repaired() -> HardeningReport {
    serde_saphyr::from_str(include_str!("../samples/repaired.yaml")).unwrap()
}

/// A report of a check whose baseline crashed.
pub(crate) fn nothing() -> HardeningReport {
    let mut report = nginx();
    let spec = &mut report.spec;
    "BaselineUnstable".clone_into(&mut spec.outcome);
    "0/0".clone_into(&mut spec.summary);
    "the unchanged workload does not work in its clone `baseline-1`".clone_into(&mut spec.message);
    (spec.recommendation, spec.patch, spec.verification, spec.completed_at) = (None, None, None, None);
    (spec.settings, spec.proof, spec.runs, spec.evidence, spec.series) = <_>::default();
    (spec.cost, spec.timings) = <_>::default();
    report
}

/// The report of nginx with markup in every text.
pub(crate) fn hostile() -> HardeningReport {
    const MARKUP: &str =
        r#"</style></title></pre><script>alert("x")</script><img src=x onerror=alert(1)> & 'q' | `` | \ @eve #99 "#;
    let mut report = nginx();
    let spec = &mut report.spec;
    report.metadata.name = Some(MARKUP.to_owned());
    report.metadata.namespace = Some(MARKUP.to_owned());
    for text in [
        &mut spec.target,
        &mut spec.target_ref.kind,
        &mut spec.target_ref.name,
        &mut spec.check.name,
        &mut spec.template_hash,
        &mut spec.message,
        &mut spec.summary,
    ] {
        MARKUP.clone_into(text);
    }
    for setting in &mut spec.settings {
        MARKUP.clone_into(&mut setting.id);
        setting.run = Some(MARKUP.to_owned());
        setting.message = Some(MARKUP.to_owned());
        setting.warnings.push(MARKUP.to_owned());
    }
    for fact in &mut spec.proof {
        MARKUP.clone_into(&mut fact.container);
        MARKUP.clone_into(&mut fact.setting);
        MARKUP.clone_into(&mut fact.fact);
    }
    let suggested = temper_api::SuggestedResources {
        requests: [(MARKUP.to_owned(), MARKUP.to_owned())].into(),
        ..temper_api::SuggestedResources::default()
    };
    spec.resources = [(MARKUP.to_owned(), suggested)].into();
    for run in &mut spec.runs {
        run.repairs.push(MARKUP.to_owned());
        MARKUP.clone_into(&mut run.name);
        run.message = Some(MARKUP.to_owned());
        run.settings.push(MARKUP.to_owned());
        run.ended_seconds = Some(f64::INFINITY);
        run.phase = RunPhase::Failed;
    }
    for evidence in &mut spec.evidence {
        MARKUP.clone_into(&mut evidence.run);
        for finding in &mut evidence.findings {
            MARKUP.clone_into(&mut finding.oracle);
            MARKUP.clone_into(&mut finding.rule);
            MARKUP.clone_into(&mut finding.message);
            finding.container = Some(MARKUP.to_owned());
            finding.template = Some(MARKUP.to_owned());
            finding.example = Some(format!("{MARKUP}\u{1b}[2J\u{202e}\0"));
        }
    }
    for series in &mut spec.series {
        MARKUP.clone_into(&mut series.run);
        MARKUP.clone_into(&mut series.container);
        if let Some(point) = series.points.first_mut() {
            point.v = f64::NAN;
        }
    }
    if let Some(verification) = &mut spec.verification {
        MARKUP.clone_into(&mut verification.run);
        verification.admitted = false;
        verification.message = Some(MARKUP.to_owned());
    }
    if let Some(recommendation) = &mut spec.recommendation {
        let contexts = std::mem::take(&mut recommendation.containers);
        recommendation.containers = contexts
            .into_values()
            .map(|context| (MARKUP.to_owned(), context))
            .collect();
    }
    spec.patch = Some(serde_json::json!({ MARKUP: MARKUP }));
    report
}

//! Checks as a controller leaves them.

use serde_json::{Value, json};
use temper_api::WorkloadHardeningCheck;

/// The check of this name in `samples/checks.yaml`.
pub(crate) fn check(name: &str) -> WorkloadHardeningCheck {
    let checks: Vec<WorkloadHardeningCheck> = serde_saphyr::from_str(include_str!("../samples/checks.yaml")).unwrap();
    let check = checks
        .into_iter()
        .find(|check| check.metadata.name.as_deref() == Some(name));
    check.unwrap_or_else(|| panic!("no sample `{name}`"))
}

/// The sample of this name as check `nginx`.
pub(crate) fn nginx(sample: &str) -> WorkloadHardeningCheck {
    let mut check = check(sample);
    check.metadata.name = Some("nginx".to_owned());
    check.metadata.uid = Some("first".to_owned());
    check.metadata.resource_version = Some("2".to_owned());
    check
}

/// A report without a recommendation.
pub(crate) fn report(outcome: &str) -> Value {
    json!({
        "apiVersion": "temper.dev/v1alpha1", "kind": "HardeningReport",
        "metadata": {"name": "nginx", "namespace": "web"},
        "spec": {
            "target": "Deployment/nginx", "targetRef": {"kind": "Deployment", "name": "nginx"},
            "check": {"name": "nginx", "uid": "1"}, "templateHash": "0", "outcome": outcome,
            "message": "Nothing is recommended.", "summary": "0/7",
            "cost": {"runs": 3, "clones": 3, "cloneSeconds": 90.0}, "timings": {"recordingSeconds": 60},
        },
    })
}

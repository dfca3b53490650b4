use serde_json::json;

use super::*;
use crate::sample;

fn repaired() -> Explanation {
    explain(&Known::of(&sample::repaired()))
}

#[test]
fn a_paragraph_for_each_setting() {
    insta::assert_snapshot!(repaired().text());
}

#[test]
fn a_program_reads_the_same() {
    insta::assert_snapshot!(repaired().only("readOnlyRootFilesystem/nginx").unwrap().json().unwrap());
}

#[test]
fn a_setting_is_found_by_its_id_and_by_its_container() {
    let names = |wanted: &str| repaired().only(wanted).map(|explanation| explanation.names());
    assert_eq!(names("runAsNonRoot").unwrap(), ["runAsNonRoot/nginx"]);
    assert_eq!(names("runAsNonRoot/nginx").unwrap(), ["runAsNonRoot/nginx"]);
    assert_eq!(names("fsGroup").unwrap(), ["fsGroup"]);
    assert_eq!(names("runAsNonRoot/log-shipper"), None);
    assert_eq!(names("nonsense"), None);
}

#[test]
fn a_check_that_goes_on_is_explained_without_a_report() {
    let status = |id: &str, state: &str| serde_json::from_value(json!({"id": id, "state": state})).unwrap();
    let runs = [serde_json::from_value(
        json!({"name": "all", "role": "Verification", "phase": "Recording", "settings": ["fsGroup"]}),
    )
    .unwrap()];
    let explanation = explain(&Known {
        target: "Deployment/web",
        outcome: "1 of 3 runs have ended",
        settings: &[status("fsGroup", "Pending"), status("privileged", "AlreadySet")],
        runs: &runs,
        verification: None,
        report: None,
    });
    insta::assert_snapshot!(explanation.text());
}

#[test]
fn a_kind_that_nobody_knows_has_its_pod_where_the_patch_has_it() {
    let mut report = sample::repaired();
    let target = &mut report.spec.target_ref;
    (target.api_version, target.kind) = ("example.com/v1".to_owned(), "Widget".to_owned());
    let pod = report
        .spec
        .patch
        .as_ref()
        .unwrap()
        .pointer("/spec/template/spec")
        .cloned()
        .unwrap();
    report.spec.patch = Some(json!({"spec": {"widget": {"pod": pod}}}));
    let text = explain(&Known::of(&report)).only("fsGroup").unwrap().text();
    assert!(
        text.contains("patch: spec.widget.pod.securityContext.fsGroup: 101"),
        "{text}"
    );
}

#[test]
fn nothing_steers_a_terminal() {
    let mut report = sample::hostile();
    for setting in &mut report.spec.settings {
        setting.id = "fsGroup".to_owned();
        setting.container = Some("\u{1b}[2J".to_owned());
        setting.message = Some("\u{202e}\nnext".to_owned());
    }
    let text = explain(&Known::of(&report)).text();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
}

use serde_json::{Value, json, to_value};

use super::*;
use crate::{
    conversation::{Answer::Once, cluster, failure},
    printer::explanation,
    sample,
};

fn args(name: &str, setting: Option<&str>) -> ExplainArgs {
    ExplainArgs {
        name: name.to_owned(),
        setting: setting.map(str::to_owned),
        output: ExplainOutput::Text,
    }
}

/// The report of the check `verified`.
fn report(uid: &str) -> Value {
    let mut report = sample::report("Verified");
    let spec = report.get_mut("spec").unwrap();
    spec["check"] = json!({"name": "verified", "uid": uid});
    spec["evidence"] = json!([{"run": "read-only-root", "findings": [{
        "oracle": "TC-03", "rule": "new-message", "weight": "Fail", "message": "", "example": "open /run/nginx.pid: EROFS"
    }]}]);
    report
}

fn check() -> Value {
    let mut check = sample::check("verified");
    check.metadata.uid = Some("7".to_owned());
    to_value(check).unwrap()
}

#[tokio::test]
async fn a_check_is_explained_with_what_its_report_adds() {
    let (cluster, script) = cluster(vec![
        ("GET checks/verified", Once(200, check())),
        ("GET reports/nginx", Once(200, report("7"))),
    ])
    .await;
    let text = find(&cluster, "verified").await.unwrap().text();
    assert!(script.is_over());
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn the_report_of_a_later_check_says_nothing_of_this_one() {
    let (cluster, _) = cluster(vec![
        ("GET checks/verified", Once(200, check())),
        ("GET reports/nginx", Once(200, report("8"))),
    ])
    .await;
    let text = find(&cluster, "verified").await.unwrap().text();
    assert!(!text.contains("EROFS"), "{text}");
}

#[tokio::test]
async fn a_report_is_enough_where_the_check_is_gone() {
    let (cluster, script) = cluster(vec![
        ("GET checks/nginx", Once(404, failure(404, "NotFound", "nginx"))),
        ("GET reports/nginx", Once(200, sample::report("NothingProven"))),
    ])
    .await;
    let text = find(&cluster, "nginx").await.unwrap().text();
    assert_eq!(text, "Deployment/nginx: Nothing is recommended.\n");
    assert!(script.is_over());
}

#[tokio::test]
async fn what_is_unknown_is_told_with_what_is_known() {
    let mut texts = String::new();
    for (setting, conversation) in [
        (
            Some("readOnly"),
            vec![
                ("GET checks/verified", Once(200, check())),
                ("GET reports/nginx", Once(200, report("7"))),
            ],
        ),
        (
            Some("privileged/app"),
            vec![(
                "GET checks/verified",
                Once(200, to_value(sample::check("waiting")).unwrap()),
            )],
        ),
        (
            None,
            vec![
                ("GET checks/verified", Once(404, failure(404, "NotFound", "verified"))),
                ("GET reports/verified", Once(404, failure(404, "NotFound", "verified"))),
            ],
        ),
    ] {
        let (cluster, script) = cluster(conversation).await;
        texts += &explanation(&show(&cluster, args("verified", setting)).await.unwrap_err());
        assert!(script.is_over());
    }
    insta::assert_snapshot!(texts);
}

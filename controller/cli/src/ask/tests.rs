//! What is asked of a check, and what is answered.

use serde_json::to_value;

use super::*;
use crate::{
    conversation::{
        Answer::{self, Once, Watch},
        Script, cluster, event, failure, list,
    },
    printer::explanation,
    sample::{self, nginx},
};

const TOKEN: &str = "2026-11-23T10:00:00Z";

fn retry() -> Wish {
    Wish::Retry {
        token: TOKEN.to_owned(),
    }
}

fn args(watch: bool) -> AskArgs {
    AskArgs {
        name: "nginx".to_owned(),
        watch,
        timeout: None,
    }
}

fn get(check: &WorkloadHardeningCheck) -> (&'static str, Answer) {
    ("GET checks/nginx", Once(200, to_value(check).unwrap()))
}

fn patched(check: &WorkloadHardeningCheck) -> (&'static str, Answer) {
    ("PATCH checks/nginx", Once(200, to_value(check).unwrap()))
}

fn no_events() -> (&'static str, Answer) {
    ("LIST events", Once(403, failure(403, "Forbidden", "events")))
}

async fn asked(wish: Wish, watch: bool, script: Vec<(&'static str, Answer)>) -> (anyhow::Result<u8>, Script) {
    let (cluster, script) = cluster(script).await;
    (ask(&cluster, wish, args(watch)).await, script)
}

#[tokio::test]
async fn each_wish_is_one_patch_of_exactly_this_check() {
    let with_uid = |fields: Value| {
        let mut fields = fields;
        fields["metadata"]["uid"] = "first".into();
        fields
    };
    for (wish, sample, wanted) in [
        (Wish::Suspend, "running", json!({"spec": {"suspend": true}})),
        (Wish::Resume, "suspended", json!({"spec": {"suspend": false}})),
        (
            Wish::Cancel,
            "running",
            json!({"metadata": {"annotations": {"temper.dev/cancel": "true"}}}),
        ),
        (
            retry(),
            "cancelled",
            json!({"metadata": {"annotations": {"temper.dev/retry": TOKEN, "temper.dev/cancel": null}}}),
        ),
    ] {
        let check = nginx(sample);
        let (code, script) = asked(wish.clone(), false, vec![get(&check), patched(&check)]).await;
        assert_eq!(code.unwrap(), 0, "{wish:?}");
        assert!(script.is_over());
        let (query, body) = script.sent("PATCH checks/nginx");
        assert_eq!(body, with_uid(wanted), "{wish:?}");
        assert!(query.contains("fieldValidation=Strict"), "{query}");
        assert!(query.contains("fieldManager=kubectl-temper"), "{query}");
    }
}

#[tokio::test]
async fn what_was_asked_already_is_not_asked_again() {
    let mut cancelling = nginx("running");
    cancelling
        .annotations_mut()
        .insert(annotation::CANCEL.to_owned(), "true".to_owned());
    for (wish, check) in [
        (Wish::Suspend, nginx("suspended")),
        (Wish::Resume, nginx("running")),
        (Wish::Cancel, cancelling),
    ] {
        let (code, script) = asked(wish.clone(), false, vec![get(&check)]).await;
        assert_eq!(code.unwrap(), 0, "{wish:?}");
        assert!(script.is_over());
    }
}

#[test]
fn another_try_is_not_held_up_by_a_wish_of_the_last_one() {
    let mut check = nginx("cancelled");
    check.spec.suspend = true;
    let change = change(&retry(), &check, "web").unwrap().unwrap();
    assert_eq!(change["spec"], json!({"suspend": false}));
}

#[tokio::test]
async fn nothing_can_come_of_it_and_the_way_out_is_told() {
    let mut leaving = sample::check("running");
    leaving.metadata.deletion_timestamp = leaving.status.as_ref().unwrap().conditions[0]
        .last_transition_time
        .clone()
        .into();
    let mut texts = String::new();
    for (wish, check) in [
        (Wish::Suspend, sample::check("verified")),
        (Wish::Resume, sample::check("cancelled")),
        (Wish::Cancel, sample::check("nothing-proven")),
        (retry(), sample::check("running")),
        (retry(), sample::check("suspended")),
        (Wish::Suspend, leaving),
    ] {
        let error = change(&wish, &check, "web").unwrap_err();
        texts += &explanation(&error.into());
    }
    let missing = vec![("GET checks/nginx", Once(404, failure(404, "NotFound", "nginx")))];
    texts += &explanation(&asked(Wish::Cancel, false, missing).await.0.unwrap_err());
    let check = nginx("running");
    let replaced = vec![
        get(&check),
        ("PATCH checks/nginx", Once(409, failure(409, "Conflict", "nginx"))),
    ];
    texts += &explanation(&asked(Wish::Suspend, false, replaced).await.0.unwrap_err());
    insta::assert_snapshot!(texts);
}

#[tokio::test]
async fn suspending_is_followed_until_the_check_holds_still() {
    let (running, suspended) = (nginx("running"), nginx("suspended"));
    let (code, script) = asked(
        Wish::Suspend,
        true,
        vec![
            get(&running),
            patched(&running),
            ("LIST checks", Once(200, list(&[&running]))),
            ("WATCH checks", Watch(vec![event("MODIFIED", &suspended)])),
            no_events(),
        ],
    )
    .await;
    assert_eq!(code.unwrap(), 0);
    assert!(script.is_over());
}

#[tokio::test]
async fn a_check_that_ended_before_it_held_still_has_its_own_code() {
    let (running, nothing) = (nginx("running"), nginx("nothing-proven"));
    let (code, _) = asked(
        Wish::Suspend,
        true,
        vec![
            get(&running),
            patched(&running),
            ("LIST checks", Once(200, list(&[&nothing]))),
            no_events(),
        ],
    )
    .await;
    assert_eq!(code.unwrap(), 1);
}

#[tokio::test]
async fn cancelling_has_succeeded_once_the_check_has_ended() {
    let (running, cancelled) = (nginx("running"), nginx("cancelled"));
    let (code, script) = asked(
        Wish::Cancel,
        true,
        vec![
            get(&running),
            patched(&running),
            ("LIST checks", Once(200, list(&[&cancelled]))),
            no_events(),
        ],
    )
    .await;
    assert_eq!(code.unwrap(), 0);
    assert!(script.is_over());
}

#[tokio::test]
async fn a_retry_is_followed_to_its_own_end_and_not_to_the_last_one() {
    let (nothing, mut running, mut verified) = (nginx("nothing-proven"), nginx("running"), nginx("verified"));
    for check in [&mut running, &mut verified] {
        check.status.as_mut().unwrap().retried = Some(TOKEN.to_owned());
    }
    let (code, script) = asked(
        retry(),
        true,
        vec![
            get(&nothing),
            patched(&nothing),
            ("LIST checks", Once(200, list(&[&nothing]))),
            (
                "WATCH checks",
                Watch(vec![event("MODIFIED", &running), event("MODIFIED", &verified)]),
            ),
            no_events(),
        ],
    )
    .await;
    assert_eq!(code.unwrap(), 0);
    assert!(script.is_over());
}

//! Conversations with an API server.

use std::time::Duration;

use super::*;
use crate::{
    conversation::{
        Answer::{Once, Watch},
        cluster, event, failure, list,
    },
    sample::nginx,
    standing::Standing,
};

#[tokio::test]
async fn ends_with_the_check() {
    let (running, verified) = (nginx("running"), nginx("verified"));
    let events = vec![event("MODIFIED", &running), event("MODIFIED", &verified)];
    let (cluster, script) = cluster(vec![
        ("LIST checks", Once(200, list(&[&running]))),
        ("WATCH checks", Watch(events)),
    ])
    .await;
    let ended = follow(&cluster, "nginx", &Goal::End, None).await.unwrap();
    assert_eq!(Standing::of(ended.status.as_ref()).exit_code(), 0);
    assert!(script.is_over());
}

#[tokio::test]
async fn a_deleted_check_ends_it() {
    let running = nginx("running");
    let (cluster, _) = cluster(vec![
        ("LIST checks", Once(200, list(&[&running]))),
        ("WATCH checks", Watch(vec![event("DELETED", &running)])),
    ])
    .await;
    let error = follow(&cluster, "nginx", &Goal::End, None).await.unwrap_err();
    assert_eq!(error.to_string(), "check `nginx` was deleted before it ended");
}

#[tokio::test]
async fn another_check_of_the_same_name_is_not_the_same() {
    let mut other = nginx("verified");
    other.metadata.uid = Some("second".to_owned());
    let (cluster, _) = cluster(vec![
        ("LIST checks", Once(200, list(&[&nginx("running")]))),
        ("WATCH checks", Watch(vec![event("MODIFIED", &other)])),
    ])
    .await;
    assert!(follow(&cluster, "nginx", &Goal::End, None).await.is_err());
}

#[tokio::test]
async fn the_limit_is_kept_and_the_way_back_is_told() {
    let (cluster, _) = cluster(vec![
        ("LIST checks", Once(200, list(&[&nginx("running")]))),
        ("WATCH checks", Watch(Vec::new())),
    ])
    .await;
    let error = follow(&cluster, "nginx", &Goal::End, Some(Duration::from_millis(200)))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "check `nginx` had not ended after 0.2 s");
    assert_eq!(
        error.hints(),
        ["it goes on; follow it with: kubectl temper status nginx -n web --watch"]
    );
}

#[tokio::test]
async fn a_missing_right_does_not_wait_for_ever() {
    let (cluster, _) = cluster(vec![("LIST checks", Once(403, failure(403, "Forbidden", "nginx")))]).await;
    let error = follow(&cluster, "nginx", &Goal::End, None).await.unwrap_err();
    assert_eq!(
        error.hints().first().map(String::as_str),
        Some("you need the right to watch workloadhardeningchecks.temper.dev in namespace `web`")
    );
}

#[tokio::test]
async fn an_interruption_is_got_over() {
    let (cluster, script) = cluster(vec![
        ("LIST checks", Once(503, failure(503, "ServiceUnavailable", "nginx"))),
        ("LIST checks", Once(200, list(&[&nginx("verified")]))),
    ])
    .await;
    follow(&cluster, "nginx", &Goal::End, Some(Duration::from_secs(30)))
        .await
        .unwrap();
    assert!(script.is_over());
}

#[tokio::test]
async fn a_check_is_gone_when_its_finalizers_are() {
    let old = nginx("verified");
    let (cluster, script) = cluster(vec![
        ("LIST checks", Once(200, list(&[&old]))),
        (
            "WATCH checks",
            Watch(vec![event("MODIFIED", &old), event("DELETED", &old)]),
        ),
    ])
    .await;
    until_gone(&cluster, &old).await.unwrap();
    assert!(script.is_over());
}

//! What people see of every standing.

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::sample;

fn nothing_new() -> News {
    News {
        events: Vec::new(),
        now: Timestamp::UNIX_EPOCH,
    }
}

fn text(name: &str, width: Option<u16>) -> String {
    status(
        &sample::check(name),
        "web",
        &nothing_new(),
        Look {
            terminal: false,
            width,
            colour: false,
        },
    )
}

#[test]
fn verified() {
    insta::assert_snapshot!(text("verified", None));
}

#[test]
fn verified_on_a_narrow_terminal() {
    insta::assert_snapshot!(text("verified", Some(80)));
}

#[test]
fn every_other_standing() {
    let names = [
        "running",
        "waiting",
        "refused",
        "unstable",
        "nothing-proven",
        "hardened",
        "suspended",
        "cancelled",
    ];
    let texts = names.map(|name| format!("===== {name} =====\n{}", text(name, None)));
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_log_line_cannot_move_the_cursor() {
    let mut check = sample::check("verified");
    let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nproven".to_owned();
    let now = check.status.as_mut().unwrap();
    now.settings[0].message = Some(hostile.clone());
    now.settings[0].warnings = vec![hostile.clone()];
    now.runs[0].message = Some(hostile.clone());
    now.conditions[3].message = hostile.clone();
    check.spec.target_ref.name = hostile;
    let text = status(
        &check,
        "web",
        &nothing_new(),
        Look {
            terminal: false,
            width: None,
            colour: false,
        },
    );
    assert!(
        !text
            .chars()
            .any(|character| character.is_control() && character != '\n'),
        "{text:?}"
    );
}

#[test]
fn colours_only_where_asked_for() {
    let check = sample::check("verified");
    let coloured = status(
        &check,
        "web",
        &nothing_new(),
        Look {
            terminal: false,
            width: Some(120),
            colour: true,
        },
    );
    assert!(coloured.contains('\u{1b}'));
    assert!(!text("verified", Some(120)).contains('\u{1b}'));
}

#[test]
fn what_was_asked_and_is_not_done_yet() {
    let headline = |check: &WorkloadHardeningCheck| {
        let standing = Standing::of(check.status.as_ref());
        outstanding(check, standing)
    };
    let with = |name: &str, key: &str| {
        let mut check = sample::check(name);
        check.annotations_mut().insert(key.to_owned(), "x".to_owned());
        check
    };
    let mut suspending = sample::check("running");
    suspending.spec.suspend = true;
    let mut resuming = sample::check("suspended");
    resuming.spec.suspend = false;
    assert_eq!(headline(&suspending), Some("asked to hold still"));
    assert_eq!(headline(&resuming), Some("asked to go on"));
    assert_eq!(headline(&with("running", annotation::CANCEL)), Some("asked to end"));
    assert_eq!(
        headline(&with("verified", annotation::RETRY)),
        Some("asked to begin anew")
    );
    let mut answered = with("verified", annotation::RETRY);
    answered.status.as_mut().unwrap().retried = Some("x".to_owned());
    for done in [
        answered,
        sample::check("suspended"),
        sample::check("cancelled"),
        sample::check("running"),
    ] {
        assert_eq!(headline(&done), None);
    }
}

#[test]
fn the_last_events_the_newest_at_the_end() {
    let event = |reason: &str, time: &str, field: &str| {
        serde_json::from_value(json!({
            "metadata": {"name": reason}, "involvedObject": {}, "type": "Warning",
            "reason": reason, "message": format!("{reason}\u{1b}[2J"), field: time,
        }))
        .unwrap()
    };
    let mut events: Vec<k8s_openapi::api::core::v1::Event> = (0..5)
        .map(|n| event(&format!("Old{n}"), &format!("2026-11-23T09:00:0{n}Z"), "lastTimestamp"))
        .collect();
    events.insert(0, event("Cancelled", "2026-11-23T09:00:50.000000Z", "eventTime"));
    let news = News {
        events,
        now: "2026-11-23T09:01:00Z".parse().unwrap(),
    };
    let look = Look {
        terminal: false,
        width: None,
        colour: false,
    };
    insta::assert_snapshot!(news::events(&news, look).unwrap());
    assert_eq!(news::events(&nothing_new(), look), None);
}

#[test]
fn notes_and_attempts_are_told() {
    let mut check = sample::check("suspended");
    check.status.as_mut().unwrap().notes = vec!["the clone leaves out Ingress `web`".to_owned()];
    let look = Look {
        terminal: false,
        width: None,
        colour: false,
    };
    let text = status(&check, "web", &nothing_new(), look);
    assert!(text.contains("note: the clone leaves out Ingress `web`"), "{text}");
    assert!(text.contains("failed, attempt 2"), "{text}");
}

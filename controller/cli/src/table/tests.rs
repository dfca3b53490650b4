//! What people see of every standing.

use super::*;
use crate::sample;

fn text(name: &str, width: Option<u16>) -> String {
    status(
        &sample::check(name),
        "web",
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
        Look {
            terminal: false,
            width: Some(120),
            colour: true,
        },
    );
    assert!(coloured.contains('\u{1b}'));
    assert!(!text("verified", Some(120)).contains('\u{1b}'));
}

//! What the command line takes.

use clap::CommandFactory;

use super::*;

#[test]
fn the_definition_holds() {
    Args::command().debug_assert();
}

#[test]
fn help() {
    let mut command = Args::command().term_width(100);
    command.build();
    let mut text = command.render_long_help().to_string();
    for name in [
        "check", "status", "explain", "report", "patch", "export", "judge", "suspend", "resume", "cancel", "retry",
    ] {
        let subcommand = command.find_subcommand_mut(name).unwrap();
        text = format!("{text}\n===== {name} =====\n{}", subcommand.render_long_help());
    }
    let logs = command.find_subcommand_mut("logs").unwrap();
    let templates = logs.find_subcommand_mut("templates").unwrap();
    text = format!("{text}\n===== logs templates =====\n{}", templates.render_long_help());
    insta::assert_snapshot!(text);
}

#[test]
fn global_options_may_follow_the_command() {
    let args = Args::try_parse_from(["kubectl-temper", "status", "nginx", "-n", "web", "--watch"]).unwrap();
    assert_eq!(args.connection.namespace.as_deref(), Some("web"));
}

#[test]
fn what_does_not_go_together() {
    for words in [
        &["check", "deploy/a", "--dry-run", "--watch"][..],
        &["check", "deploy/a", "--timeout", "5m"],
        &["check", "deploy/a", "--run-as-user", "0"],
        &["check", "deploy/a", "--duration", "9s"],
        &["check", "deploy/a", "--settings", "runAsNonRoot,nonsense"],
        &["check", "deploy/a", "--settings", ""],
        &["check", "deploy/a", "--suspend", "--watch"],
        &["retry", "a", "--timeout", "1h"],
        &["check"],
        &["export", "a-baseline-1"],
        &["judge", "--candidate", "c"],
        &["judge", "--baseline", "b"],
        &["judge", "--baseline", "b", "--candidate", "c", "-o", "html"],
        &["status", "a", "--timeout", "1h"],
    ] {
        let error = Args::try_parse_from([&["kubectl-temper"], words].concat()).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{words:?}");
    }
}

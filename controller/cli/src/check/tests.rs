//! What `check` asks for.

use clap::Parser;
use serde_json::to_value;

use super::*;
use crate::{
    args::{Args, Command},
    conversation::{
        Answer::{Once, Watch},
        cluster, event, failure, list,
    },
    printer::explanation,
    sample,
};

fn check_args(words: &[&str]) -> CheckArgs {
    let args = Args::try_parse_from([&["kubectl-temper", "check"], words].concat()).unwrap();
    let Command::Check(args) = args.command else {
        panic!("not a check")
    };
    args
}

fn yaml(words: &[&str]) -> String {
    let args = Args::try_parse_from([&["kubectl-temper", "check"], words].concat()).unwrap();
    let Command::Check(args) = args.command else {
        panic!("not a check")
    };
    output::yaml(build(&args).unwrap()).unwrap()
}

#[test]
fn what_is_created() {
    insta::assert_snapshot!(yaml(&["deploy/nginx"]));
}

#[test]
fn every_option_arrives() {
    insta::assert_snapshot!(yaml(&[
        "sts",
        "db",
        "--name",
        "db-strict",
        "--duration",
        "90s",
        "--run-as-user",
        "101",
        "--run-as-group",
        "102",
        "--fs-group",
        "103",
        "--egress",
        "cluster-only",
        "--dependencies",
        "none",
        "--allow-shared",
        "--run-mode",
        "Sequential",
        "--settings",
        "seccompProfile_restricted,runAsNonRoot,runAsNonRoot",
        "--verification",
        "independent",
        "--suspend",
    ]));
}

#[test]
fn probes_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("probes.yaml");
    fs::write(&file, "- {name: page, http: {port: 8080}}\n").unwrap();
    let words = ["deploy/nginx", "--require-exercise", "--probes", file.to_str().unwrap()];
    let spec = build(&check_args(&words)).unwrap().spec;
    assert!(spec.oracles.require_exercise);
    let named: Vec<(&str, bool)> = spec
        .probes
        .iter()
        .map(|probe| (probe.name.as_str(), probe.http.is_some()))
        .collect();
    assert_eq!(named, [("page", true)]);
    fs::write(&file, "probes: []").unwrap();
    let error = build(&check_args(&words)).unwrap_err();
    assert!(error.to_string().ends_with("is not a list of probes"), "{error}");
    let missing = build(&check_args(&["deploy/nginx", "--probes", "/nonexistent"])).unwrap_err();
    assert_eq!(missing.to_string(), "failed to read --probes `/nonexistent`");
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_with_every_way_out() {
    let (cluster, _) = cluster(vec![("POST checks", Once(409, failure(409, "AlreadyExists", "nginx")))]).await;
    let error = create(&cluster, check_args(&["deploy/nginx"])).await.unwrap_err();
    insta::assert_snapshot!(explanation(&error));
}

#[tokio::test]
async fn replacing_waits_until_the_old_one_is_gone() {
    let mut old = sample::check("verified");
    old.metadata.uid = Some("first".to_owned());
    old.metadata.resource_version = Some("2".to_owned());
    let (cluster, script) = cluster(vec![
        ("GET checks/verified", Once(200, to_value(&old).unwrap())),
        ("DELETE checks/verified", Once(200, to_value(&old).unwrap())),
        ("LIST checks", Once(200, list(&[&old]))),
        ("WATCH checks", Watch(vec![event("DELETED", &old)])),
        ("POST checks", Once(201, to_value(&old).unwrap())),
    ])
    .await;
    let args = check_args(&["deploy/nginx", "--name", "verified", "--replace"]);
    assert_eq!(create(&cluster, args).await.unwrap(), 0);
    assert!(script.is_over());
}

#[tokio::test]
async fn what_runs_is_not_replaced() {
    let running = to_value(sample::check("running")).unwrap();
    let (cluster, _) = cluster(vec![("GET checks/running", Once(200, running))]).await;
    let args = check_args(&["deploy/nginx", "--name", "running", "--replace"]);
    let error = create(&cluster, args).await.unwrap_err();
    insta::assert_snapshot!(explanation(&error));
}

//! Which workload: what was typed, and what it means.

use temper_api::TargetRef;
use temper_core::kind::Kind;

use crate::advice::Advised;

/// Kinds of every cluster, with every name that kubectl knows them by.
const KINDS: [(Kind, &[&str]); 7] = [
    (Kind::Deployment, &["deployment", "deployments", "deploy"]),
    (Kind::StatefulSet, &["statefulset", "statefulsets", "sts"]),
    (Kind::DaemonSet, &["daemonset", "daemonsets", "ds"]),
    (Kind::ReplicaSet, &["replicaset", "replicasets", "rs"]),
    (Kind::Job, &["job", "jobs"]),
    (Kind::CronJob, &["cronjob", "cronjobs", "cj"]),
    (Kind::Pod, &["pod", "pods", "po"]),
];

/// The workload that `KIND/NAME` or `KIND NAME` names.
pub(crate) fn parse(words: &[String]) -> Result<TargetRef, Advised> {
    let (kind, name) = match words {
        [word] => word
            .split_once('/')
            .ok_or_else(|| usage(format!("`{word}` names no workload")))?,
        [kind, name] => (kind.as_str(), name.as_str()),
        _ => return Err(usage("one workload is needed".to_owned())),
    };
    if name.is_empty() || name.contains('/') {
        return Err(usage(format!("`{}` names no workload", words.join(" "))));
    }
    let Some((api_version, kind)) = built_in(kind).or_else(|| custom(kind)) else {
        return Err(usage(format!("`{kind}` is not a kind that can be checked")));
    };
    Ok(TargetRef {
        api_version,
        kind,
        name: name.to_owned(),
    })
}

/// API version and kind of what kubectl calls `deploy`, `deployments.apps` or `deployments.v1.apps`.
fn built_in(word: &str) -> Option<(String, String)> {
    let lower = word.to_lowercase();
    let (plain, rest) = lower.split_once('.').unwrap_or((&lower, ""));
    let (kind, _) = KINDS.iter().find(|(_, names)| names.contains(&plain))?;
    let all = kind.api_version();
    let (group, version) = all.split_once('/').unwrap_or(("", all));
    let is_its_own = rest.is_empty() || rest == group || rest == format!("{version}.{group}");
    is_its_own.then(|| (kind.api_version().to_owned(), kind.name().to_owned()))
}

/// API version and kind of `Widget.v1.example.com`. Nothing here knows how such a kind is spelled.
fn custom(word: &str) -> Option<(String, String)> {
    let (kind, rest) = word.split_once('.')?;
    let (version, group) = rest.split_once('.')?;
    let is_kind = kind.starts_with(|first: char| first.is_ascii_uppercase());
    let is_version = version.starts_with('v') && version.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    (is_kind && is_version && group.contains('.')).then(|| (format!("{group}/{version}"), kind.to_owned()))
}

fn usage(message: String) -> Advised {
    Advised::new(message).hint("name it like deployment/nginx, sts/db, cronjob/backup or Widget.v1.example.com/web")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(words: &[&str]) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        parse(&words)
            .map(|target| format!("{} of {}", target, target.api_version))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_that_kubectl_knows() {
        for (words, wanted) in [
            (&["deployment/nginx"][..], "Deployment/nginx of apps/v1"),
            (&["deploy/nginx"], "Deployment/nginx of apps/v1"),
            (&["Deployment", "nginx"], "Deployment/nginx of apps/v1"),
            (&["deployments.apps/nginx"], "Deployment/nginx of apps/v1"),
            (&["statefulsets.v1.apps", "db"], "StatefulSet/db of apps/v1"),
            (&["sts/db"], "StatefulSet/db of apps/v1"),
            (&["ds/agent"], "DaemonSet/agent of apps/v1"),
            (&["rs/web"], "ReplicaSet/web of apps/v1"),
            (&["job", "x"], "Job/x of batch/v1"),
            (&["cronjobs.batch/x"], "CronJob/x of batch/v1"),
            (&["pod/nginx"], "Pod/nginx of v1"),
            (&["Widget.v1.example.com/web"], "Widget/web of example.com/v1"),
        ] {
            assert_eq!(target(words).as_deref(), Ok(wanted), "{words:?}");
        }
    }

    #[test]
    fn anything_else_is_told() {
        for words in [
            &["nginx"][..],
            &["deploy/"],
            &["deployments.batch/x"],
            &["widget.v1.example.com/web"],
            &["Widget.example.com/web"],
            &["deploy/a/b"],
            &["deploy/a", "b"],
            &["deploy", ""],
            &[],
        ] {
            assert!(target(words).is_err(), "{words:?}");
        }
        assert_eq!(
            target(&["teapot/x"]).unwrap_err(),
            "`teapot` is not a kind that can be checked"
        );
    }
}

//! Which workload: what was typed, and what it means.

use temper_api::TargetRef;

use crate::advice::Advised;

/// Kinds that can be checked, with every name that kubectl knows them by.
const KINDS: [(&str, &[&str]); 3] = [
    ("Deployment", &["deployment", "deployments", "deploy"]),
    ("StatefulSet", &["statefulset", "statefulsets", "sts"]),
    ("DaemonSet", &["daemonset", "daemonsets", "ds"]),
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
    let lower = kind.to_lowercase();
    // kubectl also takes `deployments.apps` and `deployments.v1.apps`.
    let plain = lower
        .strip_suffix(".apps")
        .map_or(lower.as_str(), |rest| rest.strip_suffix(".v1").unwrap_or(rest));
    let known = KINDS.iter().find(|(_, names)| names.contains(&plain));
    let Some((kind, _)) = known else {
        return Err(usage(format!("`{kind}` is not a kind that can be checked")));
    };
    Ok(TargetRef {
        api_version: "apps/v1".to_owned(),
        kind: (*kind).to_owned(),
        name: name.to_owned(),
    })
}

fn usage(message: String) -> Advised {
    Advised::new(message).hint("name it like deployment/nginx, sts/db or ds/agent")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(words: &[&str]) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        parse(&words)
            .map(|target| target.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_that_kubectl_knows() {
        for (words, wanted) in [
            (&["deployment/nginx"][..], "Deployment/nginx"),
            (&["deploy/nginx"], "Deployment/nginx"),
            (&["Deployment", "nginx"], "Deployment/nginx"),
            (&["deployments.apps/nginx"], "Deployment/nginx"),
            (&["statefulsets.v1.apps", "db"], "StatefulSet/db"),
            (&["sts/db"], "StatefulSet/db"),
            (&["ds/agent"], "DaemonSet/agent"),
        ] {
            assert_eq!(target(words).as_deref(), Ok(wanted), "{words:?}");
        }
    }

    #[test]
    fn anything_else_is_told() {
        for words in [
            &["nginx"][..],
            &["deploy/"],
            &["pod/nginx"],
            &["deploy/a/b"],
            &["deploy/a", "b"],
            &["deploy", ""],
            &[],
        ] {
            assert!(target(words).is_err(), "{words:?}");
        }
        assert_eq!(
            target(&["job/x"]).unwrap_err(),
            "`job` is not a kind that can be checked"
        );
    }
}

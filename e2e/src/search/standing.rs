//! Whether a workload of any kind is as it should be, by what its object says.

use serde_json::Value;

/// How a workload stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not there yet.
    Rising,
    /// All Pods that are wanted are Ready and of its present template; of a Job, they have succeeded.
    Up,
    /// It will not get there, and why.
    Down(String),
}

/// How a workload of this kind stands. Its object may not say the kind: those of a list do not.
pub(super) fn standing(kind: &str, object: &Value) -> Standing {
    let status = &object["status"];
    if let Some(why) = failure(kind, status) {
        return Standing::Down(why);
    }
    let number = |at: &Value, field: &str| at[field].as_u64();
    let wanted = number(&object["spec"], "replicas").unwrap_or(1);
    let ready = number(status, "readyReplicas").unwrap_or(0) >= wanted;
    let is_seen = number(status, "observedGeneration") >= number(&object["metadata"], "generation");
    let is_up = match kind {
        "Deployment" => {
            // No Pod of an earlier template is left.
            let (updated, all) = (number(status, "updatedReplicas"), number(status, "replicas"));
            is_seen && ready && updated.unwrap_or(0) == wanted && all.unwrap_or(0) == wanted
        }
        "StatefulSet" => is_seen && ready && status["currentRevision"] == status["updateRevision"],
        "DaemonSet" => {
            let desired = number(status, "desiredNumberScheduled").unwrap_or(0);
            let has = |field: &str| number(status, field).unwrap_or(0) >= desired;
            is_seen && desired > 0 && has("updatedNumberScheduled") && has("numberReady")
        }
        "ReplicaSet" => is_seen && ready,
        "Pod" => is_true(status, "Ready") || status["phase"] == "Succeeded",
        "Job" => is_true(status, "Complete"),
        "CronJob" => !status["lastSuccessfulTime"].is_null(),
        // Nobody here knows such a kind: its check will say whether Temper does.
        _ => true,
    };
    if is_up { Standing::Up } else { Standing::Rising }
}

/// Whether it ends by itself, rather than going on for ever.
pub(super) fn ends(kind: &str) -> bool {
    matches!(kind, "Job" | "CronJob")
}

/// Whether its Pods follow a change of its template by themselves.
pub(super) fn rolls(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet")
}

fn failure(kind: &str, status: &Value) -> Option<String> {
    let told = |condition: &Value| {
        let (reason, message) = (condition["reason"].as_str(), condition["message"].as_str());
        format!("{}: {}", reason.unwrap_or("Failed"), message.unwrap_or_default())
    };
    match kind {
        "Job" if is_true(status, "Failed") => condition(status, "Failed").map(told),
        "Pod" if status["phase"] == "Failed" => Some("its Pod failed".to_owned()),
        "Deployment" => condition(status, "Progressing")
            .filter(|progressing| progressing["status"] == "False")
            .map(told),
        _ => None,
    }
}

fn condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    status["conditions"].as_array()?.iter().find(|one| one["type"] == kind)
}

fn is_true(status: &Value, kind: &str) -> bool {
    condition(status, kind).is_some_and(|one| one["status"] == "True")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_deployment_is_up_when_nothing_old_is_left() {
        let with = |all: u64, seen: u64| {
            let status = json!({
                "observedGeneration": seen, "readyReplicas": 1, "updatedReplicas": 1, "replicas": all
            });
            standing(
                "Deployment",
                &json!({"metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": status}),
            )
        };
        assert_eq!(with(1, 2), Standing::Up);
        assert_eq!(with(2, 2), Standing::Rising);
        assert_eq!(with(1, 1), Standing::Rising);
    }

    #[test]
    fn what_has_failed_for_good_is_down() {
        let conditions = json!([{"type": "Progressing", "status": "False", "reason": "Deadline", "message": "m"}]);
        let status = json!({"status": {"conditions": conditions}});
        assert_eq!(
            standing("Deployment", &status),
            Standing::Down("Deadline: m".to_owned())
        );
        let conditions = json!([{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]);
        let status = json!({"status": {"conditions": conditions}});
        assert_eq!(
            standing("Job", &status),
            Standing::Down("BackoffLimitExceeded: ".to_owned())
        );
    }

    #[test]
    fn each_kind_says_it_in_its_own_way() {
        let complete = json!([{"type": "Complete", "status": "True"}]);
        let ready = json!([{"type": "Ready", "status": "True"}]);
        for (kind, status) in [
            (
                "StatefulSet",
                json!({"readyReplicas": 1, "currentRevision": "a", "updateRevision": "a"}),
            ),
            (
                "DaemonSet",
                json!({"desiredNumberScheduled": 1, "updatedNumberScheduled": 1, "numberReady": 1}),
            ),
            ("ReplicaSet", json!({"readyReplicas": 1})),
            ("Pod", json!({"conditions": ready})),
            ("Job", json!({"conditions": complete})),
            ("CronJob", json!({"lastSuccessfulTime": "2026-01-01T00:00:00Z"})),
        ] {
            assert_eq!(standing(kind, &json!({"status": status})), Standing::Up, "{kind}");
            assert_eq!(standing(kind, &json!({"status": {}})), Standing::Rising, "{kind}");
        }
    }
}

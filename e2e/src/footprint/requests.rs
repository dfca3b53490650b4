//! Counts what Temper's own accounts ask of the API server.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;
use serde::Serialize;

use super::rounded;
use crate::audit::AuditEvent;

const CONTROLLER: &str = "system:serviceaccount:temper-system:temper-controller";
const WORKERS: &str = "system:serviceaccount:temper-runs:";

/// Requests, each counted once however many stages it had.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Requests {
    /// All but renewals of the lease, for each run.
    pub per_run: f64,
    /// So many runs there were.
    pub runs: usize,
    /// The controller's, by verb and resource.
    pub controller: BTreeMap<String, usize>,
    /// The workers' together, likewise.
    pub workers: BTreeMap<String, usize>,
    /// What the controller asks about its lease, for as long as it lives and whatever it does.
    pub lease: usize,
}

impl Requests {
    /// Counts those that the API server got in this time.
    pub fn count(events: &[AuditEvent], time: Range<Timestamp>, runs: usize) -> Self {
        let mut counted = BTreeSet::new();
        let mut requests = Self {
            runs,
            ..Self::default()
        };
        for event in events {
            let name = &event.user.username;
            let by = if name == CONTROLLER {
                &mut requests.controller
            } else if name.starts_with(WORKERS) {
                &mut requests.workers
            } else {
                continue;
            };
            if !time.contains(&event.request_received_timestamp) || !counted.insert(&event.audit_id) {
                continue;
            }
            let object = event.object_ref.clone().unwrap_or_default();
            if object.resource == "leases" {
                requests.lease += 1;
                continue;
            }
            let resource = match object.subresource.as_str() {
                "" => object.resource,
                subresource => format!("{}/{subresource}", object.resource),
            };
            *by.entry(format!("{} {resource}", event.verb)).or_default() += 1;
        }
        let all: usize = requests.controller.values().chain(requests.workers.values()).sum();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let per_run = all as f64 / runs.max(1) as f64;
        requests.per_run = rounded(per_run);
        requests
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(id: &str, second: i64, user: &str, verb: &str, resource: &str, subresource: &str) -> AuditEvent {
        let at = Timestamp::from_second(second).unwrap();
        serde_json::from_value(json!({
            "auditID": id, "stage": "ResponseComplete", "requestReceivedTimestamp": at, "verb": verb,
            "user": {"username": user}, "objectRef": {"resource": resource, "subresource": subresource}
        }))
        .unwrap()
    }

    #[test]
    fn a_request_counts_once_and_only_of_us_and_in_time() {
        let worker = format!("{WORKERS}a");
        let events = [
            event("before", 1, CONTROLLER, "get", "pods", ""),
            event("a", 2, CONTROLLER, "watch", "jobs", ""),
            event("a", 2, CONTROLLER, "watch", "jobs", ""),
            event("b", 3, CONTROLLER, "patch", "checkruns", "status"),
            event("c", 3, CONTROLLER, "patch", "leases", ""),
            event("d", 3, &worker, "get", "pods", "log"),
            event("e", 3, "system:admin", "get", "pods", "log"),
            event("after", 4, &worker, "get", "pods", ""),
        ];
        let time = Timestamp::from_second(2).unwrap()..Timestamp::from_second(4).unwrap();
        let counts = |pairs: &[(&str, usize)]| pairs.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect();
        let wanted = Requests {
            per_run: 1.5,
            runs: 2,
            controller: counts(&[("patch checkruns/status", 1), ("watch jobs", 1)]),
            workers: counts(&[("get pods/log", 1)]),
            lease: 1,
        };
        assert_eq!(Requests::count(&events, time, 2), wanted);
    }
}

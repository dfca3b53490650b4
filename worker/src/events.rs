//! From the API server's Events to the wire's.

use k8s_openapi::api::core::v1::Event;
use kube::ResourceExt as _;
use temper_proto::v1;

use crate::pods::{INSPECTOR, nanos, now};
use crate::redact::Redactor;

/// What an Event tells, without secrets; none if it is about a container of ours.
pub(crate) fn told(event: Event, redactor: &Redactor) -> Option<v1::ClusterEvent> {
    let path = event.involved_object.field_path.as_deref().unwrap_or_default();
    if path.contains(&format!("{{{INSPECTOR}")) {
        return None;
    }
    let series = event.series.as_ref().and_then(|series| series.count);
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    let time = last.or_else(|| event.event_time.as_ref().map(|time| time.0));
    Some(v1::ClusterEvent {
        uid: event.uid().unwrap_or_default(),
        time_nanos: time.map_or_else(now, nanos),
        r#type: event.type_.unwrap_or_default(),
        reason: event.reason.unwrap_or_default(),
        message: redactor.redact_text(&event.message.unwrap_or_default()),
        object_kind: event.involved_object.kind.unwrap_or_default(),
        object_name: event.involved_object.name.unwrap_or_default(),
        count: u32::try_from(event.count.or(series).unwrap_or(1)).unwrap_or(1),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tell(field_path: &str) -> Option<v1::ClusterEvent> {
        let event = json!({
            "metadata": {"uid": "e"}, "type": "Warning", "reason": "BackOff", "message": "restarting hunter2hunter2",
            "lastTimestamp": "1970-01-01T00:00:07Z", "count": 3,
            "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": field_path}
        });
        let redactor = Redactor::new([&b"hunter2hunter2"[..]]).unwrap();
        told(serde_json::from_value(event).unwrap(), &redactor)
    }

    #[test]
    fn an_event_is_told_without_secrets() {
        let told = tell("spec.containers{app}").unwrap();
        assert_eq!((told.time_nanos, told.count), (7_000_000_000, 3));
        assert_eq!(told.message, "restarting [redacted]");
    }

    #[test]
    fn what_happens_to_the_inspector_is_not_the_workloads() {
        assert_eq!(tell("spec.ephemeralContainers{temper-inspect-1-app}"), None);
    }
}

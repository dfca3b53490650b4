//! Reads the API server's audit log.

use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;

/// The parts of an audit event that tell who asked what, and when.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// Of the request, which has an event for each stage that it reached.
    #[serde(rename = "auditID")]
    pub audit_id: String,
    /// When the API server got the request.
    pub request_received_timestamp: Timestamp,
    /// Such as `patch`.
    pub verb: String,
    /// Who asked.
    pub user: User,
    /// What for.
    pub object_ref: Option<ObjectRef>,
}

/// Who asked.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// Such as `system:serviceaccount:temper-system:temper-controller`.
    pub username: String,
}

/// What for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectRef {
    /// Namespace.
    pub namespace: String,
    /// API group, empty for core.
    pub api_group: String,
    /// Plural.
    pub resource: String,
    /// Such as `status`; empty for the object itself.
    pub subresource: String,
    /// Name.
    pub name: String,
}

/// Every event of the log. The API server may be writing its last line: what is not a whole event is left out.
pub fn read(path: &Path) -> Result<Vec<AuditEvent>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("no audit log at `{}`", path.display()))?;
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

/// Writes of Temper's own accounts into a namespace that are neither temper.dev objects nor Events.
pub fn foreign_writes<'a>(events: &'a [AuditEvent], namespace: &str) -> Vec<&'a AuditEvent> {
    let writes = ["create", "update", "patch", "delete", "deletecollection"];
    let ours = [
        "system:serviceaccount:temper-system:",
        "system:serviceaccount:temper-runs:",
    ];
    let foreign = |event: &&AuditEvent| {
        let Some(object) = &event.object_ref else { return false };
        object.namespace == namespace
            && writes.contains(&event.verb.as_str())
            && ours.iter().any(|prefix| event.user.username.starts_with(prefix))
            && object.api_group != "temper.dev"
            && object.resource != "events"
    };
    events.iter().filter(foreign).collect()
}

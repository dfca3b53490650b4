//! Schemas for fields whose Rust type says too much or too little.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Any object: kept as it is by the API server.
pub(crate) fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}

/// Standard conditions, keyed by type so that server-side apply merges them.
pub(crate) fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "reason", "message", "lastTransitionTime"],
            "properties": {
                "type": { "type": "string", "maxLength": 316 },
                "status": { "type": "string", "enum": ["True", "False", "Unknown"] },
                "reason": { "type": "string", "minLength": 1, "maxLength": 1024 },
                "message": { "type": "string", "maxLength": 32768 },
                "observedGeneration": { "type": "integer", "format": "int64", "minimum": 0 },
                "lastTransitionTime": { "type": "string", "format": "date-time" }
            }
        }
    })
}

/// An RFC 3339 time.
pub(crate) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time", "nullable": true })
}

/// The rule that a field stays as it was created.
pub(crate) fn fixed() -> serde_json::Value {
    serde_json::json!({
        "rule": "self == oldSelf",
        "message": "only spec.suspend can be changed once a check was created: delete the check and create another"
    })
}

/// Ids of settings, without repetition.
pub(crate) fn settings(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "default": [],
        "x-kubernetes-list-type": "set",
        "x-kubernetes-validations": [fixed()],
        "items": { "type": "string", "maxLength": 64, "enum": crate::SETTINGS }
    })
}

//! From what to change in a Pod's `spec` to the patch that a workload takes.

use serde_json::{Map, Value, json};

use super::Kind;

/// How the API server reads a patch; the text is what `kubectl patch --type` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Patch {
    /// Lists are merged by the names of their items.
    Strategic,
    /// A list is replaced as a whole: all that is known of a custom kind.
    Merge,
}

/// Lists of a Pod that are merged by item, with what tells items apart; from the API's `patchMergeKey`s.
const KEYS: [(&str, &str); 8] = [
    ("containers", "name"),
    ("env", "name"),
    ("imagePullSecrets", "name"),
    ("initContainers", "name"),
    ("ports", "containerPort"),
    ("volumeDevices", "devicePath"),
    ("volumeMounts", "mountPath"),
    ("volumes", "name"),
];

/// What the field begins with that tells a list's order in a strategic patch.
const ORDER: &str = "$setElementOrder/";

impl Kind {
    /// How a patch of it is to be read.
    pub fn patch_type(&self) -> Patch {
        match self {
            Self::Custom(_) => Patch::Merge,
            Self::Deployment
            | Self::StatefulSet
            | Self::DaemonSet
            | Self::ReplicaSet
            | Self::Job
            | Self::CronJob
            | Self::Pod => Patch::Strategic,
        }
    }

    /// The patch that makes the change of a Pod's `spec`, a strategic one, to a workload of this kind.
    pub fn patch(&self, workload: &Value, change: Value) -> Value {
        let pointer = self.pod();
        let body = match self.patch_type() {
            Patch::Strategic => change,
            Patch::Merge => whole_lists(change, workload.pointer(&pointer)),
        };
        pointer
            .rsplit('/')
            .filter(|field| !field.is_empty())
            .fold(body, |inner, field| json!({field: inner}))
    }
}

/// The same change with each of its lists as it will be.
fn whole_lists(change: Value, before: Option<&Value>) -> Value {
    let Value::Object(mut fields) = change else {
        return change;
    };
    let orders: Vec<(String, Value)> = fields
        .keys()
        .filter_map(|field| Some((field.strip_prefix(ORDER)?.to_owned(), field.clone())))
        .collect::<Vec<_>>()
        .into_iter()
        .filter_map(|(list, field)| Some((list, fields.remove(&field)?)))
        .collect();
    let merged = fields.into_iter().map(|(field, value)| {
        let old = before.and_then(|before| before.get(&field));
        let key = KEYS.iter().find(|(list, _)| *list == field).map(|(_, key)| *key);
        let value = match (key, value) {
            (Some(key), Value::Array(items)) => Value::Array(by_key(key, items, old)),
            (_, value) => whole_lists(value, old),
        };
        (field, value)
    });
    let mut merged: Map<String, Value> = merged.collect();
    for (list, order) in orders {
        if let Some(items) = merged.get_mut(&list).and_then(Value::as_array_mut) {
            let name = |item: &Value| item.get("name").cloned();
            let place = |item: &Value| order.as_array()?.iter().position(|other| name(other) == name(item));
            items.sort_by_key(place);
        }
    }
    Value::Object(merged)
}

/// The old items with the changes of those that have one, and then the new ones.
fn by_key(key: &str, changes: Vec<Value>, old: Option<&Value>) -> Vec<Value> {
    let mut items = old.and_then(Value::as_array).cloned().unwrap_or_default();
    for change in changes {
        match items.iter_mut().find(|item| item.get(key) == change.get(key)) {
            Some(item) => merge(item, change),
            None => items.push(change),
        }
    }
    items
}

/// Puts a strategic change into a value.
fn merge(value: &mut Value, change: Value) {
    let Value::Object(fields) = change else {
        *value = change;
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Some(map) = value.as_object_mut() else { return };
    for (field, change) in fields {
        let key = KEYS.iter().find(|(list, _)| *list == field).map(|(_, key)| *key);
        match (key, change) {
            (_, Value::Null) => drop(map.remove(&field)),
            (Some(key), Value::Array(items)) => {
                let items = by_key(key, items, map.get(&field));
                map.insert(field, Value::Array(items));
            }
            (_, change) => merge(map.entry(field).or_insert(Value::Null), change),
        }
    }
}

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::{Value, json};

use super::*;
use crate::level::{Level, level};
use crate::repair::{Capability, Mend, Repairs};
use crate::setting::{Item, Scope};

/// A Pod that lacks every setting, and with what its program would need.
fn insecure() -> (PodSpec, Repairs) {
    let pod = json!({
        "hostNetwork": true, "hostPID": true, "hostIPC": true, "shareProcessNamespace": true,
        "containers": [{
            "name": "app",
            "ports": [{"containerPort": 80, "hostPort": 80, "hostIP": "127.0.0.1"}],
            "securityContext": {"privileged": true, "procMount": "Unmasked"}
        }]
    });
    let mend = Mend {
        capabilities: [Capability::Chown].into(),
        ..Mend::default()
    };
    let repairs = Repairs {
        containers: [("app".to_owned(), mend)].into(),
        ..Repairs::default()
    };
    (serde_json::from_value(pod).unwrap(), repairs)
}

fn tried() -> impl Iterator<Item = Setting> {
    Setting::all().filter(|setting| setting.unproven().is_none())
}

/// Paths at which two values differ; lists count as one.
fn differences(path: &str, before: &Value, after: &Value, found: &mut BTreeSet<String>) {
    if let Some(after_fields) = after.as_object() {
        let nothing = serde_json::Map::new();
        let before_fields = before.as_object().unwrap_or(&nothing);
        for field in before_fields.keys().chain(after_fields.keys()).collect::<BTreeSet<_>>() {
            let path = if path.is_empty() {
                field.clone()
            } else {
                format!("{path}.{field}")
            };
            let of = |fields: &serde_json::Map<String, Value>| fields.get(field).cloned().unwrap_or(Value::Null);
            differences(&path, &of(before_fields), &of(after_fields), found);
        }
    } else if before != after {
        found.insert(path.to_owned());
    }
}

#[test]
fn a_card_names_the_fields_that_change() {
    let (pod, repairs) = insecure();
    for setting in tried() {
        let mut hardened = pod.clone();
        for item in setting.items(&pod) {
            item.apply(&mut hardened, &repairs);
        }
        let part = |pod: &PodSpec| match setting.scope() {
            Scope::Container => serde_json::to_value(&pod.containers[0]).unwrap(),
            Scope::Pod => serde_json::to_value(pod).unwrap(),
        };
        let mut changed = BTreeSet::new();
        differences("", &part(&pod), &part(&hardened), &mut changed);
        let told: BTreeSet<String> = setting
            .card()
            .fields
            .iter()
            .map(|(field, _)| (*field).to_owned())
            .collect();
        assert_eq!(told, changed, "{setting}");
    }
}

#[test]
fn a_level_is_not_reached_without_the_settings_that_are_mapped_to_it() {
    let (pod, _) = insecure();
    let hardened = |left_out: Option<Setting>| {
        let mut hardened = pod.clone();
        // What some settings do about a privileged container counts for that one.
        let all = Item::all(&pod).filter(|item| Some(item.setting) != left_out);
        for item in all {
            item.apply(&mut hardened, &Repairs::default());
        }
        if left_out == Some(Setting::Privileged)
            && let Some(context) = &mut hardened.containers[0].security_context
        {
            context.privileged = Some(true);
        }
        level(&hardened)
    };
    assert_eq!(hardened(None), Level::Restricted);
    for setting in tried() {
        let reached = hardened(Some(setting));
        match setting.mapping().pod_security {
            Some((control, needed)) => assert!(reached < needed, "{setting}, {control}: {reached:?}"),
            None => assert_eq!(reached, Level::Restricted, "{setting}"),
        }
    }
}

#[test]
fn what_is_tried_says_how_it_is_shown_and_what_is_not_says_why() {
    for setting in Setting::all() {
        let card = setting.card();
        assert_eq!(card.shown.is_empty(), setting.unproven().is_some(), "{setting}");
        assert!(!card.meaning.is_empty() && !card.needs.is_empty(), "{setting}");
    }
}

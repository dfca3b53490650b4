//! Requests and limits that containers lack, in words.

use std::collections::BTreeMap;

use temper_api::{Exercised, SuggestedResources};

use crate::words::plain;

/// A sentence for each container, its name between backticks, and one that says how far they may be trusted. None where
/// nothing is suggested.
pub fn resource_sentences(resources: &BTreeMap<String, SuggestedResources>) -> Vec<String> {
    let said = resources.iter().map(|(container, suggested)| {
        let list = |what: &str, values: &BTreeMap<String, String>| -> Vec<String> {
            values
                .iter()
                .map(|(name, value)| format!("{what}.{name}: {value}"))
                .collect()
        };
        let fields = [list("requests", &suggested.requests), list("limits", &suggested.limits)].concat();
        plain(&format!("container `{container}`: {}", fields.join(", ")))
    });
    said.chain(trust(resources)).collect()
}

fn trust(resources: &BTreeMap<String, SuggestedResources>) -> Option<String> {
    if resources.is_empty() {
        return None;
    }
    let all = |is: fn(&SuggestedResources) -> bool| resources.values().all(is);
    let driven = if all(|suggested| suggested.exercised == Exercised::Probed) {
        "measured while probes drove the workload"
    } else {
        "measured while nothing that is known of drove the workload, which may use more under load"
    };
    let tested = if all(|suggested| suggested.tested) {
        "it was run with them, and the patch has them"
    } else {
        "it was not run with them, and the patch is without them"
    };
    Some(format!("{driven}; {tested}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_suggested_says_how_far_it_goes() {
        let mut resources = BTreeMap::from([(
            "app".to_owned(),
            SuggestedResources {
                requests: [
                    ("cpu".to_owned(), "15m".to_owned()),
                    ("memory".to_owned(), "42Mi".to_owned()),
                ]
                .into(),
                limits: [("memory".to_owned(), "53Mi".to_owned())].into(),
                ..SuggestedResources::default()
            },
        )]);
        insta::assert_snapshot!(resource_sentences(&resources).join("\n"), @"
        container `app`: requests.cpu: 15m, requests.memory: 42Mi, limits.memory: 53Mi
        measured while nothing that is known of drove the workload, which may use more under load; it was not run with them, and the patch is without them
        ");
        let app = resources.get_mut("app").unwrap();
        (app.exercised, app.tested) = (Exercised::Probed, true);
        assert_eq!(
            resource_sentences(&resources)[1],
            "measured while probes drove the workload; it was run with them, and the patch has them"
        );
        assert!(resource_sentences(&BTreeMap::new()).is_empty());
    }
}

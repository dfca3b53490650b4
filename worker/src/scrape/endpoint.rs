//! Where the Pods of the target expose metrics.

use std::str::FromStr;

use k8s_openapi::api::core::v1::Pod;
use serde::Deserialize;

use crate::dial;

/// An endpoint that the check names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    port: u16,
    path: String,
    container: Option<String>,
}

/// All that the check names, as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WantedList(pub(crate) Vec<Wanted>);

impl FromStr for WantedList {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text).map(Self)
    }
}

/// Where one container exposes metrics.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    /// Address of the Pod.
    pub(crate) ip: String,
    pub(crate) port: u16,
    /// Begins with a slash.
    pub(crate) path: String,
    pub(crate) container: String,
}

impl Endpoint {
    /// Its URL without the path.
    pub(crate) fn base(&self) -> String {
        dial::base("http", &self.ip, self.port)
    }
}

/// The endpoints of a Pod: those that the check names, else the one that its annotations name as Prometheus is commonly
/// set up to read them. None before it has an address.
pub(crate) fn endpoints(pod: &Pod, wanted: &[Wanted]) -> Vec<Endpoint> {
    let Some(ip) = pod.status.as_ref().and_then(|status| status.pod_ip.clone()) else {
        return Vec::new();
    };
    let found = if wanted.is_empty() {
        annotated(pod).into_iter().collect()
    } else {
        wanted.to_vec()
    };
    let endpoint = |Wanted { port, path, container }| {
        Some(Endpoint {
            ip: ip.clone(),
            port,
            path,
            container: container.or_else(|| owner(pod, port))?,
        })
    };
    found.into_iter().filter_map(endpoint).collect()
}

fn annotated(pod: &Pod) -> Option<Wanted> {
    let annotations = pod.metadata.annotations.as_ref()?;
    let value = |name: &str| annotations.get(&format!("prometheus.io/{name}")).map(String::as_str);
    // What is encrypted cannot be verified here.
    if value("scrape") != Some("true") || value("scheme").is_some_and(|scheme| scheme != "http") {
        return None;
    }
    let port = match value("port") {
        Some(port) => port.parse().ok()?,
        None => ports(pod).next()?.1,
    };
    let path = value("path").unwrap_or("/metrics");
    Some(Wanted {
        port,
        path: if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        },
        container: None,
    })
}

/// The container that declares a port, else the first one.
fn owner(pod: &Pod, port: u16) -> Option<String> {
    let declared = ports(pod).find(|(_, declared)| *declared == port).map(|(name, _)| name);
    let first = || pod.spec.as_ref()?.containers.first().map(|container| &*container.name);
    declared.or_else(first).map(str::to_owned)
}

/// The ports that containers declare.
fn ports(pod: &Pod) -> impl Iterator<Item = (&str, u16)> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    containers.flat_map(|container| {
        let ports = container.ports.iter().flatten();
        ports.filter_map(|port| Some((container.name.as_str(), u16::try_from(port.container_port).ok()?)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(annotations: &serde_json::Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"annotations": annotations},
            "spec": {"containers": [
                {"name": "shipper", "image": "i"},
                {"name": "app", "image": "i", "ports": [{"containerPort": 8080}, {"containerPort": 9090}]}
            ]},
            "status": {"podIP": "10.0.0.7"}
        }))
        .unwrap()
    }

    fn found(annotations: &serde_json::Value, wanted: &str) -> Vec<String> {
        let wanted: WantedList = wanted.parse().unwrap();
        let endpoints = endpoints(&pod(annotations), &wanted.0);
        let text = |endpoint: &Endpoint| format!("{} {}{}", endpoint.container, endpoint.base(), endpoint.path);
        endpoints.iter().map(text).collect()
    }

    #[test]
    fn the_check_names_them() {
        let named = r#"[{"port": 9090, "path": "/metrics"}, {"port": 1, "path": "/x", "container": "shipper"}, {"port": 2, "path": "/y"}]"#;
        assert_eq!(
            found(&json!({"prometheus.io/scrape": "true"}), named),
            [
                "app http://10.0.0.7:9090/metrics",
                "shipper http://10.0.0.7:1/x",
                "shipper http://10.0.0.7:2/y"
            ]
        );
        assert!(r#"[{"port": 9090, "pth": "/"}]"#.parse::<WantedList>().is_err());
    }

    #[test]
    fn else_the_annotations_do() {
        let annotations =
            json!({"prometheus.io/scrape": "true", "prometheus.io/port": "9090", "prometheus.io/path": "m"});
        assert_eq!(found(&annotations, "[]"), ["app http://10.0.0.7:9090/m"]);
        let first = json!({"prometheus.io/scrape": "true"});
        assert_eq!(found(&first, "[]"), ["app http://10.0.0.7:8080/metrics"]);
        for none in [
            json!({}),
            json!({"prometheus.io/scrape": "false"}),
            json!({"prometheus.io/scrape": "true", "prometheus.io/port": "http"}),
            json!({"prometheus.io/scrape": "true", "prometheus.io/scheme": "https"}),
        ] {
            assert!(found(&none, "[]").is_empty(), "{none}");
        }
    }

    #[test]
    fn a_pod_without_an_address_has_none() {
        let mut pod = pod(&json!({"prometheus.io/scrape": "true"}));
        pod.status = None;
        assert!(endpoints(&pod, &[]).is_empty());
    }
}

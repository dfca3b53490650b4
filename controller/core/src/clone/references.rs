//! Which ConfigMaps, Secrets, ServiceAccounts and claims the workloads of a clone name.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, PodSpec, Volume};
use serde_json::Value;

use super::{Source, objects};
use crate::setting::containers;

/// Names by kind.
#[derive(Debug, Default)]
pub(super) struct Needed {
    pub(super) config_maps: BTreeSet<String>,
    pub(super) secrets: BTreeSet<String>,
    pub(super) service_accounts: BTreeSet<String>,
    pub(super) claims: BTreeSet<String>,
}

pub(super) fn collect(pods: &[&PodSpec], source: &Source) -> Needed {
    let mut needed = Needed::default();
    for pod in pods {
        let account = pod.service_account_name.clone().unwrap_or_else(|| "default".to_owned());
        needed.service_accounts.insert(account);
        needed
            .secrets
            .extend(pod.image_pull_secrets.iter().flatten().map(|r| r.name.clone()));
        for container in containers(pod) {
            environment(container, &mut needed);
        }
        for volume in pod.volumes.iter().flatten() {
            mounted(volume, &mut needed);
        }
    }
    for account in objects::named(&source.service_accounts, &needed.service_accounts) {
        let references = ["/imagePullSecrets", "/secrets"]
            .iter()
            .filter_map(|path| account.pointer(path));
        let names = references
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|r| r.get("name")?.as_str());
        needed.secrets.extend(names.map(str::to_owned));
    }
    needed
}

fn environment(container: &Container, needed: &mut Needed) {
    for from in container.env_from.iter().flatten() {
        needed
            .config_maps
            .extend(from.config_map_ref.as_ref().map(|r| r.name.clone()));
        needed.secrets.extend(from.secret_ref.as_ref().map(|r| r.name.clone()));
    }
    for value in container
        .env
        .iter()
        .flatten()
        .filter_map(|variable| variable.value_from.as_ref())
    {
        needed
            .config_maps
            .extend(value.config_map_key_ref.as_ref().map(|r| r.name.clone()));
        needed
            .secrets
            .extend(value.secret_key_ref.as_ref().map(|r| r.name.clone()));
    }
}

fn mounted(volume: &Volume, needed: &mut Needed) {
    needed
        .config_maps
        .extend(volume.config_map.as_ref().map(|v| v.name.clone()));
    needed
        .secrets
        .extend(volume.secret.as_ref().and_then(|v| v.secret_name.clone()));
    needed
        .claims
        .extend(volume.persistent_volume_claim.as_ref().map(|v| v.claim_name.clone()));
    let csi_secret = volume.csi.as_ref().and_then(|v| v.node_publish_secret_ref.as_ref());
    needed.secrets.extend(csi_secret.map(|r| r.name.clone()));
    for source in volume.projected.iter().filter_map(|v| v.sources.as_ref()).flatten() {
        needed
            .config_maps
            .extend(source.config_map.as_ref().map(|v| v.name.clone()));
        needed.secrets.extend(source.secret.as_ref().map(|v| v.name.clone()));
    }
}

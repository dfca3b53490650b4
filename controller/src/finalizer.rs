//! The finalizer that keeps an object until what it made is gone.

use kube::api::{Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;
use temper_api::finalizer::CLEANUP;

use crate::error::{Error, Result};

/// Whether the object has it.
pub(crate) fn has(object: &impl ResourceExt) -> bool {
    object.finalizers().iter().any(|finalizer| finalizer == CLEANUP)
}

/// Adds it.
pub(crate) async fn hold<K>(object: &K, client: &Client) -> Result<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let mut finalizers = object.finalizers().to_vec();
    finalizers.push(CLEANUP.to_owned());
    set(object, client, &finalizers).await
}

/// Removes it: the object may go.
pub(crate) async fn release<K>(object: &K, client: &Client) -> Result<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let finalizers: Vec<String> = object.finalizers().iter().filter(|f| *f != CLEANUP).cloned().collect();
    match set(object, client, &finalizers).await {
        Err(Error::Status {
            source: kube::Error::Api(status),
        }) if status.is_not_found() => Ok(()),
        result => result,
    }
}

async fn set<K>(object: &K, client: &Client, finalizers: &[String]) -> Result<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let api: Api<K> = Api::namespaced(client.clone(), &object.namespace().unwrap_or_default());
    // The version guards against a finalizer that somebody else added in the meantime.
    let patch = json!({"metadata": {"finalizers": finalizers, "resourceVersion": object.resource_version()}});
    api.patch(&object.name_any(), &PatchParams::default(), &Patch::Merge(patch))
        .await
        .map_err(|source| Error::Status { source })?;
    Ok(())
}

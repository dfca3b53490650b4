//! Reads of a source namespace, and server-side apply of what is made from it.

use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::Value;
use temper_api::MANAGER;
use temper_core::clone::Source;

/// The kinds that a clone may hold, with the plural that the API has for each. Nothing else is ever read or made.
const KINDS: [(&str, &str, &str, &str); 16] = [
    ("apps", "v1", "Deployment", "deployments"),
    ("apps", "v1", "StatefulSet", "statefulsets"),
    ("apps", "v1", "DaemonSet", "daemonsets"),
    ("", "v1", "Service", "services"),
    ("", "v1", "ConfigMap", "configmaps"),
    ("", "v1", "Secret", "secrets"),
    ("", "v1", "ServiceAccount", "serviceaccounts"),
    ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    ("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    ("", "v1", "LimitRange", "limitranges"),
    ("", "v1", "ResourceQuota", "resourcequotas"),
    ("", "v1", "Namespace", "namespaces"),
    ("batch", "v1", "Job", "jobs"),
    ("temper.dev", "v1alpha1", "HardeningReport", "hardeningreports"),
];

/// The API of one of the known kinds.
pub(crate) fn resource(kind: &str) -> Option<ApiResource> {
    let (group, version, kind, plural) = KINDS.iter().find(|known| known.2 == kind)?;
    Some(ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk(group, version, kind),
        plural,
    ))
}

/// Everything in the namespace that a clone may be made of.
pub(crate) async fn read(client: &Client, namespace: &str) -> Result<Source, kube::Error> {
    let list = |kind: &'static str| list(client, namespace, kind);
    let (deployments, stateful_sets, daemon_sets, services) = tokio::try_join!(
        list("Deployment"),
        list("StatefulSet"),
        list("DaemonSet"),
        list("Service")
    )?;
    let (service_accounts, claims, roles, role_bindings, network_policies, limit_ranges) = tokio::try_join!(
        list("ServiceAccount"),
        list("PersistentVolumeClaim"),
        list("Role"),
        list("RoleBinding"),
        list("NetworkPolicy"),
        list("LimitRange")
    )?;
    Ok(Source {
        namespace: namespace.to_owned(),
        workloads: [deployments, stateful_sets, daemon_sets].concat(),
        services,
        service_accounts,
        claims,
        roles,
        role_bindings,
        network_policies,
        limit_ranges,
    })
}

/// One object of a kind that a clone may hold, if it is there.
pub(crate) async fn object(
    client: &Client,
    namespace: &str,
    kind: &str,
    name: &str,
) -> Result<Option<Value>, kube::Error> {
    let Some(resource) = resource(kind) else {
        return Ok(None);
    };
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    Ok(api.get_opt(name).await?.map(|object| value(object, &resource)))
}

/// Makes an object what `object` says. It must name its kind and itself.
pub(crate) async fn apply(client: &Client, object: &Value) -> Result<(), kube::Error> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let Some(resource) = resource(text("/kind")) else {
        // A kind outside the list cannot come out of the plan: the allow list is the plan's own.
        tracing::error!(kind = text("/kind"), "object of an unlisted kind is not applied");
        return Ok(());
    };
    let api: Api<DynamicObject> = match object.pointer("/metadata/namespace").and_then(Value::as_str) {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    api.patch(
        text("/metadata/name"),
        &PatchParams::apply(MANAGER).force(),
        &Patch::Apply(object),
    )
    .await?;
    Ok(())
}

async fn list(client: &Client, namespace: &str, kind: &'static str) -> Result<Vec<Value>, kube::Error> {
    let Some(resource) = resource(kind) else {
        return Ok(Vec::new());
    };
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let objects = api.list(&ListParams::default()).await?.items;
    Ok(objects.into_iter().map(|object| value(object, &resource)).collect())
}

/// Items of a list do not say what they are; a copy must.
fn value(mut object: DynamicObject, resource: &ApiResource) -> Value {
    object.types = Some(kube::api::TypeMeta {
        api_version: resource.api_version.clone(),
        kind: resource.kind.clone(),
    });
    object.managed_fields_mut().clear();
    serde_json::to_value(&object).unwrap_or_default()
}

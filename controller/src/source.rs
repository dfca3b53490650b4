//! Reads of a source namespace, and server-side apply of what is made from it.

use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::Value;
use temper_api::{MANAGER, TargetRef};
use temper_core::clone::{Source, has_no_controller};
use temper_core::kind::Custom;

use crate::context::Context;

/// Objects in one answer of the API server at most: a namespace may have thousands of Pods, and few of them count.
const PAGE: u32 = 200;

/// The kinds that a clone may hold, with the plural that the API has for each. Nothing else is ever read or made but
/// those that the owner of the cluster adds.
const KINDS: [(&str, &str, &str); 19] = [
    ("apps/v1", "Deployment", "deployments"),
    ("apps/v1", "StatefulSet", "statefulsets"),
    ("apps/v1", "DaemonSet", "daemonsets"),
    ("apps/v1", "ReplicaSet", "replicasets"),
    ("batch/v1", "Job", "jobs"),
    ("batch/v1", "CronJob", "cronjobs"),
    ("v1", "Pod", "pods"),
    ("v1", "Service", "services"),
    ("v1", "ConfigMap", "configmaps"),
    ("v1", "Secret", "secrets"),
    ("v1", "ServiceAccount", "serviceaccounts"),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    ("rbac.authorization.k8s.io/v1", "Role", "roles"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
    ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    ("v1", "LimitRange", "limitranges"),
    ("v1", "ResourceQuota", "resourcequotas"),
    ("v1", "Namespace", "namespaces"),
    ("temper.dev/v1alpha1", "HardeningReport", "hardeningreports"),
];

/// The API of one of the known kinds, and of these.
fn resource(api_version: &str, kind: &str, custom: &[Custom]) -> Option<ApiResource> {
    let added = custom.iter().find(|custom| custom.is(api_version, kind));
    let added = added.map(|custom| named(api_version, kind, custom.resource()));
    added.or_else(|| built_in(kind).filter(|resource| resource.api_version == api_version))
}

/// The API of a kind that every cluster has.
fn built_in(kind: &str) -> Option<ApiResource> {
    let (version, kind, plural) = KINDS.iter().find(|known| known.1 == kind)?;
    Some(named(version, kind, plural))
}

fn named(api_version: &str, kind: &str, plural: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
}

/// Everything in the namespace that a clone of the target may be made of.
pub(crate) async fn read(context: &Context, namespace: &str, target: &TargetRef) -> Result<Source, kube::Error> {
    let list = |kind: &'static str| list(&context.client, namespace, kind, |_| true);
    // Most of these are made by a workload, which makes them in a clone, too.
    let alone = |kind: &'static str| self::list(&context.client, namespace, kind, has_no_controller);
    let (deployments, stateful_sets, daemon_sets, replica_sets, pods, services) = tokio::try_join!(
        list("Deployment"),
        list("StatefulSet"),
        list("DaemonSet"),
        alone("ReplicaSet"),
        alone("Pod"),
        list("Service")
    )?;
    let mut workloads = [deployments, stateful_sets, daemon_sets, replica_sets, pods].concat();
    if !workloads.iter().any(|workload| is(workload, target)) {
        workloads.extend(self::target(context, namespace, target).await?);
    }
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
        workloads,
        services,
        service_accounts,
        claims,
        roles,
        role_bindings,
        network_policies,
        limit_ranges,
    })
}

/// The target of a check, if it is there.
pub(crate) async fn target(
    context: &Context,
    namespace: &str,
    target: &TargetRef,
) -> Result<Option<Value>, kube::Error> {
    object(context, namespace, (&target.api_version, &target.kind), &target.name).await
}

fn is(object: &Value, target: &TargetRef) -> bool {
    let says = |path: &str, text: &str| object.pointer(path).and_then(Value::as_str) == Some(text);
    says("/apiVersion", &target.api_version) && says("/kind", &target.kind) && says("/metadata/name", &target.name)
}

/// One object of a kind that a clone may hold, if it is there.
pub(crate) async fn object(
    context: &Context,
    namespace: &str,
    (api_version, kind): (&str, &str),
    name: &str,
) -> Result<Option<Value>, kube::Error> {
    let Some(resource) = resource(api_version, kind, context.args.kinds.custom()) else {
        return Ok(None);
    };
    let api: Api<DynamicObject> = Api::namespaced_with(context.client.clone(), namespace, &resource);
    Ok(api.get_opt(name).await?.map(|object| value(object, &resource)))
}

/// Makes an object what `object` says. It must name its kind and itself.
pub(crate) async fn apply(context: &Context, object: &Value) -> Result<(), kube::Error> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let Some(resource) = resource(text("/apiVersion"), text("/kind"), context.args.kinds.custom()) else {
        // A kind outside the list cannot come out of the plan: the allow list is the plan's own.
        tracing::error!(kind = text("/kind"), "object of an unlisted kind is not applied");
        return Ok(());
    };
    let client = context.client.clone();
    let api: Api<DynamicObject> = match object.pointer("/metadata/namespace").and_then(Value::as_str) {
        Some(namespace) => Api::namespaced_with(client, namespace, &resource),
        None => Api::all_with(client, &resource),
    };
    api.patch(
        text("/metadata/name"),
        &PatchParams::apply(MANAGER).force(),
        &Patch::Apply(object),
    )
    .await?;
    Ok(())
}

/// Those objects of a kind that count.
async fn list(
    client: &Client,
    namespace: &str,
    kind: &'static str,
    counts: impl Fn(&Value) -> bool,
) -> Result<Vec<Value>, kube::Error> {
    let Some(resource) = built_in(kind) else {
        return Ok(Vec::new());
    };
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let mut all = Vec::new();
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let answer = api.list(&page).await?;
        let objects = answer.items.into_iter().map(|object| value(object, &resource));
        all.extend(objects.filter(&counts));
        match answer.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = page.continue_token(&token),
            None => return Ok(all),
        }
    }
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

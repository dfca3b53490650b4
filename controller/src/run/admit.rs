//! Asks the API server whether it would admit a run's exact Pod in a namespace that enforces the level it claims.

use k8s_openapi::api::core::v1::{Pod, PodSpec};
use kube::api::{ListParams, ObjectMeta, PostParams};
use kube::{Api, Client};
use temper_api::{CheckRun, PodSecurityLevel};
use temper_core::level::{Level, level};

use super::job;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::source::apply;

/// What the API server answered.
pub(super) struct Admission {
    pub(super) level: PodSecurityLevel,
    pub(super) refusal: Option<String>,
}

/// Carries out the dry run; none while the clone has no Pod yet or the namespace is not ready.
pub(super) async fn admit(
    run: &CheckRun,
    context: &Context,
    selector: &str,
    deadline: &str,
) -> Result<Option<Admission>> {
    let client = &context.client;
    let Some(spec) = running(client, &job::clone_name(run), selector).await? else {
        return Ok(None);
    };
    let level = match level(&spec) {
        Level::Privileged => PodSecurityLevel::Privileged,
        Level::Baseline => PodSecurityLevel::Baseline,
        Level::Restricted => PodSecurityLevel::Restricted,
    };
    let namespace = job::admission_namespace(run, level.label_value(), deadline);
    let failed = |what: &str| {
        let what = what.to_owned();
        move |source| Error::Apply { what, source }
    };
    apply(context, &namespace)
        .await
        .map_err(failed("the admission namespace"))?;
    let name = job::admission_name(run);
    // Kubernetes makes the account some moments after the namespace; a Pod without one is refused for that alone.
    let account = serde_json::json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}
    });
    apply(context, &account)
        .await
        .map_err(failed("the admission account"))?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), &name);
    let pod = Pod {
        metadata: ObjectMeta {
            name: Some("exact".to_owned()),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
        ..Pod::default()
    };
    match pods
        .create(
            &PostParams {
                dry_run: true,
                ..PostParams::default()
            },
            &pod,
        )
        .await
    {
        Ok(_) => Ok(Some(Admission { level, refusal: None })),
        Err(kube::Error::Api(status)) if status.is_forbidden() || status.is_invalid() => Ok(Some(Admission {
            level,
            refusal: Some(status.message.clone()),
        })),
        Err(source) => Err(Error::Read {
            what: "the answer to the dry run",
            source,
        }),
    }
}

/// The Pod spec that the API server admitted into the clone, less what it and the scheduler put in.
async fn running(client: &Client, namespace: &str, selector: &str) -> Result<Option<PodSpec>> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let list = pods
        .list(&ListParams::default().labels(selector))
        .await
        .map_err(|source| Error::Read {
            what: "the pods of the clone",
            source,
        })?;
    let spec = list
        .items
        .into_iter()
        .find(|pod| pod.metadata.deletion_timestamp.is_none())
        .and_then(|pod| pod.spec);
    Ok(spec.map(|mut spec| {
        spec.node_name = None;
        spec.ephemeral_containers = None;
        spec.service_account_name = None;
        spec.service_account = None;
        spec.priority = None;
        spec.preemption_policy = None;
        spec
    }))
}

//! Namespaces and objects that the bench makes, and removes again. What was there before stays as it is.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, DynamicObject, ListParams, PostParams};
use kube::core::{GroupVersionKind, TypeMeta};
use kube::discovery::{Scope, pinned_kind};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

use super::manifest;
use crate::wait;

/// Whose namespaces an ended bench left behind.
const LABEL: &str = "temper.dev/bench";
const BENCH: &str = "search";
/// Longer than a check takes to remove its clones, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// Longer than the API server takes to serve a new kind.
const MOMENT: Duration = Duration::from_secs(30);

/// Everything that was made and is not yet removed, in its order.
pub(super) struct Homes {
    client: Client,
    made: Mutex<Vec<Made>>,
}

#[derive(Clone)]
struct Made {
    /// None for what has none, and for namespaces themselves.
    namespace: Option<String>,
    kind: String,
    name: String,
    api: Api<DynamicObject>,
}

impl Homes {
    /// Nothing is made yet.
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            made: Mutex::default(),
        }
    }

    /// Makes a namespace, unless it is there.
    pub(super) async fn open(&self, name: &str) -> Result<()> {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.create(&namespace).await.map(drop)
    }

    /// Makes an object, unless it is there; in the namespace that it names, if its kind has any. What is made is as the
    /// API server answered; none was made where there was one.
    pub(super) async fn create(&self, object: &Value) -> Result<Option<DynamicObject>> {
        let named = manifest::named(object);
        let mut object = object.clone();
        if named.kind == "Namespace" {
            if self.has(None, "Namespace", named.name) {
                return Ok(None);
            }
            json_patch::merge(&mut object, &json!({"metadata": {"labels": {LABEL: BENCH}}}));
            self.sweep(named.name).await?;
        }
        let what = format!("{}/{}", named.kind, named.name);
        let api = self.api(&object).await?;
        match api
            .create(&PostParams::default(), &serde_json::from_value(object.clone())?)
            .await
        {
            Ok(created) => {
                let made = Made {
                    namespace: api.namespace().map(str::to_owned),
                    kind: named.kind.to_owned(),
                    name: created.name_any(),
                    api,
                };
                self.lock().push(made);
                Ok(Some(created))
            }
            Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(None),
            Err(error) => Err(error).with_context(|| format!("failed to create {what}")),
        }
    }

    /// How objects of this kind are asked for, in the namespace that the object names.
    pub(super) async fn api(&self, object: &Value) -> Result<Api<DynamicObject>> {
        let types: TypeMeta = serde_json::from_value(object.clone())?;
        let known = pinned_kind(&self.client, &GroupVersionKind::try_from(&types)?).await;
        let (resource, capabilities) =
            known.with_context(|| format!("the API server has no kind {} of {}", types.kind, types.api_version))?;
        let client = self.client.clone();
        Ok(match manifest::namespace(object) {
            Some(namespace) if capabilities.scope == Scope::Namespaced => {
                Api::namespaced_with(client, namespace, &resource)
            }
            None if capabilities.scope == Scope::Namespaced => Api::default_namespaced_with(client, &resource),
            _ => Api::all_with(client, &resource),
        })
    }

    /// Waits until the API server knows a kind that was just defined.
    pub(super) async fn knows(&self, types: &TypeMeta) -> Result<()> {
        let kind = GroupVersionKind::try_from(types)?;
        let what = format!("kind {} of {} is known", types.kind, types.api_version);
        wait::until(&what, MOMENT, || async {
            Ok(pinned_kind(&self.client, &kind).await.is_ok())
        })
        .await
    }

    /// Removes what was made in a namespace, and the namespace if it was made for this.
    pub(super) async fn close(&self, namespace: &str) -> Result<()> {
        let own = self.take(|made| {
            made.namespace.as_deref() == Some(namespace) || (made.kind == "Namespace" && made.name == namespace)
        });
        self.remove(own).await
    }

    /// Removes everything that was made.
    pub(super) async fn close_all(&self) -> Result<()> {
        let all = self.take(|_| true);
        self.remove(all).await
    }

    /// What was made last goes first, so that a check goes before what it is about, and a namespace at the end. One thing
    /// that stays does not keep the others.
    async fn remove(&self, made: Vec<Made>) -> Result<()> {
        let mut outcome = Ok(());
        for one in made.iter().rev() {
            let removed = Box::pin(self.remove_one(one)).await;
            let removed = removed.with_context(|| format!("failed to remove {}/{}", one.kind, one.name));
            outcome = outcome.and(removed);
        }
        outcome
    }

    async fn remove_one(&self, made: &Made) -> Result<()> {
        if made.kind == "Namespace" {
            // Nothing is to be said in the thirty seconds that Pods have for it.
            let pods: Api<Pod> = Api::namespaced(self.client.clone(), &made.name);
            let soon = DeleteParams::default().grace_period(1);
            pods.delete_collection(&soon, &ListParams::default()).await?;
        }
        match made.api.delete(&made.name, &DeleteParams::background()).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => return Ok(()),
            deleted => drop(deleted?),
        }
        if matches!(made.kind.as_str(), "WorkloadHardeningCheck" | "Namespace") {
            let gone = |object: Option<&DynamicObject>| object.is_none();
            wait::watch("it to go", PATIENCE, made.api.clone(), &made.name, gone).await?;
        }
        Ok(())
    }

    /// Removes a namespace that an earlier bench left, if there is one.
    async fn sweep(&self, name: &str) -> Result<()> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let found = namespaces.get_opt(name).await?;
        let bench = found.as_ref().and_then(|found| found.labels().get(LABEL));
        if bench.is_none_or(|bench| bench != BENCH) {
            return Ok(());
        }
        namespaces.delete(name, &DeleteParams::background()).await?;
        let gone = |namespace: Option<&Namespace>| namespace.is_none();
        wait::watch("an earlier bench to go", PATIENCE, namespaces, name, gone)
            .await
            .map(drop)
    }

    fn has(&self, namespace: Option<&str>, kind: &str, name: &str) -> bool {
        let is = |made: &Made| made.namespace.as_deref() == namespace && made.kind == kind && made.name == name;
        self.lock().iter().any(is)
    }

    fn take(&self, which: impl Fn(&Made) -> bool) -> Vec<Made> {
        self.lock().extract_if(.., |made| which(made)).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

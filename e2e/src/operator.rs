//! Plays the operator of a kind of its own: makes a Deployment of each Widget, in whatever namespace that is.

use anyhow::{Context, Result};
use futures::TryStreamExt as _;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::wait;

/// Name of the definition.
const DEFINITION: &str = "widgets.e2e.temper.dev";

/// Longer than the API server takes to serve a new kind.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// An operator at work.
#[derive(Debug)]
pub struct Operator {
    work: JoinHandle<Result<()>>,
}

/// The API of Widgets.
pub fn widgets() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("e2e.temper.dev", "v1", "Widget"))
}

impl Operator {
    /// Makes the kind known, and begins to work.
    pub async fn start(client: &Client) -> Result<Self> {
        let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
        let parameters = PatchParams::apply("temper-e2e");
        definitions
            .patch(DEFINITION, &parameters, &Patch::Apply(definition()))
            .await
            .context("failed to define Widgets")?;
        let is_served = kube::runtime::conditions::is_crd_established();
        wait::watch("Widgets to be served", PATIENCE, definitions, DEFINITION, is_served).await?;
        let work = tokio::spawn(operate(client.clone()));
        Ok(Self { work })
    }

    /// Stops, and removes the kind with all that is of it.
    pub async fn stop(self, client: &Client) -> Result<()> {
        self.work.abort();
        let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
        definitions.delete(DEFINITION, &DeleteParams::background()).await?;
        Ok(())
    }
}

async fn operate(client: Client) -> Result<()> {
    let widgets: Api<DynamicObject> = Api::all_with(client.clone(), &widgets());
    let watched = watcher(widgets, watcher::Config::default()).default_backoff();
    let mut watched = std::pin::pin!(watched.applied_objects());
    while let Some(widget) = watched.try_next().await? {
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), &widget.namespace().unwrap_or_default());
        let parameters = PatchParams::apply("widget-operator").force();
        let made = deployments
            .patch(&widget.name_any(), &parameters, &Patch::Apply(deployment(&widget)))
            .await;
        // A namespace that is being removed takes nothing new.
        if let Err(error) = made {
            tracing::warn!(%error, "a Widget has no Deployment");
        }
    }
    Ok(())
}

fn deployment(widget: &DynamicObject) -> Value {
    let field = |path: &str| widget.data.pointer(path).cloned().unwrap_or_default();
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": widget.name_any(),
            "ownerReferences": [{
                "apiVersion": "e2e.temper.dev/v1", "kind": "Widget", "controller": true,
                "name": widget.name_any(), "uid": widget.uid()
            }]
        },
        "spec": {
            "replicas": field("/spec/size"),
            "selector": {"matchLabels": field("/spec/template/metadata/labels")},
            "template": field("/spec/template")
        }
    })
}

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": DEFINITION},
        "spec": {
            "group": "e2e.temper.dev",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "properties": {"spec": {
                        "type": "object",
                        "required": ["size", "template"],
                        "properties": {
                            "size": {"type": "integer"},
                            "template": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}
                        }
                    }}
                }}
            }]
        }
    })
}

//! What all runs share: the client Pod with a peer that servers may ask, the worker's account, seccomp profiles.

use std::fs;

use anyhow::{Context, Result, ensure};
use kube::api::{DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind, TypeMeta};
use kube::{Api, Client};
use serde_json::Value;

use super::case::Case;
use super::clients::Clients;
use super::label::Probes;
use super::{pod, worker};
use crate::cluster::Cluster;
use crate::{cluster, recordings};

/// The place where runs happen.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "a client has none")]
pub struct Stage {
    /// Client with all rights.
    pub client: Client,
    clients: Clients,
}

impl Stage {
    /// Sets it up for these cases, anew.
    pub async fn set_up(cases: &[Case<'_>]) -> Result<Self> {
        ensure!(
            !cluster::external(),
            "CLUSTER=external: seccomp profiles cannot be put on somebody else's nodes; unset it"
        );
        let cluster = Cluster::from_env()?;
        let client = cluster.client().await?;
        for directory in cluster.seccomp_profiles() {
            let directory = directory.join("field");
            fs::create_dir_all(&directory).with_context(|| format!("failed to make `{}`", directory.display()))?;
            for case in cases {
                if let Some(name) = case.change.profile() {
                    fs::write(directory.join(name), pod::profile(&case.change).to_string())?;
                }
            }
        }
        worker::remove_account(&client).await?;
        let clients = Clients::set_up(&client, &[]).await?;
        worker::account(&client).await?;
        recordings::stream_made(&client).await?;
        Ok(Self { client, clients })
    }

    /// Removes it, if it is there.
    pub async fn strike(&self) -> Result<()> {
        worker::remove_account(&self.client).await?;
        self.clients.strike().await
    }

    /// Lets the clients of a program ask what they ask in a run.
    pub(super) async fn drive(&self, case: &Case<'_>, address: &str) -> Result<Probes> {
        let program = case.program;
        let (port, rounds) = (program.port, program.rounds);
        self.clients.ask(case.name, address, port, rounds, case.seed()).await
    }
}

/// Creates any object, and returns it as it is then. Without a namespace it has none.
pub(super) async fn create(client: &Client, namespace: Option<&str>, object: Value) -> Result<DynamicObject> {
    let types: TypeMeta = serde_json::from_value(object.clone())?;
    let resource = ApiResource::from_gvk(&GroupVersionKind::try_from(&types)?);
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) if !types.kind.starts_with("Cluster") => {
            Api::namespaced_with(client.clone(), namespace, &resource)
        }
        _ => Api::all_with(client.clone(), &resource),
    };
    let created = api
        .create(&PostParams::default(), &serde_json::from_value(object)?)
        .await;
    created.with_context(|| format!("failed to create a {}", types.kind))
}

//! Clients of real programs: a Pod whose scripts ask what a user would, and a peer that programs may ask in turn.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{AttachParams, DeleteParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use super::label::Probes;
use super::stage::create;
use crate::{pods, wait};

/// Namespace of the clients, and of the peer: `peer.field.svc.cluster.local`.
const NAMESPACE: &str = "field";
const DRIVER: &str = "driver";
/// Longer than deletion of earlier clients takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// Clients that wait for something to ask.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "a client has none")]
pub struct Clients {
    client: Client,
}

impl Clients {
    /// Sets them up anew, with the scripts `of_PROGRAM.py` of the field's folder and of others.
    pub async fn set_up(client: &Client, more: &[PathBuf]) -> Result<Self> {
        let clients = Self { client: client.clone() };
        clients.strike().await?;
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        create(client, None, namespace).await?;
        for object in furniture(more)? {
            create(client, Some(NAMESPACE), object).await?;
        }
        pods::reaches(&clients.pods(), DRIVER, pods::is_ready).await?;
        Ok(clients)
    }

    /// Removes them, if they are there.
    pub async fn strike(&self) -> Result<()> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        if namespaces.get_opt(NAMESPACE).await?.is_none() {
            return Ok(());
        }
        namespaces.delete(NAMESPACE, &DeleteParams::background()).await?;
        let gone = |namespace: Option<&Namespace>| namespace.is_none();
        wait::watch("the clients to go", PATIENCE, namespaces, NAMESPACE, gone)
            .await
            .map(drop)
    }

    /// Asks a program what its clients would, in so many rounds of requests that are drawn from a seed.
    pub async fn ask(&self, program: &str, address: &str, port: u16, rounds: u32, seed: u32) -> Result<Probes> {
        let numbers = [port.into(), rounds, seed].map(|number: u32| number.to_string());
        let command = ["python3", "/driver/drive.py", program, address].into_iter();
        let command = command.chain(numbers.iter().map(String::as_str));
        let parameters = AttachParams::default().stderr(false);
        let mut process = self.pods().exec(DRIVER, command, &parameters).await?;
        let mut said = String::new();
        let mut stdout = process.stdout().context("the driver has no output")?;
        stdout.read_to_string(&mut said).await?;
        process.join().await?;
        serde_json::from_str(&said).with_context(|| format!("the driver said `{said}`"))
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }
}

/// The clients' Pod, which serves the peer too, its scripts, and the peer's Service.
fn furniture(more: &[PathBuf]) -> Result<[Value; 3]> {
    let mut scripts = BTreeMap::new();
    let own = super::catalogue::root().join("driver");
    for folder in std::iter::once(&own).chain(more) {
        collect(folder, &mut scripts).with_context(|| format!("failed to read `{}`", folder.display()))?;
    }
    Ok([
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": DRIVER}, "data": scripts}),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "peer"},
            "spec": {"selector": {"app": DRIVER}, "ports": [{"port": 80, "targetPort": 8080}]}
        }),
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": DRIVER, "labels": {"app": DRIVER}},
            "spec": {
                "terminationGracePeriodSeconds": 0,
                "automountServiceAccountToken": false,
                "containers": [{
                    "name": DRIVER, "image": "temper.local/field:dev",
                    "command": ["python3", "/driver/peer.py"],
                    "resources": {"requests": {"cpu": "500m"}},
                    "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1},
                    "volumeMounts": [{"name": DRIVER, "mountPath": "/driver"}]
                }],
                "volumes": [{"name": DRIVER, "configMap": {"name": DRIVER}}]
            }
        }),
    ])
}

fn collect(folder: &Path, scripts: &mut BTreeMap<String, String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            scripts.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

//! What all runs share: the client Pod with a peer that servers may ask, the worker's account, seccomp profiles.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind, TypeMeta};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use super::case::Case;
use super::catalogue::root;
use super::label::Probes;
use super::{pod, worker};
use crate::cluster::Cluster;
use crate::{cluster, pods, recordings, wait};

/// Namespace of the clients, and of the peer: `peer.field.svc.cluster.local`.
const NAMESPACE: &str = "field";
const DRIVER: &str = "driver";
/// Longer than deletion of an earlier stage takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// The place where runs happen.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "a client has none")]
pub struct Stage {
    /// Client with all rights.
    pub client: Client,
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
        let stage = Self { client };
        stage.strike().await?;
        create(
            &stage.client,
            None,
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}),
        )
        .await?;
        for object in furniture()? {
            create(&stage.client, Some(NAMESPACE), object).await?;
        }
        worker::account(&stage.client).await?;
        recordings::stream_made(&stage.client).await?;
        let pods: Api<Pod> = Api::namespaced(stage.client.clone(), NAMESPACE);
        pods::reaches(&pods, DRIVER, pods::is_ready).await?;
        Ok(stage)
    }

    /// Removes it, if it is there.
    pub async fn strike(&self) -> Result<()> {
        worker::remove_account(&self.client).await?;
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        if namespaces.get_opt(NAMESPACE).await?.is_none() {
            return Ok(());
        }
        namespaces.delete(NAMESPACE, &DeleteParams::background()).await?;
        let gone = |namespace: Option<&Namespace>| namespace.is_none();
        wait::watch("the stage to go", PATIENCE, namespaces, NAMESPACE, gone)
            .await
            .map(drop)
    }

    /// Lets the clients of a program ask what they ask in a run.
    pub(super) async fn drive(&self, case: &Case<'_>, address: &str) -> Result<Probes> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), NAMESPACE);
        let program = case.program;
        let numbers = [program.port.into(), program.rounds, case.seed()].map(|number| number.to_string());
        let command = ["python3", "/driver/drive.py", case.name, address].into_iter();
        let command = command.chain(numbers.iter().map(String::as_str));
        let parameters = kube::api::AttachParams::default().stderr(false);
        let mut process = pods.exec(DRIVER, command, &parameters).await?;
        let mut said = String::new();
        let mut stdout = process.stdout().context("the driver has no output")?;
        stdout.read_to_string(&mut said).await?;
        process.join().await?;
        serde_json::from_str(&said).with_context(|| format!("the driver said `{said}`"))
    }
}

/// The clients' Pod, which serves the peer too, its scripts, and the peer's Service.
fn furniture() -> Result<[Value; 3]> {
    let folder = root().join("driver");
    let mut scripts = BTreeMap::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("failed to list `{}`", folder.display()))? {
        let entry = entry?;
        if entry.path().is_file() {
            scripts.insert(
                entry.file_name().to_string_lossy().into_owned(),
                fs::read_to_string(entry.path())?,
            );
        }
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

//! Makes `local` volumes of directories, which is what a cluster needs for StatefulSets to run: the default StorageClass
//! of the local cluster.
//!
//! ```text
//! claim ──scheduler──▶ selected node ──provisioner──▶ directory there, PersistentVolume ──▶ bound
//! claim deleted ──▶ PersistentVolume Released ──provisioner──▶ PersistentVolume deleted ──▶ directory removed
//! ```
//!
//! A volume is as large as its disk: its capacity is what the claim asked for and nobody holds it to that. A directory
//! is made as a new file system would be, writable for root alone: who is not root needs an `fsGroup`.

mod volume;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::watcher;
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;

pub use self::volume::{CLASS, class};
use self::volume::{Fate, Wish};

/// Before a failed step is tried again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who does it, and the directory of each node's volumes.
struct Context {
    client: Client,
    nodes: BTreeMap<String, PathBuf>,
}

/// What can go wrong; all of it is tried again.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("failed to create the directory `{path}`")]
    MakeDirectory { path: PathBuf, source: io::Error },
    #[error("failed to remove the directory `{path}`")]
    RemoveDirectory { path: PathBuf, source: io::Error },
    #[error("failed to {operation} PersistentVolume `{name}`")]
    Volume {
        operation: &'static str,
        name: String,
        source: kube::Error,
    },
}

/// Serves claims until the process ends. `nodes` has the directory of each node's volumes by the name of the node.
pub async fn run(client: Client, nodes: BTreeMap<String, PathBuf>) {
    let context = Arc::new(Context {
        client: client.clone(),
        nodes,
    });
    let claims = Controller::new(
        Api::<PersistentVolumeClaim>::all(client.clone()),
        watcher::Config::default(),
    )
    .run(provide, again, Arc::clone(&context))
    .for_each(async |_| {});
    let volumes = Controller::new(Api::<PersistentVolume>::all(client), watcher::Config::default())
        .run(reclaim, again, context)
        .for_each(async |_| {});
    tokio::join!(claims, volumes);
}

/// Makes the volume of a claim, once the scheduler has chosen a node.
async fn provide(claim: Arc<PersistentVolumeClaim>, context: Arc<Context>) -> Result<Action, Error> {
    match volume::wish(&claim, &context.nodes) {
        Wish::None => {}
        Wish::Refused(reason) => tracing::warn!(claim = claim.name_any(), reason, "no volume"),
        Wish::Volume { volume, directory } => {
            // First the directory: a Pod may start as soon as the volume is there.
            match tokio::fs::create_dir(&directory).await {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(Error::MakeDirectory {
                        path: directory,
                        source: error,
                    });
                }
                _ => {}
            }
            let name = volume.name_any();
            let volumes = Api::<PersistentVolume>::all(context.client.clone());
            match volumes.create(&PostParams::default(), &volume).await {
                Ok(_) => tracing::info!(claim = claim.name_any(), volume = name, "made"),
                Err(error) if is(&error, 409) => {}
                Err(source) => {
                    return Err(Error::Volume {
                        operation: "create",
                        name,
                        source,
                    });
                }
            }
        }
    }
    Ok(Action::await_change())
}

/// Removes a volume that nobody claims any more, and its directory before it is gone.
async fn reclaim(volume: Arc<PersistentVolume>, context: Arc<Context>) -> Result<Action, Error> {
    let name = volume.name_any();
    let volumes = Api::<PersistentVolume>::all(context.client.clone());
    let (operation, result) = match volume::fate(&volume) {
        Fate::Stays => return Ok(Action::await_change()),
        Fate::Deleted => (
            "delete",
            volumes.delete(&name, &DeleteParams::default()).await.map(drop),
        ),
        Fate::Emptied => {
            for directory in context.nodes.values() {
                remove(directory.join(&name)).await?;
            }
            tracing::info!(volume = name, "removed");
            let patch = json!({"metadata": {
                "finalizers": volume::other_finalizers(&volume),
                "resourceVersion": volume.resource_version(),
            }});
            let patch = Patch::Merge(patch);
            let patched = volumes.patch(&name, &PatchParams::default(), &patch).await;
            ("release", patched.map(drop))
        }
    };
    match result {
        Err(error) if !is(&error, 404) => Err(Error::Volume {
            operation,
            name,
            source: error,
        }),
        _ => Ok(Action::await_change()),
    }
}

async fn remove(directory: PathBuf) -> Result<(), Error> {
    match tokio::fs::remove_dir_all(&directory).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::RemoveDirectory {
            path: directory,
            source: error,
        }),
        _ => Ok(()),
    }
}

fn is(error: &kube::Error, code: u16) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == code)
}

fn again<K>(_object: Arc<K>, error: &Error, _context: Arc<Context>) -> Action {
    tracing::warn!(error = error as &dyn std::error::Error, "trying again");
    Action::requeue(PATIENCE)
}

//! The cluster, and the two kinds that are read from it.

use k8s_openapi::api::core::v1::Event;
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions},
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};
use temper_api::{CheckRun, HardeningReport, WorkloadHardeningCheck};

use crate::{
    advice::{Advised, Request, names_no_object},
    args::Connection,
};

const CHECKS: &str = "workloadhardeningchecks";
const REPORTS: &str = "hardeningreports";
const RUNS: &str = "checkruns";

/// The name under which the API server notes who changed a field.
const FIELD_MANAGER: &str = "kubectl-temper";

/// A cluster and the namespace of the command.
pub(crate) struct Cluster {
    client: Client,
    namespace: String,
}

impl Cluster {
    /// Reads the kubeconfig; nothing is asked of the cluster yet.
    pub(crate) async fn connect(connection: &Connection) -> Result<Self, Advised> {
        let config = config(connection).await?;
        let namespace = connection
            .namespace
            .clone()
            .unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config).map_err(|error| {
            Advised::new("failed to make a client from the kubeconfig")
                .because(error)
                .hint("check certificates and credentials with: kubectl config view")
        })?;
        Ok(Self::new(client, namespace))
    }

    /// A cluster that a client knows.
    pub(crate) fn new(client: Client, namespace: String) -> Self {
        Self { client, namespace }
    }

    /// The namespace of the command.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// A client for everything that is not of the namespace.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The checks of the namespace.
    pub(crate) fn checks(&self) -> Api<WorkloadHardeningCheck> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// What to say if a request about a check fails.
    pub(crate) fn about_check<'a>(&'a self, verb: &'a str, name: &'a str) -> Request<'a> {
        Request {
            verb,
            resource: CHECKS,
            name,
            namespace: &self.namespace,
        }
    }

    /// A check, if there is one of this name.
    pub(crate) async fn check(&self, name: &str) -> Result<Option<WorkloadHardeningCheck>, Advised> {
        present(self.checks().get(name).await).map_err(|error| self.about_check("get", name).explain(error))
    }

    /// A report, if there is one of this name.
    pub(crate) async fn report(&self, name: &str) -> Result<Option<HardeningReport>, Advised> {
        let reports: Api<HardeningReport> = Api::namespaced(self.client.clone(), &self.namespace);
        let request = Request {
            verb: "get",
            resource: REPORTS,
            name,
            namespace: &self.namespace,
        };
        present(reports.get(name).await).map_err(|error| request.explain(error))
    }

    /// A run, if there is one of this name: those of a check that has ended are gone.
    pub(crate) async fn run(&self, name: &str) -> Result<Option<CheckRun>, Advised> {
        let runs: Api<CheckRun> = Api::namespaced(self.client.clone(), &self.namespace);
        let request = Request {
            verb: "get",
            resource: RUNS,
            name,
            namespace: &self.namespace,
        };
        present(runs.get(name).await).map_err(|error| request.explain(error))
    }

    /// Every check of the namespace.
    pub(crate) async fn list_checks(&self) -> Result<Vec<WorkloadHardeningCheck>, Advised> {
        let list = self.checks().list(&ListParams::default()).await;
        Ok(list
            .map_err(|error| self.about_check("list", "*").explain(error))?
            .items)
    }

    /// Creates a check; `None` if there is one of this name.
    pub(crate) async fn create(
        &self,
        check: &WorkloadHardeningCheck,
    ) -> Result<Option<WorkloadHardeningCheck>, Advised> {
        match self.checks().create(&PostParams::default(), check).await {
            Ok(created) => Ok(Some(created)),
            Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(None),
            Err(error) => Err(self.about_check("create", &check.name_any()).explain(error)),
        }
    }

    /// Changes exactly this check, and not one that took its name in the meantime.
    pub(crate) async fn change(&self, check: &WorkloadHardeningCheck, change: &Value) -> Result<(), Advised> {
        let name = check.name_any();
        let mut change = change.clone();
        // The API server refuses a patch with the UID of another object.
        if let (Some(uid), Some(fields)) = (check.uid(), change.as_object_mut()) {
            let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
            if let Some(metadata) = metadata.as_object_mut() {
                metadata.insert("uid".to_owned(), Value::String(uid));
            }
        }
        let parameters = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        // Without this, an API server that does not know a field drops it in silence.
        let parameters = parameters.validation_strict();
        match self.checks().patch(&name, &parameters, &Patch::Merge(&change)).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.is_conflict() => Err(replaced(&name)),
            Err(error) => Err(self.about_check("patch", &name).explain(error)),
        }
    }

    /// The Events of a check; none where they cannot be read, because they are not what was asked for.
    pub(crate) async fn events(&self, check: &WorkloadHardeningCheck) -> Vec<Event> {
        let Some(uid) = check.uid() else { return Vec::new() };
        let events: Api<Event> = Api::namespaced(self.client.clone(), &self.namespace);
        let about = ListParams::default().fields(&format!("involvedObject.uid={uid}"));
        events.list(&about).await.map(|list| list.items).unwrap_or_default()
    }

    /// Deletes exactly this check, and not one that took its name in the meantime.
    pub(crate) async fn delete(&self, check: &WorkloadHardeningCheck) -> Result<(), Advised> {
        let preconditions = Preconditions {
            uid: check.uid(),
            resource_version: None,
        };
        let parameters = DeleteParams {
            preconditions: Some(preconditions),
            ..DeleteParams::default()
        };
        let name = check.name_any();
        match self.checks().delete(&name, &parameters).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(error) => Err(self.about_check("delete", &name).explain(error)),
        }
    }
}

/// What to say if there is another check of this name now.
fn replaced(name: &str) -> Advised {
    Advised::new(format!("check `{name}` was deleted and created again in the meantime"))
        .hint("look at the new one, then try again")
}

/// The namespace that the command means, if the kubeconfig can be read.
pub(crate) async fn namespace(connection: &Connection) -> Option<String> {
    match &connection.namespace {
        Some(namespace) => Some(namespace.clone()),
        None => config(connection).await.ok().map(|config| config.default_namespace),
    }
}

async fn config(connection: &Connection) -> Result<Config, Advised> {
    let Connection {
        namespace: _,
        context,
        kubeconfig,
    } = connection;
    let options = KubeConfigOptions {
        context: context.clone(),
        ..KubeConfigOptions::default()
    };
    let config = match (kubeconfig, context) {
        (Some(path), _) => match Kubeconfig::read_from(path) {
            Ok(file) => Config::from_custom_kubeconfig(file, &options).await,
            Err(error) => Err(error),
        },
        (None, Some(_)) => Config::from_kubeconfig(&options).await,
        // Inside a Pod there is no kubeconfig, but a ServiceAccount.
        (None, None) => return Config::infer().await.map_err(unreadable),
    };
    config.map_err(unreadable)
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Advised {
    Advised::new("failed to read the kubeconfig")
        .because(error)
        .hint("name it with --kubeconfig or KUBECONFIG, and its context with --context")
}

/// An object that is not there is an answer; a kind that is not there is an error.
fn present<K>(answer: Result<K, kube::Error>) -> Result<Option<K>, kube::Error> {
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(kube::Error::Api(status)) if status.is_not_found() && !names_no_object(&status) => Ok(None),
        Err(error) => Err(error),
    }
}

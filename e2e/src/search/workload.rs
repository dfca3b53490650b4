//! A workload in the cluster: waits for it, patches it, and finds who of it answers.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::wait::await_condition;
use kube::{Api, Client, ResourceExt as _};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use super::manifest::{self, Named};
use super::standing::{Standing, ends, rolls, standing};
use super::subject::Subject;
use crate::command::output;
use crate::{pods, wait};

/// Longer than any workload takes to become Ready on a busy machine, and than a CronJob's next minute.
const PATIENCE: Duration = Duration::from_mins(4);
/// How long a workload that nobody asks anything must stand.
const STEADY: Duration = Duration::from_secs(10);

/// One workload.
pub(super) struct Workload<'a> {
    subject: &'a Subject,
    api: Api<DynamicObject>,
    pods: Api<Pod>,
}

impl<'a> Workload<'a> {
    pub(super) fn new(client: &Client, subject: &'a Subject, api: Api<DynamicObject>) -> Self {
        Self {
            subject,
            api,
            pods: Api::namespaced(client.clone(), &subject.namespace),
        }
    }

    /// Waits until all of it is Ready, or says why it is not.
    pub(super) async fn up(&self) -> Result<()> {
        let Named { kind, name, .. } = self.subject.target();
        let of = |object: Option<&DynamicObject>| {
            let value = object.and_then(|object| serde_json::to_value(object).ok());
            match value {
                Some(value) => standing(kind, &value),
                None => Standing::Down("it is gone".to_owned()),
            }
        };
        let settled = |object: Option<&DynamicObject>| of(object) != Standing::Rising;
        let waited = wait::watch("it to be Ready", PATIENCE, self.api.clone(), name, settled).await;
        match waited {
            Ok(found) => match of(found.as_ref()) {
                Standing::Down(why) => bail!("{why}"),
                Standing::Rising | Standing::Up => Ok(()),
            },
            Err(error) => {
                let said = self.complaint().await.unwrap_or_default();
                Err(error).with_context(|| format!("never Ready: {said}"))
            }
        }
    }

    /// Applies a strategic merge patch. What does not follow its template is made again with it.
    pub(super) async fn patch(&self, patch: &Value) -> Result<()> {
        let target = self.subject.target();
        if rolls(target.kind) {
            let patched = self
                .api
                .patch(target.name, &PatchParams::default(), &Patch::Strategic(patch))
                .await;
            return patched.map(drop).context("the API server refuses the patch");
        }
        let patched = merged(&self.subject.workload, patch).await?;
        self.api
            .delete(target.name, &DeleteParams::background().grace_period(1))
            .await?;
        let gone = |object: Option<&DynamicObject>| object.is_none();
        wait::watch("it to go", PATIENCE, self.api.clone(), target.name, gone).await?;
        let created = self
            .api
            .create(&PostParams::default(), &serde_json::from_value(patched)?)
            .await;
        created.map(drop).context("the API server refuses what is patched")
    }

    /// Address of a Pod that is Ready and stays.
    pub(super) async fn address(&self) -> Result<String> {
        let own = self.own_pods().await?;
        let stays = |pod: &&Pod| pods::is_ready(pod) && pod.metadata.deletion_timestamp.is_none();
        let ready = own.iter().filter(stays).max_by_key(|pod| pod.creation_timestamp());
        pods::address(ready.context("no Pod is Ready")?)
    }

    /// Waits whether a Pod of it stops being Ready or restarts; what ends by itself has nothing to keep up.
    pub(super) async fn steady(&self) -> Result<()> {
        if ends(self.subject.target().kind) {
            return Ok(());
        }
        for pod in self.own_pods().await? {
            if pod.metadata.deletion_timestamp.is_some() {
                continue;
            }
            let name = pod.name_any();
            let fell = |pod: Option<&Pod>| pod.is_none_or(|pod| !pods::is_ready(pod) || restarts(pod) > 0);
            let waited = timeout(STEADY, await_condition(self.pods.clone(), &name, fell)).await;
            ensure!(waited.is_err(), "Pod `{name}` does not stay Ready");
        }
        Ok(())
    }

    /// Fails if a container has restarted.
    pub(super) async fn never_restarted(&self) -> Result<()> {
        for pod in self.own_pods().await? {
            let (name, count) = (pod.name_any(), restarts(&pod));
            ensure!(count == 0, "Pod `{name}` has restarted {count} times");
        }
        Ok(())
    }

    async fn own_pods(&self) -> Result<Vec<Pod>> {
        let labels = manifest::pod_labels(&self.subject.workload);
        let selector: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let list = ListParams::default().labels(&selector.join(","));
        Ok(self.pods.list(&list).await?.items)
    }

    /// What its Pods and their containers wait for, for a reader of a failure.
    async fn complaint(&self) -> Result<String> {
        let mut told = Vec::new();
        for status in self.own_pods().await?.iter().filter_map(|pod| pod.status.as_ref()) {
            let unmet = status.conditions.iter().flatten().filter(|one| one.status != "True");
            told.extend(unmet.filter_map(|one| one.message.clone()));
            let init = status.init_container_statuses.iter().flatten();
            let statuses = init.chain(status.container_statuses.iter().flatten());
            told.extend(statuses.filter_map(|one| one.state.as_ref()?.waiting.as_ref()?.message.clone()));
        }
        told.dedup();
        Ok(told.join("; "))
    }
}

fn restarts(pod: &Pod) -> i32 {
    let status = pod.status.as_ref();
    let statuses = status.and_then(|status| status.container_statuses.as_ref());
    statuses.into_iter().flatten().map(|status| status.restart_count).sum()
}

/// The object with a strategic merge patch, as kubectl makes it.
async fn merged(object: &Value, patch: &Value) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let [before, change] = ["object.json", "patch.json"].map(|name| folder.path().join(name));
    std::fs::write(&before, object.to_string())?;
    std::fs::write(&change, patch.to_string())?;
    let mut kubectl = Command::new("kubectl");
    kubectl
        .args([
            "patch",
            "--local",
            "--type",
            "strategic",
            "--output",
            "json",
            "--filename",
        ])
        .arg(&before)
        .arg("--patch-file")
        .arg(&change);
    Ok(serde_json::from_str(&output(&mut kubectl).await?)?)
}

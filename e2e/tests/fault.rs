//! Failures of the local cluster's own parts, made on purpose. Nothing else may use the cluster meanwhile; it must have
//! two nodes.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{PostParams, WatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;
use temper_e2e::bed::{Bed, with_bed};
use temper_e2e::cluster::{Cluster, Part};
use temper_e2e::pods::{ready, shell};
use temper_e2e::wait;
use tokio::process::Command;
use tokio::time::timeout;

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_paused_store_lets_writers_wait_and_loses_nothing() -> Result<()> {
    with_bed("paused", async |bed: Bed| {
        let cluster = Cluster::from_env()?;
        let maps: Api<ConfigMap> = Api::namespaced(bed.client.clone(), &bed.namespace);
        let named = |name: &str| serde_json::from_value::<ConfigMap>(json!({"metadata": {"name": name}}));
        maps.create(&PostParams::default(), &named("before")?).await?;
        cluster.pause(Part::Etcd)?;
        let during = named("during")?;
        let blocked = timeout(Duration::from_secs(3), maps.create(&PostParams::default(), &during)).await;
        let paused: Vec<Part> = cluster
            .parts()
            .filter(|status| status.paused)
            .map(|status| status.part)
            .collect();
        // Before anything is asserted: a store that stays paused would fail all that comes after.
        cluster.resume(Part::Etcd)?;
        ensure!(!matches!(blocked, Ok(Ok(_))), "written while the store was paused");
        ensure!(paused == [Part::Etcd], "{paused:?}");
        maps.create(&PostParams::default(), &named("after")?).await?;
        maps.get("before").await?;
        cluster.healthy().await
    })
    .await
}

#[tokio::test]
async fn a_restarted_api_server_ends_its_watches() -> Result<()> {
    with_bed("watches", async |bed: Bed| {
        let cluster = Cluster::from_env()?;
        let maps: Api<ConfigMap> = Api::namespaced(bed.client.clone(), &bed.namespace);
        let mut watch = maps.watch(&WatchParams::default(), "0").await?.boxed();
        cluster.restart(Part::ApiServer).await?;
        let ended = async { while watch.next().await.is_some_and(|event| event.is_ok()) {} };
        timeout(PATIENCE, ended).await.context("the watch went on")
    })
    .await
}

#[tokio::test]
async fn every_part_can_be_restarted_and_pods_go_on() -> Result<()> {
    with_bed("restarted", async |bed: Bed| {
        let cluster = Cluster::from_env()?;
        let [first, second] = cluster.two_nodes()?;
        let stay = "exec sleep inf";
        let made = [shell("one", &first, stay)?, shell("two", &second, stay)?];
        let before = tokio::try_join!(ready(&bed, &made[0]), ready(&bed, &made[1]))?;
        let parts: Vec<Part> = cluster.parts().map(|status| status.part).collect();
        for part in parts {
            cluster
                .restart(part)
                .await
                .with_context(|| format!("after {}", part.name()))?;
        }
        let pods: Api<Pod> = Api::namespaced(bed.client.clone(), &bed.namespace);
        let container = |pod: &Pod| {
            let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.clone());
            statuses
                .unwrap_or_default()
                .into_iter()
                .filter_map(|one| one.container_id)
                .collect::<Vec<_>>()
        };
        for pod in [before.0, before.1] {
            let now = pods.get(&pod.name_any()).await?;
            ensure!(
                !container(&pod).is_empty() && container(&pod) == container(&now),
                "the container of {} is another one",
                pod.name_any()
            );
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_start_that_is_killed_anywhere_leaves_nothing_after_down() -> Result<()> {
    let name = format!("{}-cut", Cluster::from_env()?.name());
    let cluster = Cluster::named(&name)?;
    let run = cluster.run_directory();
    let home = run.parent().context("a cluster has a directory")?;
    for reached in [
        // Those of the last node are the last ones.
        "node-1/ns/mnt",
        "processes/etcd",
        "processes/kubelet-1",
        "processes/kube-router-1",
    ] {
        let mut up = Command::new(env!("CARGO_BIN_EXE_cluster"))
            .args(["--name", &name, "up", "--nodes", "2"])
            .kill_on_drop(true)
            .spawn()?;
        let reached = run.join(reached);
        let what = format!("`{}` is there", reached.display());
        wait::until(&what, PATIENCE, || async { Ok(reached.exists()) }).await?;
        up.kill().await?;
        cluster.down().await?;
        let left = left_of(&cluster, home)?;
        ensure!(left.is_empty(), "after {what}: {left:#?}");
    }
    // With it the images.
    Ok(std::fs::remove_dir_all(home)?)
}

/// What there is of a cluster beside its caches: files, namespaces, mounts, cgroups and processes.
fn left_of(cluster: &Cluster, home: &Path) -> Result<Vec<String>> {
    let list = |directory: &str| -> Result<Vec<String>> {
        let entries = std::fs::read_dir(directory).with_context(|| format!("failed to list `{directory}`"))?;
        entries.map(|entry| Ok(entry?.path().display().to_string())).collect()
    };
    let mut left = Vec::new();
    if cluster.run_directory().exists() {
        left.push(cluster.run_directory().display().to_string());
    }
    let full_name = format!("temper-{}", cluster.name());
    left.extend(list("/run/netns")?.into_iter().filter(|path| path.contains(&full_name)));
    for hierarchy in list("/sys/fs/cgroup")? {
        let own = format!("{hierarchy}/{full_name}");
        left.extend(Some(own).filter(|own| Path::new(own).exists()));
    }
    let home = home.display().to_string();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo")?;
    left.extend(mounts.lines().filter(|line| line.contains(&home)).map(str::to_owned));
    for process in list("/proc")? {
        // One that ends meanwhile has no command line.
        let command = std::fs::read(format!("{process}/cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        left.extend(Some(command).filter(|command| command.contains(&home)));
    }
    Ok(left)
}

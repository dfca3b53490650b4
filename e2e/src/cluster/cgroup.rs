//! The cluster's own cgroups: for each node one of its Pods, and one that finds every process of it again whatever was
//! recorded.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::layout::Layout;
use super::node::Node;
use super::process;
use crate::wait;

/// Creates the cgroups of the cluster and of its nodes in every hierarchy.
pub(super) fn create(layout: &Layout) -> Result<()> {
    for hierarchy in hierarchies()? {
        let own = hierarchy.join(layout.full_name());
        make(&own)?;
        for node in layout.nodes() {
            make(&own.join(node.short_name()))?;
        }
    }
    for node in layout.nodes() {
        fs::create_dir_all(system(node)?)?;
    }
    Ok(())
}

fn make(cgroup: &Path) -> Result<()> {
    fs::create_dir_all(cgroup).with_context(|| format!("failed to create the cgroup `{}`", cgroup.display()))?;
    let Some(parent) = cgroup.parent() else { return Ok(()) };
    // A cpuset without CPUs takes no process, and a new one starts without.
    for file in ["cpuset.cpus", "cpuset.mems"] {
        if let Ok(all) = fs::read_to_string(parent.join(file)) {
            fs::write(cgroup.join(file), all.trim())?;
        }
    }
    Ok(())
}

/// The cgroup below which the kubelet of a node makes those of its Pods, as the kubelet writes it.
pub(super) fn pods(node: Node<'_>) -> String {
    format!("/{}/{}", node.layout().full_name(), node.short_name())
}

/// The cgroup of a node's own processes, and so of every shim that containerd starts.
pub(super) fn system(node: Node<'_>) -> Result<PathBuf> {
    let hierarchies = hierarchies()?;
    // One hierarchy is enough to find a process; that of pids has nothing to share out.
    let pids = hierarchies
        .iter()
        .find(|path| path.join("cgroup.procs").exists() && path.ends_with("pids"));
    let hierarchy = pids
        .or_else(|| hierarchies.first())
        .context("no cgroup hierarchy is mounted")?;
    let own = hierarchy.join(node.layout().full_name()).join(node.short_name());
    Ok(own.join("system"))
}

/// The processes of a container, by its id, in order; none when it has ended.
pub(super) fn processes(layout: &Layout, container_id: &str) -> Result<Vec<i32>> {
    let id = container_id.rsplit('/').next().unwrap_or(container_id);
    ensure!(
        id.len() >= 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "`{container_id}` is no id of a container"
    );
    let mut pids = Vec::new();
    for cgroup in trees(layout, "")? {
        if cgroup.ends_with(id) {
            pids.extend(members(&cgroup)?);
        }
    }
    pids.sort_unstable();
    pids.dedup();
    Ok(pids)
}

/// The cluster's cgroups below one of them, in every hierarchy, each after those below it.
fn trees(layout: &Layout, below: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for hierarchy in hierarchies()? {
        found.extend(tree(&hierarchy.join(layout.full_name()).join(below))?);
    }
    Ok(found)
}

/// The processes of a cgroup; one that is gone holds nothing.
fn members(cgroup: &Path) -> Result<Vec<i32>> {
    let listed = fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
    listed.lines().map(|pid| Ok(pid.parse()?)).collect()
}

/// Ends every process in the Pods' cgroups.
pub(super) async fn kill_pods(layout: &Layout) -> Result<()> {
    for node in layout.nodes() {
        kill(layout, &format!("{}/kubepods", node.short_name())).await?;
    }
    Ok(())
}

/// Ends every process in the cluster's cgroups.
pub(super) async fn kill_all(layout: &Layout) -> Result<()> {
    kill(layout, "").await
}

async fn kill(layout: &Layout, below: &str) -> Result<()> {
    let cgroups = trees(layout, below)?;
    // Again and again, because what is being ended may still be starting others.
    wait::until(
        "every process of the cluster's cgroups has ended",
        Duration::from_secs(30),
        || async {
            let mut empty = true;
            for cgroup in &cgroups {
                for pid in members(cgroup)? {
                    empty = false;
                    process::kill(pid)?;
                }
            }
            Ok(empty)
        },
    )
    .await
}

/// Removes the cluster's cgroup from every hierarchy.
pub(super) async fn remove(layout: &Layout) -> Result<()> {
    for hierarchy in hierarchies()? {
        let own = hierarchy.join(layout.full_name());
        // The kernel lets go of a cgroup some moments after its last process.
        wait::until("the cluster's cgroups are removed", Duration::from_secs(10), || async {
            for cgroup in tree(&own)? {
                match fs::remove_dir(&cgroup) {
                    Err(error) if error.kind() == ErrorKind::ResourceBusy => return Ok(false),
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(error).with_context(|| format!("failed to remove `{}`", cgroup.display()));
                    }
                    _ => {}
                }
            }
            Ok(true)
        })
        .await?;
    }
    Ok(())
}

/// `root` and all cgroups below it, deepest first; empty when there is none.
fn tree(root: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("failed to list `{}`", root.display()))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(tree(&entry.path())?);
        }
    }
    found.push(root.to_owned());
    Ok(found)
}

/// Mount points of all hierarchies, version 1 and 2.
fn hierarchies() -> Result<Vec<PathBuf>> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    Ok(mounts.lines().filter_map(hierarchy).collect())
}

/// The mount point in a line of mountinfo, if it is that of a cgroup hierarchy.
fn hierarchy(line: &str) -> Option<PathBuf> {
    let (mount, kind) = line.split_once(" - ")?;
    let mut kind = kind.split(' ');
    kind.next().filter(|kind| matches!(*kind, "cgroup" | "cgroup2"))?;
    mount.split(' ').nth(4).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cgroup_mounts_are_hierarchies() {
        let pids = "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids";
        assert_eq!(hierarchy(pids), Some(PathBuf::from("/sys/fs/cgroup/pids")));
        let unified = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw";
        assert_eq!(hierarchy(unified), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(
            hierarchy("31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755"),
            None
        );
    }
}

//! Ends the processes of a container as the kernel would: without a word to anybody.

use std::fs;

use anyhow::{Result, ensure};

use super::layout::Layout;
use super::{cgroup, process};

/// Ends every process of a container, by its id.
pub(super) fn crash(layout: &Layout, container_id: &str) -> Result<()> {
    let id = container_id.rsplit('/').next().unwrap_or(container_id);
    ensure!(
        id.len() >= 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "`{container_id}` is no id of a container"
    );
    let mut pids = Vec::new();
    for cgroup in cgroup::all(layout)? {
        if cgroup.ends_with(id) {
            let members = fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
            pids.extend(members.lines().filter_map(|pid| pid.parse::<i32>().ok()));
        }
    }
    pids.sort_unstable();
    pids.dedup();
    ensure!(!pids.is_empty(), "container `{id}` has no processes");
    pids.into_iter().try_for_each(process::kill)
}

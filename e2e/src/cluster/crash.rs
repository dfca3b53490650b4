//! Ends the processes of a container as the kernel would: without a word to anybody.

use anyhow::{Result, ensure};

use super::layout::Layout;
use super::{cgroup, process};

/// Ends every process of a container, by its id.
pub(super) fn crash(layout: &Layout, container_id: &str) -> Result<()> {
    let pids = cgroup::processes(layout, container_id)?;
    ensure!(!pids.is_empty(), "container `{container_id}` has no processes");
    pids.into_iter().try_for_each(process::kill)
}

//! The processes of a PID namespace.

use std::path::Path;

use temper_proto::v1;

use crate::inspect::status::Status;

/// Processes that are looked at in one go.
const MAX_PROCESSES: usize = 1024;

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Processes {
    /// By their numbers.
    pub(super) list: Vec<(u32, Status)>,
    /// There are more.
    pub(super) is_cut: bool,
}

/// All processes but those of our own name, of which there may be one that looks as another user.
pub(super) fn list(proc: &Path) -> Processes {
    let own = std::fs::read_to_string(proc.join("self/comm")).unwrap_or_default();
    let mut pids: Vec<u32> = std::fs::read_dir(proc)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    let is_cut = pids.len() > MAX_PROCESSES;
    pids.truncate(MAX_PROCESSES);
    let status = |pid: u32| {
        let bytes = std::fs::read(proc.join(pid.to_string()).join("status")).ok()?;
        Status::parse(&String::from_utf8_lossy(&bytes)).ok()
    };
    let list = pids.into_iter().filter_map(|pid| Some((pid, status(pid)?)));
    Processes {
        list: list.filter(|(_, status)| status.name != own.trim_end()).collect(),
        is_cut,
    }
}

/// A process as one of its kind.
pub(super) fn task(pid: u32, status: &Status) -> v1::Task {
    v1::Task {
        name: status.name.clone(),
        first: pid == 1,
        uid: status.uid,
        gid: status.gid,
        groups: status.groups.clone(),
        cap_effective: status.cap_effective,
        cap_permitted: status.cap_permitted,
    }
}

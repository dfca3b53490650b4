//! What processes hold open: files that they write, and sockets.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::MAX_PATH;
use super::written::State;

/// Descriptors of one process that are looked at.
const MAX_DESCRIPTORS: usize = 1024;

/// What the processes that we may look at hold open.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Files of the root file system that are open for writing, also such that were removed.
    pub(super) written: Vec<(String, State)>,
    /// Inodes of sockets.
    pub(super) sockets: BTreeSet<u64>,
    /// There are more.
    pub(super) is_cut: bool,
}

/// Reads the descriptors of processes. The kernel shows those of processes of the same user only.
pub(super) fn read(proc: &Path, pids: impl Iterator<Item = u32>, root_mount: u64) -> Held {
    let mut held = Held::default();
    for pid in pids {
        let process = proc.join(pid.to_string());
        let Ok(descriptors) = std::fs::read_dir(process.join("fd")) else {
            continue;
        };
        for (count, descriptor) in descriptors.flatten().enumerate() {
            if count >= MAX_DESCRIPTORS {
                held.is_cut = true;
                break;
            }
            let Ok(link) = std::fs::read_link(descriptor.path()) else {
                continue;
            };
            if let Some(inode) = link.to_str().and_then(socket) {
                held.sockets.insert(inode);
            } else if link.is_absolute() && link.as_os_str().len() <= MAX_PATH {
                let info = std::fs::read_to_string(process.join("fdinfo").join(descriptor.file_name()));
                if is_written(&info.unwrap_or_default(), root_mount)
                    && let Ok(file) = std::fs::metadata(descriptor.path())
                {
                    let path = path(link.as_os_str().as_bytes(), file.nlink() == 0);
                    held.written.push((path, State::of(&file)));
                }
            }
        }
    }
    held
}

fn socket(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// Whether a descriptor is of this mount and open for writing, by its `/proc/PID/fdinfo/FD`.
fn is_written(info: &str, mount: u64) -> bool {
    let field = |name: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    };
    // O_WRONLY is 1, O_RDWR is 2.
    let flags = field("flags").and_then(|flags| u32::from_str_radix(flags, 8).ok());
    flags.is_some_and(|flags| matches!(flags & 3, 1 | 2))
        && field("mnt_id").and_then(|id| id.parse().ok()) == Some(mount)
}

/// The path that a link names; the kernel marks one of a file that was removed.
fn path(link: &[u8], is_removed: bool) -> String {
    let path = String::from_utf8_lossy(link).into_owned();
    match path.strip_suffix(" (deleted)") {
        Some(before) if is_removed => before.to_owned(),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};

    use super::*;

    #[test]
    fn access_and_mount_tell_what_is_written() {
        let info = |flags: &str| format!("pos:\t0\nflags:\t{flags}\nmnt_id:\t29\nino:\t7\n");
        assert!(is_written(&info("0100001"), 29) && is_written(&info("02000002"), 29));
        assert!(!is_written(&info("0100000"), 29), "read only");
        assert!(!is_written(&info("0100001"), 30), "on another mount");
        assert!(!is_written("", 0) && !is_written("flags:\tx\nmnt_id:\t29\n", 29));
    }

    #[test]
    fn what_is_open_and_removed_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let _kept = File::create(path("kept (deleted)")).unwrap();
        let _removed = File::create(path("removed")).unwrap();
        std::fs::write(path("read"), "x").unwrap();
        let _read = OpenOptions::new().read(true).open(path("read")).unwrap();
        std::fs::remove_file(path("removed")).unwrap();
        let bound = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();

        let proc = Path::new("/proc");
        let own = std::process::id();
        let link = std::fs::read_to_string(proc.join("self/mountinfo")).unwrap();
        let mounts = crate::inspect::mountinfo::parse(&link);
        // Of the mounts that the folder may lie on, each is tried.
        let held = mounts.iter().map(|mount| read(proc, std::iter::once(own), mount.id));
        let written: BTreeSet<String> = held.flat_map(|held| held.written).map(|(path, _)| path).collect();
        let name = |name: &str| path(name).to_str().unwrap().to_owned();
        assert!(
            written.contains(&name("kept (deleted)")) && written.contains(&name("removed")),
            "{written:?}"
        );
        assert!(!written.contains(&name("read")));
        assert!(!read(proc, std::iter::once(own), 0).sockets.is_empty());
        drop(bound);
    }

    #[test]
    fn only_a_socket_is_one() {
        assert_eq!(socket("socket:[4711]"), Some(4711));
        assert_eq!(socket("pipe:[4711]"), None);
    }
}

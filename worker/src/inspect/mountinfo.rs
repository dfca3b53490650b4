//! `/proc/<pid>/mountinfo`: the mount table of a process.

use serde::{Deserialize, Serialize};

/// One line of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mount {
    /// Number of the mount, which `/proc/PID/fdinfo` names too.
    #[serde(default)]
    pub(crate) id: u64,
    /// Mount point.
    pub(crate) path: String,
    /// Type of the file system.
    pub(crate) fs_type: String,
    /// Nothing can be written through this mount.
    pub(crate) read_only: bool,
}

/// Reads the table; lines that are none are left out.
pub(crate) fn parse(text: &str) -> Vec<Mount> {
    text.lines().filter_map(line).collect()
}

/// The mount of `/`; a later mount on the same path hides an earlier one.
pub(crate) fn root(mounts: &[Mount]) -> Option<&Mount> {
    mounts.iter().rev().find(|mount| mount.path == "/")
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn line(line: &str) -> Option<Mount> {
    let (mount, fs) = line.split_once(" - ")?;
    let mut mount = mount.split(' ');
    let id = mount.next()?.parse().ok()?;
    let mut mount = mount.skip(3);
    let path = unescape(mount.next()?);
    let options = mount.next()?;
    let mut fs = fs.split(' ');
    let fs_type = fs.next()?.to_owned();
    let super_options = fs.nth(1).unwrap_or_default();
    let read_only = [options, super_options]
        .iter()
        .any(|list| list.split(',').any(|option| option == "ro"));
    Some(Mount {
        id,
        path,
        fs_type,
        read_only,
    })
}

/// The kernel writes space, tab, line feed and backslash as octal escapes.
fn unescape(text: &str) -> String {
    text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
1203 1100 0:221 / / ro,relatime - overlay overlay rw,lowerdir=/a:/b,upperdir=/c,workdir=/d
1204 1203 0:224 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
1205 1203 8:1 /var/lib/kubelet/pods/x/volumes/cache /var/cache/my\\040app rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw
1206 1203 0:30 / /sys/fs/cgroup rw,nosuid - tmpfs tmpfs ro,mode=755
broken line
";

    #[test]
    fn both_kinds_of_read_only_count() {
        let mounts = parse(TABLE);
        let seen: Vec<_> = mounts
            .iter()
            .map(|m| (m.path.as_str(), m.fs_type.as_str(), m.read_only))
            .collect();
        assert_eq!(
            seen,
            [
                ("/", "overlay", true),
                ("/proc", "proc", false),
                ("/var/cache/my app", "ext4", false),
                ("/sys/fs/cgroup", "tmpfs", true)
            ]
        );
        assert_eq!(root(&mounts).map(|root| (root.id, root.read_only)), Some((1203, true)));
    }

    #[test]
    fn the_last_mount_on_a_path_wins() {
        let table = format!("{TABLE}1 2 0:1 / / rw - tmpfs tmpfs rw\n");
        assert_eq!(root(&parse(&table)).map(|root| root.read_only), Some(false));
        assert_eq!(root(&[]), None);
    }
}

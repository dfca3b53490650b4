//! What the image has that a repair may need, and what process 1 was started with.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use temper_proto::v1;

use super::MAX_PATH;

/// Where programs are looked for.
const PATH: [&str; 6] = ["usr/local/bin", "usr/bin", "bin", "usr/local/sbin", "usr/sbin", "sbin"];

/// With what the content of a directory could be copied.
const TOOLS: [&str; 3] = ["cp", "sh", "busybox"];

/// Bytes of a file that are read, as a rule.
const MAX_BYTES: u64 = 1024 * 1024;

/// Paths of those tools that the image has.
pub(super) fn tools(root: &Path) -> Vec<String> {
    let place = |tool: &&str| {
        let folder = PATH.iter().find(|folder| exists(root, &format!("{folder}/{tool}")))?;
        Some(format!("/{folder}/{tool}"))
    };
    TOOLS.iter().filter_map(place).collect()
}

/// Entries of `/etc/passwd` for these users; the first one for each counts.
pub(super) fn accounts(root: &Path, uids: &BTreeSet<u32>) -> Vec<v1::Account> {
    let path = root.join("etc/passwd");
    let is_file = exists(root, "etc/passwd") && path.symlink_metadata().is_ok_and(|file| file.is_file());
    let text = if is_file { read(&path, MAX_BYTES) } else { Vec::new() };
    let mut wanted = uids.clone();
    let mut found = Vec::new();
    for account in String::from_utf8_lossy(&text).lines().filter_map(account) {
        if wanted.remove(&account.uid) {
            found.push(account);
        }
    }
    found
}

/// `name:password:uid:gid:comment:home:shell`
fn account(line: &str) -> Option<v1::Account> {
    let fields: Vec<&str> = line.split(':').collect();
    let account = v1::Account {
        name: (*fields.first()?).to_owned(),
        uid: fields.get(2)?.parse().ok()?,
        gid: fields.get(3)?.parse().ok()?,
        home: (*fields.get(5)?).to_owned(),
    };
    (account.name.len() + account.home.len() <= MAX_PATH).then_some(account)
}

/// What a process runs. Of its environment, which may hold secrets, only two paths are looked for.
pub(super) fn program(process: &Path) -> v1::Program {
    let executable = std::fs::read_link(process.join("exe")).unwrap_or_default();
    let environment = read(&process.join("environ"), MAX_BYTES);
    let variable = |name: &str| {
        let mut pairs = environment.split(|byte| *byte == 0);
        let value = pairs.find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
        let value = std::str::from_utf8(value).ok()?;
        // A program may have written something else over it.
        (value.starts_with('/') && value.len() <= MAX_PATH).then(|| value.to_owned())
    };
    let executable = String::from_utf8_lossy(executable.as_os_str().as_bytes()).into_owned();
    v1::Program {
        time_nanos: 0,
        executable: if executable.len() <= MAX_PATH {
            executable
        } else {
            String::new()
        },
        home: variable("HOME"),
        tmpdir: variable("TMPDIR"),
    }
}

/// Whether a path is there without the help of a symbolic link, which would be resolved in our own image.
pub(super) fn exists(root: &Path, path: &str) -> bool {
    let mut place = root.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        place.push(part);
        let Ok(found) = place.symlink_metadata() else {
            return false;
        };
        if parts.peek().is_some() && !found.is_dir() {
            return false;
        }
    }
    true
}

/// The first bytes of a file; none if it cannot be read.
pub(super) fn read(path: &Path, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    if read.is_ok() { bytes } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn tools_are_found_where_they_are_and_not_through_links_of_directories() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("usr/bin")).unwrap();
        symlink("usr/bin", root.path().join("bin")).unwrap();
        symlink("/bin/busybox", root.path().join("usr/bin/cp")).unwrap();
        std::fs::write(root.path().join("usr/bin/busybox"), "").unwrap();
        assert_eq!(tools(root.path()), ["/usr/bin/cp", "/usr/bin/busybox"]);
        assert_eq!(tools(Path::new("/nonexistent")), [""; 0]);
    }

    #[test]
    fn accounts_are_those_of_users_that_were_seen() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("etc")).unwrap();
        let passwd = root.path().join("etc/passwd");
        std::fs::write(
            &passwd,
            b"root:x:0:0:root:/root:/bin/sh\n\xff\nmysql:x:999:998::/home/mysql:\ntoor:x:0:1::/:\n",
        )
        .unwrap();
        let account = |name: &str, uid, gid, home: &str| v1::Account {
            name: name.into(),
            uid,
            gid,
            home: home.into(),
        };
        let found = accounts(root.path(), &BTreeSet::from([999, 0, 5]));
        assert_eq!(
            found,
            [
                account("root", 0, 0, "/root"),
                account("mysql", 999, 998, "/home/mysql")
            ]
        );
        std::fs::remove_file(&passwd).unwrap();
        symlink("/etc/passwd", &passwd).unwrap();
        assert_eq!(
            accounts(root.path(), &BTreeSet::from([0])),
            [],
            "a link leads elsewhere"
        );
    }

    #[test]
    fn of_an_environment_two_paths_are_told() {
        let process = tempfile::tempdir().unwrap();
        let environ = process.path().join("environ");
        std::fs::write(&environ, b"PASSWORD=hunter2\0HOME=/srv\0TMPDIR=hunter2\0HOMES=/x\0").unwrap();
        symlink("/usr/sbin/nginx", process.path().join("exe")).unwrap();
        let program = program(process.path());
        assert_eq!(program.executable, "/usr/sbin/nginx");
        assert_eq!((program.home.as_deref(), program.tmpdir), (Some("/srv"), None));
    }
}

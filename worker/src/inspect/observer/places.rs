//! Directories that the program may come to write to, though it has not so far: who packs a program gives it the
//! directories that it writes to, or names them where it is started.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use temper_proto::v1;

use super::MAX_PATH;
use super::scan::Scan;
use super::written::State;

/// Directories that are told.
pub(super) const MAX_PLACES: usize = 64;

/// Arguments of one process that are looked at, and bytes of them.
const MAX_ARGUMENTS: usize = 256;
const MAX_BYTES: u64 = 64 * 1024;

/// Where programs and what belongs to them are, and nothing that they write.
const PROGRAMS: [&str; 8] = ["/bin", "/boot", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/usr"];

/// Who may write to a directory beside its owner.
const WORLD: u32 = 0o002;

/// The topmost directories that are given to somebody other than root, or to everybody.
pub(super) fn given(scan: &Scan<'_>) -> BTreeMap<String, v1::Place> {
    let mut found = BTreeMap::new();
    let mut next = vec!["/".to_owned()];
    while let Some(directory) = next.pop() {
        for (path, entry) in scan.entries(&directory) {
            if found.len() >= MAX_PLACES || scan.is_spent() {
                return found;
            }
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_directory || path.len() > MAX_PATH || PROGRAMS.contains(&path.as_str()) {
                continue;
            }
            match place(scan, &path) {
                Some(place) if place.uid != 0 || place.gid != 0 || place.mode & WORLD != 0 => {
                    found.insert(path, place);
                }
                _ => next.push(path),
            }
        }
    }
    found
}

/// The directories that processes work in or are told.
pub(super) fn named(proc: &Path, pids: impl Iterator<Item = u32>, scan: &Scan<'_>) -> BTreeMap<String, v1::Place> {
    let mut found = BTreeMap::new();
    for pid in pids {
        let process = proc.join(pid.to_string());
        let directory = std::fs::read_link(process.join("cwd")).ok();
        let directory = directory.map(|path| String::from_utf8_lossy(path.as_os_str().as_bytes()).into_owned());
        for path in directory.into_iter().chain(arguments(&process)) {
            let path = path.trim_end_matches('/');
            if found.len() >= MAX_PLACES {
                return found;
            }
            if !found.contains_key(path)
                && scan.is_own(path)
                && let Some(place) = place(scan, path)
            {
                found.insert(path.to_owned(), v1::Place { named: true, ..place });
            }
        }
    }
    found
}

/// The absolute paths that a process was started with, also such as `--data=/srv`. Of what else it was told, which may
/// be secret, nothing is kept.
fn arguments(process: &Path) -> Vec<String> {
    let line = super::image::read(&process.join("cmdline"), MAX_BYTES);
    let words = line.split(|byte| *byte == 0).take(MAX_ARGUMENTS);
    let paths = words.filter_map(|word| {
        let word = std::str::from_utf8(word).ok()?;
        let value = word.split_once('=').map_or(word, |(_, value)| value);
        let path = if word.starts_with('/') { word } else { value };
        (path.starts_with('/') && path.len() <= MAX_PATH).then(|| path.to_owned())
    });
    paths.collect()
}

fn place(scan: &Scan<'_>, path: &str) -> Option<v1::Place> {
    let found = State::read(&scan.place(path)).filter(|found| found.is_directory)?;
    Some(v1::Place {
        path: path.to_owned(),
        uid: found.uid,
        gid: found.gid,
        mode: found.mode,
        named: false,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn of_what_a_process_is_told_only_paths_are_kept() {
        let process = tempfile::tempdir().unwrap();
        let told =
            b"redis-server\0--dir\0/var/lib/redis\0--pass=hunter2\0--data=/srv/x\0--url=http://a/b\0/a=b\0\xff\0";
        fs::write(process.path().join("cmdline"), told).unwrap();
        assert_eq!(arguments(process.path()), ["/var/lib/redis", "/srv/x", "/a=b"]);
        assert_eq!(arguments(Path::new("/nonexistent")), [""; 0]);
    }
}

//! Finds what was made or changed on a root file system since its container started.
//!
//! Symbolic links are never followed. Where the root is an overlay, a directory that did not change since the start
//! has nothing below it that did: whatever is written below is first copied up, and with it every directory above, so
//! that its inode changes. Only directories that the runtime itself had copied up before, those above mount points,
//! tell nothing. So a look at a large image costs next to nothing.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{DirEntry, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::MAX_PATH;
use super::image;
use super::start::{changed, modified};
use super::written::{State, Written};
use crate::inspect::mountinfo::{self, Mount};

/// Files and directories that are looked at in one go.
const MAX_ENTRIES: usize = 50_000;

/// File systems of the kernel's own, should they be no mounts.
const KERNEL: [&str; 3] = ["/dev", "/proc", "/sys"];

/// One look.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    root: &'a Path,
    /// What is not on the root file system, and hides what is.
    mounts: BTreeSet<&'a str>,
    is_overlay: bool,
    /// In nanoseconds since the Unix epoch: what changed later was changed by the container.
    started: i64,
    visited: Cell<usize>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(root: &'a Path, mounts: &'a [Mount], started: i64) -> Self {
        let points = mounts
            .iter()
            .map(|mount| mount.path.as_str())
            .filter(|path| *path != "/");
        Self {
            root,
            mounts: points.chain(KERNEL).collect(),
            is_overlay: mountinfo::root(mounts).is_some_and(|root| root.fs_type == "overlay"),
            started,
            visited: Cell::new(0),
        }
    }

    /// Notes everything that was written; whether there is more than could be looked at.
    pub(super) fn run(&self, written: &mut Written, now: i64) -> bool {
        if let Ok(root) = self.root.metadata() {
            self.directory("/", &root, written, now);
        }
        self.is_spent()
    }

    /// Whether nothing more is to be looked at in this go.
    pub(super) fn is_spent(&self) -> bool {
        self.visited.get() >= MAX_ENTRIES
    }

    /// Looks into a directory; whether something was written in it, however deep, or it was written itself.
    fn directory(&self, directory: &str, metadata: &Metadata, written: &mut Written, now: i64) -> bool {
        let mut is_written = modified(metadata) > self.started;
        if written.is_collapsed(directory) {
            return true;
        }
        if self.is_overlay && changed(metadata) <= self.started && !self.is_above_a_mount(directory) {
            return false;
        }
        for (path, entry) in self.entries(directory) {
            if self.is_spent() {
                break;
            }
            let Ok(found) = entry.metadata() else { continue };
            if path.len() > MAX_PATH {
                if changed(&found) > self.started {
                    written.collapse(directory, now);
                    is_written = true;
                }
            } else if found.is_dir() {
                is_written |= self.directory(&path, &found, written, now);
            } else if changed(&found) > self.started {
                written.note(&path, State::of(&found), now);
                is_written = true;
            }
        }
        // One that only changed as an inode was given to somebody, unless it was copied up for what is below it.
        if modified(metadata) > self.started || (changed(metadata) > self.started && !is_written) {
            written.note(directory, State::of(metadata), now);
            is_written = true;
        }
        is_written
    }

    /// What a directory holds on the root file system, by path.
    pub(super) fn entries(&self, directory: &str) -> impl Iterator<Item = (String, DirEntry)> {
        let prefix = directory.trim_end_matches('/').to_owned();
        let entries = std::fs::read_dir(self.place(directory)).into_iter().flatten().flatten();
        let named = entries.map(move |entry| {
            let name = entry.file_name();
            (format!("{prefix}/{}", String::from_utf8_lossy(name.as_bytes())), entry)
        });
        let counted = named.inspect(|_| self.visited.set(self.visited.get() + 1));
        counted.filter(|(path, _)| !self.mounts.contains(path.as_str()))
    }

    /// Where something of the container is for us.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Whether something is on the root file system itself, below its root: neither on another mount nor behind a link.
    pub(super) fn is_own(&self, path: &str) -> bool {
        let is_plain = path.starts_with('/') && path.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
        let ancestors = std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(above, _)| above));
        let is_mounted = ancestors.into_iter().any(|path| self.mounts.contains(path));
        is_plain && !is_mounted && image::exists(self.root, path.trim_start_matches('/'))
    }

    /// Whether something is as the image has it. A directory is, as long as nothing was made or removed in it.
    pub(super) fn is_of_image(&self, metadata: &Metadata) -> bool {
        let time = if metadata.is_dir() {
            modified(metadata)
        } else {
            changed(metadata)
        };
        time <= self.started
    }

    /// Whether something is mounted below a directory.
    pub(super) fn is_above_a_mount(&self, directory: &str) -> bool {
        let prefix = format!("{}/", directory.trim_end_matches('/'));
        let mut below = self.mounts.range(prefix.as_str()..);
        below.next().is_some_and(|mount| mount.starts_with(&prefix))
    }
}

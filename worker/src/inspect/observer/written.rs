//! What was written, bounded: where too many paths of a directory are, only the directory is told.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use temper_proto::v1;

/// Paths that are told.
const MAX_PATHS: usize = 256;

/// Permission bits of a mode, with set-user-id and its kin.
const PERMISSIONS: u32 = 0o7777;

/// What something on a file system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    pub(super) is_directory: bool,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u32,
}

impl State {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            is_directory: metadata.is_dir(),
            uid: metadata.uid(),
            gid: metadata.gid(),
            mode: metadata.mode() & PERMISSIONS,
        }
    }

    /// Of what is there itself, not of what a link leads to.
    pub(super) fn read(path: &Path) -> Option<Self> {
        path.symlink_metadata().ok().as_ref().map(Self::of)
    }
}

/// Paths that were written.
#[derive(Debug, Default)]
pub(super) struct Written {
    entries: BTreeMap<String, v1::Written>,
    collapsed: BTreeSet<String>,
    is_cut: bool,
}

impl Written {
    /// Takes in that something was written and is so now. It stays known when it is gone.
    pub(super) fn note(&mut self, path: &str, state: State, now: i64) {
        if self.is_covered(path) {
            return;
        }
        let State {
            is_directory,
            uid,
            gid,
            mode,
        } = state;
        let seen = v1::Written {
            path: path.to_owned(),
            directory: is_directory,
            uid,
            gid,
            mode,
            time_nanos: now,
        };
        let known = self.entries.get(path);
        if known.is_some_and(|known| {
            seen == v1::Written {
                time_nanos: now,
                ..known.clone()
            }
        }) {
            return;
        }
        self.entries.insert(path.to_owned(), seen);
        while self.entries.len() > MAX_PATHS {
            if let Some(directory) = self.fullest() {
                self.collapse(&directory, now);
            } else {
                self.is_cut = true;
                self.entries.remove(path);
            }
        }
    }

    /// Tells only the directory itself from now on. The root would tell nothing.
    pub(super) fn collapse(&mut self, directory: &str, now: i64) {
        if directory == "/" {
            self.is_cut = true;
            return;
        }
        if self.is_covered(directory) {
            return;
        }
        // Its owner is looked up afterwards, if it was not written itself.
        let entry = self.entries.entry(directory.to_owned());
        entry.or_insert_with(|| v1::Written {
            path: directory.to_owned(),
            directory: true,
            time_nanos: now,
            ..v1::Written::default()
        });
        self.collapsed.insert(directory.to_owned());
        let mut collapsed = std::mem::take(&mut self.collapsed);
        collapsed.retain(|path| !ancestors(path).any(|above| above == directory));
        self.collapsed = collapsed;
        self.entries
            .retain(|path, _| !ancestors(path).any(|above| above == directory));
    }

    /// The directory, other than the root, that holds most of what is told; of several the deepest.
    fn fullest(&self) -> Option<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for directory in self.entries.keys().filter_map(|path| parent(path)) {
            *counts.entry(directory).or_default() += 1;
        }
        counts.remove("/");
        let depth = |path: &str| path.split('/').count();
        let fullest = counts
            .into_iter()
            .max_by_key(|(path, count)| (*count, depth(path), Reverse(*path)));
        fullest.map(|(path, _)| path.to_owned())
    }

    /// Whether it lies below a collapsed directory.
    pub(super) fn is_covered(&self, path: &str) -> bool {
        ancestors(path).any(|above| self.collapsed.contains(above))
    }

    /// Whether nothing below it is told.
    pub(super) fn is_collapsed(&self, path: &str) -> bool {
        self.collapsed.contains(path)
    }

    /// What is told.
    pub(super) fn entries(&self) -> impl Iterator<Item = &v1::Written> {
        self.entries.values()
    }

    /// Directories of which only they themselves are told.
    pub(super) fn collapsed(&self) -> impl Iterator<Item = &String> {
        self.collapsed.iter()
    }

    /// Directories in which something was written. One that was made changed the one above it, which is written too.
    pub(super) fn holders(&self) -> BTreeSet<String> {
        let holder = |entry: &v1::Written| {
            if entry.directory {
                Some(entry.path.clone())
            } else {
                parent(&entry.path).map(str::to_owned)
            }
        };
        self.entries.values().filter_map(holder).collect()
    }

    /// Whether more was written than is told, and no directory tells it.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// The directory that holds an absolute path; none for the root.
fn parent(path: &str) -> Option<&str> {
    let (parent, name) = path.rsplit_once('/')?;
    let parent = if parent.is_empty() { "/" } else { parent };
    (!name.is_empty()).then_some(parent)
}

fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(path), |path| parent(path))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: State = State {
        is_directory: false,
        uid: 1,
        gid: 2,
        mode: 0o600,
    };

    fn noted(paths: impl IntoIterator<Item = String>) -> Written {
        let mut written = Written::default();
        paths.into_iter().for_each(|path| written.note(&path, FILE, 7));
        written
    }

    fn paths(written: &Written) -> Vec<&str> {
        written.entries().map(|entry| entry.path.as_str()).collect()
    }

    #[test]
    fn a_path_is_new_once_and_again_when_its_owner_changes() {
        let mut written = noted(["/run/x".to_owned()]);
        written.note("/run/x", FILE, 8);
        assert_eq!(written.entries["/run/x"].time_nanos, 7);
        written.note("/run/x", State { uid: 5, ..FILE }, 9);
        assert_eq!(
            (written.entries["/run/x"].uid, written.entries["/run/x"].time_nanos),
            (5, 9)
        );
        assert_eq!(written.holders(), BTreeSet::from(["/run".to_owned()]));
    }

    #[test]
    fn the_fullest_directory_is_told_as_one() {
        let cache = (0..1000).map(|n| format!("/var/cache/x/{n}"));
        let written = noted(
            ["/run/x.pid".to_owned(), "/var/cache/y".to_owned()]
                .into_iter()
                .chain(cache),
        );
        assert_eq!(paths(&written), ["/run/x.pid", "/var/cache/x", "/var/cache/y"]);
        assert!(written.is_collapsed("/var/cache/x") && !written.is_cut());
        assert!(written.is_covered("/var/cache/x/y/z") && !written.is_covered("/var/cache/x"));
        assert!(written.holders().contains("/var/cache/x"));
    }

    #[test]
    fn a_tree_of_small_directories_is_told_by_its_top() {
        let written = noted((0..5000).map(|n| format!("/cache/{:02x}/{:02x}/{n}", n % 16, n / 16 % 16)));
        assert!(written.entries.len() <= MAX_PATHS);
        assert!(paths(&written).iter().all(|path| path.starts_with("/cache")));
    }

    #[test]
    fn the_root_is_never_told_as_one() {
        let written = noted((0..300).map(|n| format!("/{n}")));
        assert_eq!(written.entries.len(), MAX_PATHS);
        assert!(written.is_cut() && !written.is_collapsed("/"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// However much is written, the list is bounded, and each path is told: by itself or by a directory above.
        #[test]
        fn nothing_is_lost_by_collapsing(
            all in proptest::collection::btree_set("/[a-c](/[a-d]{1,2}){1,4}", 0..600),
        ) {
            let written = noted(all.iter().cloned());
            prop_assert!(written.entries.len() <= MAX_PATHS && !written.is_cut());
            for path in &all {
                prop_assert!(written.entries.contains_key(path) || written.is_covered(path), "{}", path);
            }
            for top in written.collapsed() {
                prop_assert!(written.entries.contains_key(top) && !written.is_covered(top));
            }
        }
    }
}

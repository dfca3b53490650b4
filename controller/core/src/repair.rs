//! What makes a setting possible that breaks a workload by itself: where it may write, as whom it runs, which
//! capabilities it keeps.
//!
//! Repairs are knowledge that only grows: of baselines that were looked at, and of candidates that failed. What a run
//! has of them is what its items call for ([`Repairs::of`]), and each is tried like any other candidate.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, PodSpec};

use crate::setting::{Item, Setting, containers};

mod apply;
mod capability;
mod learn;
mod refused;
mod words;

pub use capability::Capability;
pub use learn::{Learned, learn};
pub use refused::{is_denial, learn_from_refusals};

/// User, group and fsGroup where nothing says otherwise: what the thesis uses, and what most images' first user has.
pub const DEFAULT_ID: i64 = 1000;

/// Directories that one container is given at most: more of them and its root file system is no longer read-only in
/// any sense.
pub const MAX_DIRECTORIES: usize = 12;

/// Where every program may expect to write.
const TEMPORARY: &str = "/tmp";

/// What is known to help.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repairs {
    /// Group that owns the volumes.
    pub fs_group: Option<i64>,
    /// The sysctl `net.ipv4.ip_unprivileged_port_start` is 0: ports below 1024 are nobody's privilege.
    pub unprivileged_ports: bool,
    /// Of each container, by name.
    pub containers: BTreeMap<String, Mend>,
}

/// What is known to help one container.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mend {
    /// User to run as, not 0.
    pub user: Option<i64>,
    /// Group to run as, not 0.
    pub group: Option<i64>,
    /// User that it runs as in the source, which may be 0: a group needs a user beside it.
    pub source_user: Option<i64>,
    /// Paths that must be writable, each an emptyDir.
    pub directories: BTreeMap<String, Fill>,
    /// Capabilities that are added back after all were dropped. Of use to root only.
    pub capabilities: BTreeSet<Capability>,
    /// Value of `HOME`.
    pub home: Option<String>,
    /// An empty volume is its `/tmp` where its root file system is read-only. In what items call for it is one of the
    /// directories.
    pub temporary: bool,
}

/// What a directory begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fill {
    /// Nothing.
    Empty,
    /// What the image has at that path, if it has it, copied by an init container of the same image. It is its user's.
    Copied,
}

impl Repairs {
    /// What is needed whatever is seen: a container that has no volume at `/tmp` gets one with a read-only root file
    /// system. What is written there on request only is not seen in a recording where nobody asks.
    pub fn expected(pod: &PodSpec) -> Self {
        let mend = |container: &Container| {
            let mut mounts = container.volume_mounts.iter().flatten();
            let has_own = mounts.any(|mount| mount.mount_path.trim_end_matches('/') == TEMPORARY);
            (!has_own).then(|| {
                let mend = Mend {
                    temporary: true,
                    ..Mend::default()
                };
                (container.name.clone(), mend)
            })
        };
        Self {
            containers: containers(pod).filter_map(mend).collect(),
            ..Self::default()
        }
    }

    /// User that a container runs as where it is to be no root.
    pub fn user(&self, container: &str) -> i64 {
        self.containers
            .get(container)
            .and_then(|mend| mend.user)
            .unwrap_or(DEFAULT_ID)
    }

    /// User that goes with a group where the container says none.
    pub(crate) fn user_beside_group(&self, container: &str) -> i64 {
        let mend = self.containers.get(container);
        mend.and_then(|mend| mend.source_user.or(mend.user))
            .unwrap_or(DEFAULT_ID)
    }

    /// Group that a container runs as.
    pub fn group(&self, container: &str) -> i64 {
        let mend = self.containers.get(container);
        mend.and_then(|mend| mend.group.or(mend.user)).unwrap_or(DEFAULT_ID)
    }

    /// Group that owns the volumes: where nothing says otherwise, the group that containers run as.
    pub fn fs_group(&self) -> i64 {
        let of_containers = self.containers.values().find_map(|mend| mend.group.or(mend.user));
        self.fs_group.or(of_containers).unwrap_or(DEFAULT_ID)
    }

    /// Capabilities that a container keeps.
    pub(crate) fn capabilities(&self, container: &str) -> impl Iterator<Item = String> {
        let mend = self.containers.get(container);
        let kept = mend.into_iter().flat_map(|mend| &mend.capabilities);
        kept.map(ToString::to_string)
    }

    /// Adds what others know. Of two ids the one that is known already stays.
    pub fn learn(&mut self, other: &Self) {
        self.fs_group = self.fs_group.or(other.fs_group);
        self.unprivileged_ports |= other.unprivileged_ports;
        for (name, theirs) in &other.containers {
            let mine = self.containers.entry(name.clone()).or_default();
            mine.user = mine.user.or(theirs.user);
            mine.group = mine.group.or(theirs.group);
            mine.source_user = mine.source_user.or(theirs.source_user);
            for (path, fill) in &theirs.directories {
                let known = mine.directories.entry(path.clone()).or_insert(*fill);
                *known = (*known).max(*fill);
            }
            mine.capabilities.extend(&theirs.capabilities);
            mine.temporary |= theirs.temporary;
            if mine.home.is_none() {
                mine.home.clone_from(&theirs.home);
            }
        }
    }

    /// What these items call for.
    #[must_use]
    pub fn of(&self, items: &BTreeSet<Item>) -> Self {
        let has = |setting: Setting, container: &str| items.contains(&setting.of(container));
        let any = |setting: Setting| items.iter().any(|item| item.setting == setting);
        let mut needed = Self {
            fs_group: self.fs_group.filter(|_| any(Setting::FsGroup)),
            unprivileged_ports: self.unprivileged_ports && (any(Setting::RunAsNonRoot) || any(Setting::Capabilities)),
            containers: BTreeMap::new(),
        };
        for (name, mend) in &self.containers {
            let non_root = has(Setting::RunAsNonRoot, name);
            let group = has(Setting::RunAsGroup, name);
            let read_only = has(Setting::ReadOnlyRootFilesystem, name);
            let dropped = has(Setting::Capabilities, name);
            // Who is not root may not write where root may; nor may root without DAC_OVERRIDE.
            let writes = read_only || non_root || dropped;
            let mine = Mend {
                user: mend.user.filter(|_| non_root || group || any(Setting::FsGroup)),
                group: mend.group.filter(|_| group || any(Setting::FsGroup)),
                source_user: mend.source_user.filter(|_| group && !non_root),
                directories: if writes {
                    mend.needed_directories(read_only)
                } else {
                    BTreeMap::new()
                },
                capabilities: if dropped && !non_root {
                    mend.capabilities.clone()
                } else {
                    BTreeSet::new()
                },
                home: mend.home.clone().filter(|_| non_root || read_only),
                temporary: false,
            };
            if mine != Mend::default() {
                needed.containers.insert(name.clone(), mine);
            }
        }
        needed
    }

    /// Whether a run with these repairs has what those ask for.
    pub fn covers(&self, required: &Self) -> bool {
        required.containers.iter().all(|(name, theirs)| {
            let mine = self.containers.get(name).cloned().unwrap_or_default();
            theirs.user.is_none_or(|user| mine.user == Some(user))
                && theirs.group.is_none_or(|group| mine.group == Some(group))
                && theirs.directories.keys().all(|path| is_within(path, &mine.directories))
        }) && required.fs_group.is_none_or(|group| self.fs_group == Some(group))
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Mend {
    /// The directories that must be volumes. What is in `/tmp` already is mounted into it rather than copied.
    fn needed_directories(&self, read_only: bool) -> BTreeMap<String, Fill> {
        let mut others = self.directories.clone();
        let seen = others.remove(TEMPORARY);
        let mut needed = minimal(&others);
        let temporary = seen.or_else(|| (self.temporary && read_only).then_some(Fill::Empty));
        needed.extend(temporary.map(|fill| (TEMPORARY.to_owned(), fill)));
        needed
    }
}

/// Whether a path is one of these directories, or below one.
fn is_within(path: &str, directories: &BTreeMap<String, Fill>) -> bool {
    directories.keys().any(|directory| is_below(path, directory))
}

/// Whether a path is this directory, or below it.
fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The topmost of these directories. One that has others below it begins with what they need.
fn minimal(directories: &BTreeMap<String, Fill>) -> BTreeMap<String, Fill> {
    let mut top: BTreeMap<String, Fill> = BTreeMap::new();
    for (path, fill) in directories {
        match top.iter_mut().find(|(above, _)| is_below(path, above)) {
            // What is below it must be there to be written to.
            Some((_, above)) => *above = Fill::Copied,
            None => drop(top.insert(path.clone(), *fill)),
        }
    }
    top
}

#[cfg(test)]
mod tests;

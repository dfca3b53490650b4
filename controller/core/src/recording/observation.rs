//! What a container of a baseline is and does: the evidence that repairs stand on.
//!
//! A list only grows, and of what changes the latest counts, so that joining observations in any order and any number
//! of times gives the same.

use std::collections::{BTreeMap, BTreeSet};

use super::sample::Source;

/// What was seen of a container until some time, or, once joined, at all times.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observation {
    /// Which container; of several instances the last in the order of their names.
    pub source: Source,
    /// When, by the clock of the Pod's node.
    pub time_nanos: i64,
    /// Kinds of processes.
    pub tasks: BTreeSet<Task>,
    /// What was made or changed on the root file system after the container's start, by path. What lies on a volume or
    /// another mount is not on it.
    pub written: BTreeMap<String, Written>,
    /// Directories of which only they themselves are told, as too much is written in them.
    pub collapsed: BTreeSet<String>,
    /// Directories of the root file system that the program may come to write to, by path.
    pub places: BTreeMap<String, Place>,
    /// The directories that hold something written, and the places, by path.
    pub holders: BTreeMap<String, Holder>,
    /// Paths of `cp`, `sh` and `busybox` in the image, of those that are there.
    pub tools: BTreeSet<String>,
    /// Entries of the image's `/etc/passwd` for the users of its processes.
    pub accounts: BTreeSet<Account>,
    /// Ports of the Pod that somebody listens on.
    pub listeners: BTreeSet<Listener>,
    /// Process 1 as it was last seen.
    pub program: Option<Program>,
    /// User that the runtime started process 1 as, which an entry point may have changed since.
    pub started_uid: Option<u32>,
    /// The first port that needs no privilege.
    pub unprivileged_port_start: Option<u32>,
    /// The node enforces AppArmor profiles.
    pub apparmor: bool,
    /// The node's kernel enforces SELinux labels.
    pub selinux: bool,
    /// The root file system was looked at: what is not in `written` was not written, unless something was cut.
    pub is_scanned: bool,
    /// There is more than was looked at or is told.
    pub is_cut: bool,
    /// Why something could not be read.
    pub errors: BTreeSet<String>,
}

/// A kind of process: all that are alike in this.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Task {
    /// Name of the program, which the kernel cuts after 15 bytes.
    pub name: String,
    /// It is process 1 of the container.
    pub is_first: bool,
    /// Effective user id.
    pub uid: u32,
    /// Effective group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: BTreeSet<u32>,
    /// Effective capabilities, a bit each.
    pub cap_effective: u64,
    /// Permitted capabilities.
    pub cap_permitted: u64,
}

/// Something on the root file system that was made or changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    /// When it was first seen so.
    pub time_nanos: i64,
    /// It is a directory: something was made or removed in it, or it was made, or given to somebody.
    pub is_directory: bool,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its permission bits.
    pub mode: u32,
}

/// A directory that is given to a user other than root, or to everybody, or that a process works in or is told in its
/// arguments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its permission bits.
    pub mode: u32,
    /// A process works in it or is told it.
    pub is_named: bool,
}

/// What a directory has of the image, beside what was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// Files and directories, however deep, that were not changed.
    pub image_entries: u64,
    /// Their approximate size, in bytes.
    pub image_bytes: u64,
    /// There are more of them.
    pub is_cut: bool,
}

/// A user of the image.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// Name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Id of its own group.
    pub gid: u32,
    /// Its home directory.
    pub home: String,
}

/// A port that somebody listens on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener {
    /// Its number.
    pub port: u32,
    /// It takes datagrams; else it is TCP.
    pub is_udp: bool,
    /// Who opened it.
    pub uid: u32,
    /// A process of this container was seen to hold it. Containers of a Pod share its ports, and who holds one is shown
    /// to the same user only.
    pub is_held: bool,
}

/// What process 1 runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// When it was seen.
    pub time_nanos: i64,
    /// Path of its executable.
    pub executable: String,
    /// `HOME` of the environment that it was started with.
    pub home: Option<String>,
    /// `TMPDIR` of it.
    pub tmpdir: Option<String>,
}

impl Observation {
    /// Adds what another observation has.
    pub(super) fn join(&mut self, other: Self) {
        let Self {
            source,
            time_nanos,
            tasks,
            written,
            collapsed,
            places,
            holders,
            tools,
            accounts,
            listeners,
            program,
            started_uid,
            unprivileged_port_start,
            apparmor,
            selinux,
            is_scanned,
            is_cut,
            errors,
        } = other;
        if source > self.source {
            self.source = source;
        }
        self.time_nanos = self.time_nanos.max(time_nanos);
        self.tasks.extend(tasks);
        for (path, written) in written {
            let mine = self.written.entry(path).or_insert_with(|| written.clone());
            if written > *mine {
                *mine = written;
            }
        }
        for (path, place) in places {
            let mine = self.places.entry(path).or_insert(place);
            let is_named = mine.is_named | place.is_named;
            *mine = place.max(*mine);
            mine.is_named = is_named;
        }
        for (path, holder) in holders {
            self.holders.entry(path).or_default().join(holder);
        }
        self.collapsed.extend(collapsed);
        self.leave_out_collapsed();
        self.tools.extend(tools);
        self.accounts.extend(accounts);
        self.listeners.extend(listeners);
        self.program = self.program.take().max(program);
        // Its entry point may have given the pipe away when it dropped root: the lower id is the one before.
        self.started_uid = self.started_uid.into_iter().chain(started_uid).min();
        self.unprivileged_port_start = self.unprivileged_port_start.max(unprivileged_port_start);
        self.apparmor |= apparmor;
        self.selinux |= selinux;
        self.is_scanned |= is_scanned;
        self.is_cut |= is_cut;
        self.errors.extend(errors);
    }

    /// What lies below a directory that was collapsed by then, or later, is told by that directory.
    fn leave_out_collapsed(&mut self) {
        let tops: BTreeSet<String> = {
            let is_below = |path: &str| self.collapsed.iter().any(|top| is_below(path, top));
            let tops = self.collapsed.iter().filter(|path| !is_below(path));
            tops.cloned().collect()
        };
        self.collapsed = tops;
        let is_told = |path: &str| !self.collapsed.iter().any(|top| is_below(path, top));
        self.written.retain(|path, _| is_told(path));
        self.holders.retain(|path, _| is_told(path));
    }

    /// Path of a program of the image, such as `cp`, if it was looked for and is there.
    pub fn tool(&self, name: &str) -> Option<&str> {
        let mut tools = self.tools.iter();
        let found = tools.find(|path| path.rsplit('/').next() == Some(name));
        found.map(String::as_str)
    }
}

impl Holder {
    /// What is written over is counted no more, so that the larger number is the truer one.
    fn join(&mut self, other: Self) {
        self.image_entries = self.image_entries.max(other.image_entries);
        self.image_bytes = self.image_bytes.max(other.image_bytes);
        self.is_cut |= other.is_cut;
    }
}

/// Whether an absolute path lies in a directory, however deep.
fn is_below(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
}

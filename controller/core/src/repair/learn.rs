//! What baselines were seen to do, and what that asks of a hardened run.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fill, MAX_DIRECTORIES, Mend, Repairs, TEMPORARY, is_below};
use crate::recording::{Observation, Place, Task};

/// What is known to help, apart from what was seen to be needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// What a baseline was seen to do and a hardened run could not do any more, whether it says so or not. A run without
    /// it proves nothing.
    pub required: Repairs,
    /// What may help a run that failed; has what is required, too.
    pub helpful: Repairs,
}

/// Directories that no volume takes the place of: programs are in them, or the kernel's own files.
const FIXED: [&str; 16] = [
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/sbin",
    "/sys",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/sbin",
];

/// Directories in which a program has one of its own, as a rule: of what is written below them that one is meant.
const BROAD: [&str; 13] = [
    "/etc",
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/srv",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/share",
    "/var",
    "/var/cache",
    "/var/lib",
];

/// Directories that every distribution gives to everybody.
const SHARED: [&str; 4] = [TEMPORARY, "/var/tmp", "/run/lock", "/var/lock"];

/// Who may write to a directory: its owner, its group, everybody.
const OWNER: u32 = 0o200;
const GROUP: u32 = 0o020;
const WORLD: u32 = 0o002;

/// What everybody needs to copy a directory.
const READABLE: u32 = 0o005;

/// What is copied at most at each start of a Pod, in bytes.
const MAX_COPY: u64 = 64 << 20;

/// What a volume in the place of the image's own directory asks for where only the owner may use it.
const OTHERS: u32 = 0o077;

impl Learned {
    /// Adds what others know.
    pub fn learn(&mut self, other: &Self) {
        self.required.learn(&other.required);
        self.helpful.learn(&other.helpful);
    }
}

/// What a baseline's containers were seen to do.
pub fn learn<'a>(observations: impl IntoIterator<Item = (&'a str, &'a Observation)>) -> Learned {
    let mut learned = Learned::default();
    for (name, seen) in observations {
        let (required, helpful) = of_container(seen);
        learned.helpful.unprivileged_ports |= has_low_port(seen);
        for (repairs, mend) in [(&mut learned.required, required), (&mut learned.helpful, helpful)] {
            if mend != Mend::default() {
                repairs.containers.insert(name.to_owned(), mend);
            }
        }
    }
    learned
}

fn of_container(seen: &Observation) -> (Mend, Mend) {
    let (directories, home) = directories(seen);
    let required = Mend {
        directories,
        home,
        ..Mend::default()
    };
    let first = seen.tasks.iter().filter(|task| task.is_first);
    let own: Vec<&Task> = first.filter(|task| task.uid != 0).collect();
    let mut helpful = required.clone();
    helpful.source_user = seen.started_uid.map(i64::from);
    // Who process 1 is when it is no root any more, else who its children are, else whose the directories are that it
    // is given.
    let ids = |task: &Task| (task.uid, task.gid);
    let child = || seen.tasks.iter().find(|task| task.uid != 0).map(ids);
    let owner = || {
        let mut places = seen.places.values().filter(|place| place.is_named && place.uid != 0);
        places.next().map(|place| (place.uid, place.gid))
    };
    let user = own.first().copied().map(ids).or_else(child).or_else(owner);
    let Some((uid, gid)) = user else {
        return (required, helpful);
    };
    helpful.user = Some(i64::from(uid));
    helpful.group = group_of(uid, gid, seen);
    if own.is_empty() {
        return (required, helpful);
    }
    let required = Mend {
        user: helpful.user,
        group: helpful.group,
        ..required
    };
    (required, helpful)
}

/// The group that it runs as, or its account's own where that is root's.
fn group_of(uid: u32, gid: u32, seen: &Observation) -> Option<i64> {
    let account = seen.accounts.iter().find(|account| account.uid == uid);
    let ids = [Some(gid), account.map(|account| account.gid)];
    ids.into_iter().flatten().find(|gid| *gid != 0).map(i64::from)
}

/// Whether somebody of this container listens on a port that takes a privilege.
fn has_low_port(seen: &Observation) -> bool {
    let start = seen.unprivileged_port_start.unwrap_or(1024);
    seen.listeners.iter().any(|listener| listener.port < start)
}

/// The directories of the root file system that must be writable, and the home that is one of them.
fn directories(seen: &Observation) -> (BTreeMap<String, Fill>, Option<String>) {
    let written = seen.written.iter().filter(|(path, _)| !is_cache(path));
    let changed = written.filter_map(|(path, what)| {
        let directory = if what.is_directory { path } else { parent(path)? };
        Some(directory.to_owned())
    });
    let mut wanted: BTreeSet<String> = changed.collect();
    let home = seen.program.as_ref().and_then(|program| program.home.clone());
    let home = home.filter(|home| home.len() > 1 && wanted.iter().any(|path| is_below(path, home)));
    if let Some(home) = &home {
        // Nobody but its owner may pass it, as a rule: a volume below it would be of no use.
        wanted.insert(home.clone());
    }
    let mut chosen = topmost(&wanted, seen);
    while chosen.len() > MAX_DIRECTORIES {
        let deepest = chosen.iter().max_by_key(|path| path.matches('/').count()).cloned();
        let above = deepest.as_deref().and_then(parent).map(str::to_owned);
        match above {
            Some(above) if !FIXED.contains(&above.as_str()) => {
                chosen.retain(|path| !is_below(path, &above));
                chosen.insert(above);
            }
            // So much is written all over that a read-only root is not for it.
            _ => return (BTreeMap::new(), None),
        }
    }
    for path in places(seen) {
        let is_within = chosen.iter().any(|other| is_below(path, other));
        // What lies below it would have to be copied with it.
        let is_above = chosen.iter().any(|other| is_below(other, path));
        if chosen.len() < MAX_DIRECTORIES && !is_within && (!is_above || can_copy(seen)) {
            chosen.insert(path.clone());
        }
    }
    let fill = |path: String| {
        let fill = fill(&path, seen);
        (path, fill)
    };
    (chosen.into_iter().map(fill).collect(), home)
}

/// Directories that the program is likely to write to when it is asked to, though it was not seen to: those that are
/// given to one of its users, or to everybody, and of those that it works in or is told the ones that are somebody
/// else's than root's, or empty. What is written to on request only is not seen in a recording where nobody asks.
fn places(seen: &Observation) -> impl Iterator<Item = &String> {
    let first: BTreeSet<u32> = seen
        .tasks
        .iter()
        .filter(|task| task.is_first)
        .map(|task| task.uid)
        .collect();
    let is_likely = move |path: &str, place: &Place| {
        // Without its content nothing can take its place, and root without capabilities does not read what is another's.
        let Some(holder) = seen.holders.get(path) else {
            return false;
        };
        let is_readable = place.mode & READABLE == READABLE || first.contains(&place.uid);
        if holder.image_entries > 0 && !(can_copy(seen) && is_readable) {
            return false;
        }
        let is_named = place.is_named && (place.uid != 0 || holder.image_entries == 0);
        let is_given = seen.tasks.iter().any(|task| may_write(task, place)) || place.mode & WORLD != 0;
        let is_shared = SHARED.contains(&path) && holder.image_entries == 0;
        (is_named || is_given) && !is_shared
    };
    let places = seen.places.iter().filter(move |(path, place)| is_likely(path, place));
    let own = places.map(|(path, _)| path).filter(|path| may_be_replaced(path));
    own.filter(|path| !is_large(path, seen))
}

/// Whether a process that is not root's is given a directory.
fn may_write(task: &Task, place: &Place) -> bool {
    let is_owner = task.uid == place.uid && place.mode & OWNER != 0;
    let is_member = task.gid == place.gid || task.groups.contains(&place.gid);
    task.uid != 0 && (is_owner || (is_member && place.mode & GROUP != 0))
}

/// The topmost of these, but for those that hold what is not the program's own.
fn topmost(wanted: &BTreeSet<String>, seen: &Observation) -> BTreeSet<String> {
    let mut chosen: BTreeSet<String> = BTreeSet::new();
    for path in wanted {
        let is_broad = BROAD.contains(&path.as_str()) && has_deeper(path, wanted) && !has_file(path, seen);
        let is_fixed = FIXED.contains(&path.as_str()) || is_large(path, seen);
        if !is_broad && !is_fixed && !chosen.iter().any(|above| is_below(path, above)) {
            chosen.insert(path.clone());
        }
    }
    chosen
}

/// Whether a file was written in a directory itself.
fn has_file(directory: &str, seen: &Observation) -> bool {
    let mut files = seen.written.iter().filter(|(_, what)| !what.is_directory);
    files.any(|(path, _)| parent(path) == Some(directory) && !is_cache(path))
}

fn has_deeper(path: &str, wanted: &BTreeSet<String>) -> bool {
    wanted.iter().any(|other| other != path && is_below(other, path))
}

fn is_large(path: &str, seen: &Observation) -> bool {
    let holder = seen.holders.get(path);
    holder.is_some_and(|holder| holder.is_cut || holder.image_bytes > MAX_COPY)
}

/// Whether the image has what copies.
fn can_copy(seen: &Observation) -> bool {
    seen.tool("sh").is_some() && seen.tool("cp").is_some()
}

fn fill(path: &str, seen: &Observation) -> Fill {
    let has_content = seen.holders.get(path).is_some_and(|holder| holder.image_entries > 0);
    // It was there before its program came.
    let is_of_image = parent(path).is_some_and(|above| !seen.written.contains_key(above));
    let known = seen.written.get(path).map(|what| (what.uid, what.mode));
    let known = known.or_else(|| seen.places.get(path).map(|place| (place.uid, place.mode)));
    let is_private = known.is_some_and(|(_, mode)| mode & OTHERS == 0);
    // Only its owner may change its mode, which some programs do, and a volume is root's.
    let is_users = known.is_some_and(|(uid, _)| uid != 0);
    if can_copy(seen) && (has_content || is_users || (is_of_image && is_private)) {
        Fill::Copied
    } else {
        Fill::Empty
    }
}

/// What interpreters write beside a program where they can, and do without where they cannot.
fn is_cache(path: &str) -> bool {
    path.contains("/__pycache__") || path.rsplit('.').next().is_some_and(|extension| extension == "pyc")
}

/// The directory that something lies in.
pub(super) fn parent(path: &str) -> Option<&str> {
    let (above, _) = path.trim_end_matches('/').rsplit_once('/')?;
    Some(if above.is_empty() { "/" } else { above })
}

/// Whether a volume may take the place of a directory.
pub(super) fn may_be_replaced(path: &str) -> bool {
    let is_system = ["/proc", "/sys", "/dev"].iter().any(|top| is_below(path, top));
    !is_system && !FIXED.contains(&path) && !BROAD.contains(&path)
}

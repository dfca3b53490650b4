//! Goes on looking at a container that works: who its processes are, what they write on its root file system, where
//! they listen. Everything is bounded, nothing is changed, and of what files hold nothing is told.
//!
//! It runs as the same user and with the same capabilities as what it looks at, which is what the kernel asks for
//! before it shows `/proc/1/root`.

mod content;
mod descriptors;
mod image;
mod listeners;
mod places;
mod processes;
mod scan;
mod start;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use temper_proto::v1;

use self::descriptors::Held;
use self::scan::Scan;
use self::written::{State, Written};
use super::Report;
use super::mountinfo::{self, Mount};
use crate::pods::now;

/// Between two looks at first, at most, and by how much it grows: what a program does at its start it does soon.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
const GROWTH: f64 = 1.5;

/// A pause lasts so many times as long as the look before it, which keeps it under 5 % of one core.
const SHARE: u32 = 20;

/// Bytes of a path that is told, and so of how deep a directory is looked into.
const MAX_PATH: usize = 512;

/// Kinds of processes, listeners and users that are told.
const MAX_KINDS: usize = 64;

/// Directories whose content is told.
const MAX_HOLDERS: usize = 256;

/// A line that passes from the observing container to the worker.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Seen {
    /// What process 1 shows of itself.
    pub(crate) report: Report,
    /// Everything that was seen so far. The worker knows of which container.
    pub(crate) observation: v1::Observation,
}

impl Seen {
    /// Not all of process 1 was shown: it is of another user, or gone.
    pub(crate) fn is_blind(&self) -> bool {
        !self.observation.error.is_empty()
    }
}

/// Prints a line for each look that shows something new, until one is blind: another container has to go on then.
pub(crate) fn observe(proc: &Path, mut out: impl Write) -> io::Result<()> {
    let mut observer = Observer::new(proc);
    let mut pause = PAUSE;
    loop {
        let began = Instant::now();
        let is_new = observer.look(now());
        if is_new {
            serde_json::to_writer(&mut out, &observer.seen)?;
            writeln!(out)?;
            out.flush()?;
        }
        if observer.seen.is_blind() {
            return Ok(());
        }
        std::thread::sleep(pause.max(began.elapsed() * SHARE));
        pause = pause.mul_f64(GROWTH).min(LONGEST_PAUSE);
    }
}

/// What is known so far.
#[derive(Debug)]
struct Observer {
    proc: PathBuf,
    seen: Seen,
    written: Written,
}

impl Observer {
    fn new(proc: &Path) -> Self {
        Self {
            proc: proc.to_owned(),
            seen: Seen::default(),
            written: Written::default(),
        }
    }

    /// Looks once; whether something is new.
    fn look(&mut self, now: i64) -> bool {
        let before = self.seen.clone();
        self.seen.report = super::inspect(&self.proc);
        let report = self.seen.report.clone();
        self.seen.observation.error.clone_from(&report.error);
        // Without a status process 1 is none of the container's.
        if !report.status.name.is_empty() {
            self.node();
            let processes = processes::list(&self.proc);
            self.tasks(&processes.list);
            self.seen.observation.cut |= processes.is_cut;
            let pids: Vec<u32> = processes.list.iter().map(|(pid, _)| *pid).collect();
            let root = mountinfo::root(&report.mounts).map_or(0, |root| root.id);
            let held = descriptors::read(&self.proc, pids.iter().copied(), root);
            self.listeners(&held);
            if report.error.is_empty()
                && let Err(error) = self.files(&report.mounts, &pids, held, now)
            {
                self.seen.observation.error = error;
            }
        }
        let is_new = self.seen != before;
        if is_new {
            self.seen.observation.time_nanos = now;
        }
        is_new
    }

    fn node(&mut self) {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let observation = &mut self.seen.observation;
        observation.apparmor = read("/sys/module/apparmor/parameters/enabled").starts_with('Y');
        let kernel = std::fs::read_to_string(self.proc.join("filesystems")).unwrap_or_default();
        observation.selinux = kernel.lines().any(|line| line.ends_with("\tselinuxfs"));
        let start = std::fs::read_to_string(self.proc.join("sys/net/ipv4/ip_unprivileged_port_start"));
        observation.unprivileged_port_start = start.ok().and_then(|text| text.trim().parse().ok());
    }

    fn tasks(&mut self, processes: &[(u32, super::status::Status)]) {
        for (pid, status) in processes {
            let task = processes::task(*pid, status);
            learn(&mut self.seen.observation, |seen| &mut seen.tasks, task);
        }
    }

    fn listeners(&mut self, held: &Held) {
        for found in listeners::read(&self.proc) {
            let listener = v1::Listener {
                held: held.sockets.contains(&found.inode),
                ..found.listener
            };
            let alike = |other: &&mut v1::Listener| {
                v1::Listener { held: true, ..**other } == v1::Listener { held: true, ..listener }
            };
            match self.seen.observation.listeners.iter_mut().find(alike) {
                Some(known) => known.held |= listener.held,
                None => learn(&mut self.seen.observation, |seen| &mut seen.listeners, listener),
            }
        }
    }

    /// What only a process of the same user is shown.
    fn files(&mut self, mounts: &[Mount], pids: &[u32], held: Held, now: i64) -> Result<(), String> {
        let root = self.proc.join("1/root");
        // Root is shown the mount table of others, but not their files.
        if let Err(error) = root.metadata() {
            return Err(format!("cannot read {}: {error}", root.display()));
        }
        let started = start::started(&self.proc)?;
        let observation = &mut self.seen.observation;
        observation.started_uid = observation.started_uid.or_else(|| start::uid(&self.proc));
        self.program(now);
        self.users(&root);
        let scan = Scan::new(&root, mounts, started);
        let mut is_cut = scan.run(&mut self.written, now) | held.is_cut;
        for (path, state) in held.written {
            self.written.note(&path, state, now);
        }
        for path in self.written.collapsed().cloned().collect::<Vec<_>>() {
            // It is not looked into any more, but it is still somebody's.
            if let Some(state) = State::read(&scan.place(&path)) {
                self.written.note(&path, state, now);
            }
        }
        is_cut |= self.written.is_cut();
        let observation = &mut self.seen.observation;
        observation.written = self.written.entries().cloned().collect();
        observation.collapsed = self.written.collapsed().cloned().collect();
        observation
            .holders
            .retain(|holder| !self.written.is_covered(&holder.path));
        let is_first = !observation.scanned;
        let holders = self.written.holders();
        is_cut |= count(observation, &scan, holders.iter());
        // They are looked for on their own account: what was written comes first.
        let scan = Scan::new(&root, mounts, started);
        let named = places::named(&self.proc, pids.iter().copied(), &scan);
        let given = if is_first {
            places::given(&scan)
        } else {
            BTreeMap::new()
        };
        for place in named.into_values().chain(given.into_values()) {
            let is_full = observation.places.len() >= places::MAX_PLACES;
            match observation.places.iter_mut().find(|known| known.path == place.path) {
                Some(known) => known.named |= place.named,
                None if is_full => is_cut = true,
                None => observation.places.push(place),
            }
        }
        let places: Vec<String> = observation.places.iter().map(|place| place.path.clone()).collect();
        let places = places.iter().filter(|path| !self.written.is_covered(path));
        is_cut |= count(observation, &scan, places);
        observation.scanned = true;
        observation.cut |= is_cut;
        Ok(())
    }

    fn program(&mut self, now: i64) {
        let program = image::program(&self.proc.join("1"));
        let observation = &mut self.seen.observation;
        let known = observation.program.take().unwrap_or_default();
        let is_same = program
            == v1::Program {
                time_nanos: program.time_nanos,
                ..known.clone()
            };
        observation.program = Some(if is_same {
            known
        } else {
            v1::Program {
                time_nanos: now,
                ..program
            }
        });
    }

    fn users(&mut self, root: &Path) {
        let observation = &mut self.seen.observation;
        if !observation.scanned {
            observation.tools = image::tools(root);
        }
        let uids: BTreeSet<u32> = observation
            .tasks
            .iter()
            .map(|task| task.uid)
            .chain(observation.started_uid)
            .collect();
        for account in image::accounts(root, &uids) {
            learn(observation, |seen| &mut seen.accounts, account);
        }
    }
}

/// Counts what the image has in directories, once each, before more of it is written over; whether there is no room for
/// all. Those that are left when the look is spent are counted in the next one.
fn count<'p>(
    observation: &mut v1::Observation,
    scan: &Scan<'_>,
    directories: impl Iterator<Item = &'p String>,
) -> bool {
    let known: BTreeSet<String> = observation.holders.iter().map(|holder| holder.path.clone()).collect();
    for path in directories.filter(|path| !known.contains(*path)) {
        if observation.holders.len() >= MAX_HOLDERS {
            return true;
        }
        if scan.is_spent() {
            break;
        }
        observation.holders.push(content::of_image(scan, path));
    }
    false
}

/// Adds to a list what it has not, if there is room.
fn learn<T: PartialEq>(observation: &mut v1::Observation, list: impl Fn(&mut v1::Observation) -> &mut Vec<T>, item: T) {
    let known = list(observation);
    if known.contains(&item) {
        return;
    }
    if known.len() < MAX_KINDS {
        known.push(item);
    } else {
        observation.cut = true;
    }
}

#[cfg(test)]
mod tests;

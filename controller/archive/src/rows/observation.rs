//! What a container of a baseline is and does, as a row.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use temper_core::recording::{Account, Holder, Listener, Observation, Place, Program, Source, Task, Written};

use super::collection::{by_path, list, optional};
use super::{SourceRow, capabilities};
use crate::time::rfc3339;

#[derive(Serialize, Deserialize)]
#[serde(remote = "Observation", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ObservationRow {
    #[serde(rename = "time", with = "rfc3339")]
    time_nanos: i64,
    #[serde(with = "SourceRow")]
    source: Source,
    #[serde(with = "tasks")]
    tasks: BTreeSet<Task>,
    #[serde(with = "written")]
    written: BTreeMap<String, Written>,
    collapsed: BTreeSet<String>,
    #[serde(default, with = "places")]
    places: BTreeMap<String, Place>,
    #[serde(with = "holders")]
    holders: BTreeMap<String, Holder>,
    tools: BTreeSet<String>,
    #[serde(with = "accounts")]
    accounts: BTreeSet<Account>,
    #[serde(with = "listeners")]
    listeners: BTreeSet<Listener>,
    #[serde(with = "program")]
    program: Option<Program>,
    started_uid: Option<u32>,
    unprivileged_port_start: Option<u32>,
    apparmor: bool,
    selinux: bool,
    is_scanned: bool,
    is_cut: bool,
    errors: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Task", rename_all = "camelCase", deny_unknown_fields)]
struct TaskRow {
    name: String,
    is_first: bool,
    uid: u32,
    gid: u32,
    groups: BTreeSet<u32>,
    #[serde(with = "capabilities")]
    cap_effective: u64,
    #[serde(with = "capabilities")]
    cap_permitted: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Written", rename_all = "camelCase", deny_unknown_fields)]
struct WrittenRow {
    #[serde(rename = "time", with = "rfc3339")]
    time_nanos: i64,
    is_directory: bool,
    uid: u32,
    gid: u32,
    mode: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Place", rename_all = "camelCase", deny_unknown_fields)]
struct PlaceRow {
    uid: u32,
    gid: u32,
    mode: u32,
    is_named: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Holder", rename_all = "camelCase", deny_unknown_fields)]
struct HolderRow {
    image_entries: u64,
    image_bytes: u64,
    is_cut: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Account", rename_all = "camelCase", deny_unknown_fields)]
struct AccountRow {
    name: String,
    uid: u32,
    gid: u32,
    home: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Listener", rename_all = "camelCase", deny_unknown_fields)]
struct ListenerRow {
    port: u32,
    is_udp: bool,
    uid: u32,
    is_held: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Program", rename_all = "camelCase", deny_unknown_fields)]
struct ProgramRow {
    #[serde(rename = "time", with = "rfc3339")]
    time_nanos: i64,
    executable: String,
    home: Option<String>,
    tmpdir: Option<String>,
}

list!(tasks, Task as TaskRow in "TaskRow");
list!(accounts, Account as AccountRow in "AccountRow");
list!(listeners, Listener as ListenerRow in "ListenerRow");
by_path!(written, Written as WrittenRow in "WrittenRow");
by_path!(places, Place as PlaceRow in "PlaceRow");
by_path!(holders, Holder as HolderRow in "HolderRow");
optional!(program, Program as ProgramRow in "ProgramRow");

//! Observations with hostile names.

use std::collections::BTreeSet;

use proptest::prelude::*;
use temper_core::recording::{Account, Holder, Listener, Observation, Place, Program, Task, Written};

use super::{any_source, any_text, any_time};

pub(super) fn any_observation() -> impl Strategy<Value = Observation> {
    let ids = (any::<[u32; 4]>(), any::<[u64; 2]>(), any::<[bool; 6]>());
    let texts = || prop::collection::btree_set(any_text(), 0..3);
    let program = prop::option::of((any_time(), any_text(), prop::option::of(any_text())));
    (any_source(), any_time(), ids, (texts(), texts(), texts()), program).prop_map(
        |(source, time_nanos, ids, (paths, collapsed, names), program)| {
            let ([uid, gid, mode, port], [large, larger], flags) = ids;
            let written = Written {
                time_nanos,
                is_directory: flags[0],
                uid,
                gid,
                mode,
            };
            let holder = Holder {
                image_entries: large,
                image_bytes: larger,
                is_cut: flags[1],
            };
            let place = Place {
                uid,
                gid,
                mode,
                is_named: flags[5],
            };
            let task = |name: &String| Task {
                name: name.clone(),
                is_first: flags[2],
                uid,
                gid,
                groups: BTreeSet::from([gid, 0]),
                cap_effective: large,
                cap_permitted: larger,
            };
            let account = |name: &String| Account {
                name: name.clone(),
                uid,
                gid,
                home: name.clone(),
            };
            Observation {
                source,
                time_nanos,
                tasks: names.iter().map(task).collect(),
                written: paths.iter().map(|path| (path.clone(), written.clone())).collect(),
                places: paths.iter().map(|path| (path.clone(), place)).collect(),
                holders: paths.iter().map(|path| (path.clone(), holder)).collect(),
                collapsed,
                tools: paths,
                accounts: names.iter().map(account).collect(),
                listeners: BTreeSet::from([Listener {
                    port,
                    is_udp: flags[3],
                    uid,
                    is_held: flags[4],
                }]),
                program: program.map(|(time_nanos, executable, home)| Program {
                    time_nanos,
                    executable,
                    tmpdir: home.clone(),
                    home,
                }),
                started_uid: flags[5].then_some(uid),
                unprivileged_port_start: flags[4].then_some(port),
                apparmor: flags[0],
                selinux: flags[1],
                is_scanned: flags[2],
                is_cut: flags[3],
                errors: names,
            }
        },
    )
}

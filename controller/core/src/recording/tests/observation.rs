//! Observations join.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::*;
use super::{folded, samples::source};

fn written(time_nanos: i64, uid: u32) -> Written {
    Written {
        time_nanos,
        uid,
        ..Written::default()
    }
}

fn observed(paths: &[(&str, Written)], collapsed: &[&str]) -> Observation {
    let holder = |image_bytes| Holder {
        image_bytes,
        ..Holder::default()
    };
    Observation {
        source: source(),
        written: paths
            .iter()
            .map(|(path, written)| ((*path).to_owned(), written.clone()))
            .collect(),
        holders: paths
            .iter()
            .map(|(path, written)| ((*path).to_owned(), holder(written.uid.into())))
            .collect(),
        collapsed: collapsed.iter().map(|path| (*path).to_owned()).collect(),
        ..Observation::default()
    }
}

pub(super) fn any_observation() -> impl Strategy<Value = Observation> {
    let path = || prop::sample::select(vec!["/", "/a", "/a/b", "/a/b/c", "/ab", "/d"]);
    let uid = || 0_u32..3;
    (
        prop::collection::vec((path(), 0_i64..3, uid()), 0..5),
        prop::collection::vec(path(), 0..2),
        prop::option::of(uid()),
        any::<[bool; 4]>(),
        0_i64..4,
    )
        .prop_map(
            |(paths, collapsed, id, [apparmor, selinux, is_scanned, is_cut], time_nanos)| {
                let paths: Vec<_> = paths
                    .iter()
                    .map(|(path, time, uid)| (*path, written(*time, *uid)))
                    .collect();
                let uid = id.unwrap_or_default();
                Observation {
                    time_nanos,
                    tasks: BTreeSet::from([Task { uid, ..Task::default() }]),
                    places: BTreeMap::from([(
                        "/a".to_owned(),
                        Place {
                            uid,
                            is_named: is_cut,
                            ..Place::default()
                        },
                    )]),
                    tools: BTreeSet::from([format!("/bin/{uid}")]),
                    accounts: BTreeSet::from([Account {
                        uid,
                        ..Account::default()
                    }]),
                    listeners: BTreeSet::from([Listener {
                        port: uid,
                        ..Listener::default()
                    }]),
                    program: id.map(|uid| Program {
                        time_nanos,
                        executable: format!("/bin/{uid}"),
                        ..Program::default()
                    }),
                    started_uid: id,
                    unprivileged_port_start: id,
                    apparmor,
                    selinux,
                    is_scanned,
                    is_cut,
                    errors: id.map(|uid| uid.to_string()).into_iter().collect(),
                    ..observed(&paths, &collapsed)
                }
            },
        )
}

fn joined(observations: impl IntoIterator<Item = Observation>) -> Observation {
    let recording = folded(observations.into_iter().map(Sample::Observation));
    recording.observation("app").unwrap().clone()
}

#[test]
fn the_latest_owner_of_a_path_and_the_earliest_content_count() {
    let first = observed(&[("/run", written(1, 70)), ("/etc/x", written(1, 0))], &[]);
    let then = observed(&[("/run", written(2, 5))], &[]);
    let all = joined([then.clone(), first.clone()]);
    assert_eq!(all, joined([first, then]));
    assert_eq!(
        all.written,
        BTreeMap::from([("/run".to_owned(), written(2, 5)), ("/etc/x".to_owned(), written(1, 0))])
    );
    assert_eq!(all.holders["/run"].image_bytes, 70);
}

#[test]
fn what_a_collapsed_directory_holds_is_told_by_it_whenever_it_was_seen() {
    let single = observed(
        &[
            ("/a/b", written(1, 0)),
            ("/a/b/c", written(1, 0)),
            ("/ab", written(1, 0)),
        ],
        &[],
    );
    let inner = observed(&[("/a/b", written(1, 0))], &["/a/b"]);
    let outer = observed(&[("/a", written(2, 0))], &["/a"]);
    let all = joined([inner, single, outer]);
    assert_eq!(all.written.keys().collect::<Vec<_>>(), ["/a", "/ab"]);
    assert_eq!(all.holders.keys().collect::<Vec<_>>(), ["/a", "/ab"]);
    assert_eq!(all.collapsed, BTreeSet::from(["/a".to_owned()]));
    let root = observed(&[("/", written(1, 0))], &["/"]);
    assert_eq!(joined([all, root]).written.keys().collect::<Vec<_>>(), ["/"]);
}

#[test]
fn a_user_that_was_seen_earlier_is_kept() {
    let by = |uid| Observation {
        started_uid: Some(uid),
        tasks: BTreeSet::from([Task {
            name: "mariadbd".into(),
            is_first: true,
            uid,
            ..Task::default()
        }]),
        ..observed(&[], &[])
    };
    let all = joined([by(999), by(0), by(999)]);
    assert_eq!(all.started_uid, Some(0));
    assert_eq!(all.tasks.iter().map(|task| task.uid).collect::<Vec<_>>(), [0, 999]);
}

#[test]
fn a_tool_is_found_by_its_name() {
    let observation = Observation {
        tools: ["/usr/bin/cp", "/bin/busybox"].map(str::to_owned).into(),
        ..Observation::default()
    };
    assert_eq!(observation.tool("cp"), Some("/usr/bin/cp"));
    assert_eq!(observation.tool("p"), None);
}

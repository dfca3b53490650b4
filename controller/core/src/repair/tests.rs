use serde_json::json;

use super::*;
use crate::recommend::harden;
use crate::recording::{Account, Holder, Listener, Observation, Place, Program, Task, Written};
use crate::setting::Base;
use k8s_openapi::api::core::v1::PodSpec;

fn task(name: &str, is_first: bool, uid: u32) -> Task {
    Task {
        name: name.into(),
        is_first,
        uid,
        gid: uid,
        ..Task::default()
    }
}

fn directory(mode: u32) -> Written {
    Written {
        is_directory: true,
        mode,
        ..Written::default()
    }
}

fn file() -> Written {
    Written::default()
}

fn holder(image_entries: u64) -> Holder {
    Holder {
        image_entries,
        image_bytes: image_entries * 1024,
        is_cut: false,
    }
}

/// What nginx as root does: a root process with children of another user, a low port, files in three places.
fn nginx() -> Observation {
    Observation {
        tasks: [task("nginx", true, 0), task("nginx", false, 33)].into(),
        started_uid: Some(0),
        written: [
            ("/run", directory(0o755)),
            ("/run/nginx.pid", file()),
            ("/var/lib/nginx", directory(0o755)),
            ("/var/lib/nginx/body", directory(0o700)),
            ("/var/log/nginx/access.log", file()),
        ]
        .map(|(path, written)| (path.to_owned(), written))
        .into(),
        holders: [
            ("/run", holder(2)),
            ("/var/lib/nginx", holder(0)),
            ("/var/log/nginx", holder(0)),
        ]
        .map(|(path, holder)| (path.to_owned(), holder))
        .into(),
        tools: ["/usr/bin/cp", "/usr/bin/sh"].map(str::to_owned).into(),
        listeners: [Listener {
            port: 80,
            ..Listener::default()
        }]
        .into(),
        unprivileged_port_start: Some(1024),
        ..Observation::default()
    }
}

fn directories(seen: &Observation) -> Vec<(String, Fill)> {
    let learned = learn([("app", seen)]);
    let mend = learned.required.containers.get("app").cloned().unwrap_or_default();
    mend.directories.into_iter().collect()
}

#[test]
fn a_baseline_tells_where_who_and_which_ports() {
    let learned = learn([("nginx", &nginx())]);
    let helpful = &learned.helpful.containers["nginx"];
    assert!(learned.helpful.unprivileged_ports && !learned.required.unprivileged_ports);
    assert_eq!(
        (helpful.user, helpful.group, helpful.source_user),
        (Some(33), Some(33), Some(0))
    );
    let required = &learned.required.containers["nginx"];
    assert_eq!(required.user, None, "the children's user is a guess");
    let expected = [
        ("/run", Fill::Copied),
        ("/var/lib/nginx", Fill::Empty),
        ("/var/log/nginx", Fill::Empty),
    ];
    assert_eq!(
        required.directories,
        expected.map(|(path, fill)| (path.to_owned(), fill)).into()
    );
    assert_eq!(required.directories, helpful.directories);
}

#[test]
fn who_a_program_runs_as_already_is_kept() {
    let seen = Observation {
        tasks: [task("redis-server", true, 999)].into(),
        started_uid: Some(0),
        accounts: [Account {
            uid: 999,
            gid: 1001,
            ..Account::default()
        }]
        .into(),
        ..Observation::default()
    };
    let required = &learn([("app", &seen)]).required.containers["app"];
    assert_eq!((required.user, required.group), (Some(999), Some(999)));
}

#[test]
fn directories_are_the_topmost_that_are_the_programs_own() {
    let written = |paths: &[&str]| Observation {
        written: paths
            .iter()
            .map(|path| ((*path).to_owned(), directory(0o755)))
            .collect(),
        ..Observation::default()
    };
    let paths = |seen: &Observation| -> Vec<String> { directories(seen).into_iter().map(|(path, _)| path).collect() };
    assert_eq!(paths(&written(&["/", "/data", "/data/a"])), ["/data"]);
    assert_eq!(paths(&written(&["/var", "/var/app"])), ["/var/app"]);
    assert_eq!(paths(&written(&["/var/lib"])), ["/var/lib"], "a file right in it");
    let mut site = written(&["/srv", "/srv/upload"]);
    site.written.insert("/srv/index.html".to_owned(), file());
    assert_eq!(paths(&site), ["/srv"], "and so is what lies beside it");
    assert_eq!(
        paths(&written(&["/app/__pycache__", "/app/__pycache__/x.pyc", "/usr/lib"])),
        [""; 0]
    );
    let many: Vec<String> = (0..20).map(|number| format!("/srv/{number}/x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(paths(&written(&many)).len() <= MAX_DIRECTORIES);
}

#[test]
fn a_home_that_is_written_to_is_kept_as_a_whole() {
    let seen = Observation {
        written: [("/root/.cache".to_owned(), directory(0o755))].into(),
        program: Some(Program {
            home: Some("/root".into()),
            ..Program::default()
        }),
        ..Observation::default()
    };
    let mend = &learn([("app", &seen)]).required.containers["app"];
    assert_eq!(mend.home.as_deref(), Some("/root"));
    assert_eq!(mend.directories.keys().collect::<Vec<_>>(), ["/root"]);
}

#[test]
fn a_private_directory_of_the_image_is_copied_with_its_mode() {
    let seen = Observation {
        written: [("/var/lib/db".to_owned(), directory(0o700))].into(),
        tools: ["/bin/sh", "/bin/cp"].map(str::to_owned).into(),
        ..Observation::default()
    };
    assert_eq!(directories(&seen), [("/var/lib/db".to_owned(), Fill::Copied)]);
    let without = Observation {
        tools: BTreeSet::new(),
        ..seen
    };
    assert_eq!(directories(&without), [("/var/lib/db".to_owned(), Fill::Empty)]);
}

#[test]
fn a_run_has_what_its_items_call_for() {
    let learned = learn([("app", &nginx())]);
    let all = learned.helpful;
    let of = |items: &[Item]| all.of(&items.iter().cloned().collect());
    assert!(of(&[Setting::SeccompProfile.of("app")]).is_empty());
    assert!(of(&[Setting::ReadOnlyRootFilesystem.of("other")]).is_empty());
    let read_only = of(&[Setting::ReadOnlyRootFilesystem.of("app")]);
    assert!(!read_only.unprivileged_ports && read_only.containers["app"].user.is_none());
    assert_eq!(read_only.containers["app"].directories.len(), 3);
    let non_root = of(&[Setting::RunAsNonRoot.of("app")]);
    assert!(non_root.unprivileged_ports && non_root.containers["app"].user == Some(33));
    assert!(
        read_only.covers(
            &learned
                .required
                .of(&BTreeSet::from([Setting::ReadOnlyRootFilesystem.of("app")]))
        )
    );
    assert!(!Repairs::default().covers(&learned.required));
    assert!(Repairs::default().covers(&Repairs::default()));
}

#[test]
fn temporary_files_have_a_place_beside_whatever_else_is_written() {
    let pod: PodSpec = serde_json::from_value(json!({"containers": [
        {"name": "app"},
        {"name": "own", "volumeMounts": [{"name": "t", "mountPath": "/tmp/"}]}
    ]}))
    .unwrap();
    let mut known = Repairs::expected(&pod);
    assert_eq!(known.containers.keys().collect::<Vec<_>>(), ["app"]);
    known.learn(&Repairs {
        containers: [(
            "app".to_owned(),
            Mend {
                directories: [("/tmp/nginx".to_owned(), Fill::Empty)].into(),
                ..Mend::default()
            },
        )]
        .into(),
        ..Repairs::default()
    });
    let of = |setting: Setting| known.of(&BTreeSet::from([setting.of("app")]));
    let read_only = of(Setting::ReadOnlyRootFilesystem);
    let directories = &read_only.containers["app"].directories;
    assert!(directories.values().all(|fill| *fill == Fill::Empty), "{directories:?}");
    assert_eq!(directories.keys().collect::<Vec<_>>(), ["/tmp", "/tmp/nginx"]);
    let non_root = of(Setting::RunAsNonRoot);
    assert_eq!(
        non_root.containers["app"].directories.keys().collect::<Vec<_>>(),
        ["/tmp/nginx"]
    );
}

fn place(uid: u32, mode: u32, is_named: bool) -> Place {
    Place {
        uid,
        gid: uid,
        mode,
        is_named,
    }
}

fn placed(tasks: &[Task], places: &[(&str, Place, u64)]) -> Observation {
    let name = |path: &str| path.to_owned();
    Observation {
        tasks: tasks.iter().cloned().collect(),
        places: places.iter().map(|(path, place, _)| (name(path), *place)).collect(),
        holders: places
            .iter()
            .map(|(path, _, entries)| (name(path), holder(*entries)))
            .collect(),
        tools: ["/usr/bin/cp", "/usr/bin/sh"].map(str::to_owned).into(),
        ..Observation::default()
    }
}

#[test]
fn what_a_program_is_given_stays_writable_though_nobody_asked_for_it_yet() {
    let given = placed(
        &[task("apache2", true, 0), task("apache2", false, 33)],
        &[
            ("/var/cache/apache2", place(33, 0o755, false), 0),
            ("/var/lib/mysql", place(106, 0o755, false), 5),
            ("/var/lib/php/sessions", place(0, 0o1733, false), 0),
            ("/var/tmp", place(0, 0o1777, false), 0),
            ("/srv/members", place(0, 0o775, false), 0),
            ("/var/lib/private", place(33, 0o700, false), 3),
        ],
    );
    let expected = [
        ("/var/cache/apache2", Fill::Copied),
        ("/var/lib/php/sessions", Fill::Empty),
    ];
    assert_eq!(
        directories(&given),
        expected.map(|(path, fill)| (path.to_owned(), fill))
    );
}

#[test]
fn what_a_program_works_in_stays_writable_where_it_is_data() {
    let named = placed(
        &[task("redis-server", true, 0)],
        &[
            ("/var/lib/redis", place(105, 0o750, true), 0),
            ("/data", place(0, 0o755, true), 0),
            ("/app", place(0, 0o755, true), 12),
            ("/usr/bin", place(0, 0o755, true), 0),
            ("/large", place(105, 0o755, true), 1 << 20),
        ],
    );
    let expected = [("/data", Fill::Empty), ("/var/lib/redis", Fill::Copied)];
    assert_eq!(
        directories(&named),
        expected.map(|(path, fill)| (path.to_owned(), fill))
    );
    let helpful = &learn([("app", &named)]).helpful.containers["app"];
    assert_eq!(helpful.user, Some(105), "whose the directory is");
    let mut without_tools = named.clone();
    without_tools.tools.clear();
    without_tools.holders.insert("/var/lib/redis".to_owned(), holder(3));
    let expected = [("/data".to_owned(), Fill::Empty)];
    assert_eq!(
        directories(&without_tools),
        expected,
        "nothing would be left of what it holds"
    );
    without_tools.written.insert("/data/cache".to_owned(), directory(0o755));
    let expected = [("/data/cache".to_owned(), Fill::Empty)];
    assert_eq!(
        directories(&without_tools),
        expected,
        "what lies below could not be copied"
    );
    let mut uncounted = named;
    uncounted.holders.clear();
    assert!(directories(&uncounted).is_empty(), "what it holds is not known");
}

#[test]
fn capabilities_are_of_use_to_root_only() {
    let mend = Mend {
        capabilities: [Capability::Chown].into(),
        ..Mend::default()
    };
    let known = Repairs {
        containers: [("app".to_owned(), mend)].into(),
        ..Repairs::default()
    };
    let drop_all = Setting::Capabilities.of("app");
    assert!(!known.of(&BTreeSet::from([drop_all.clone()])).is_empty());
    assert!(
        known
            .of(&BTreeSet::from([drop_all, Setting::RunAsNonRoot.of("app")]))
            .is_empty()
    );
}

#[test]
fn what_is_known_only_grows() {
    let mut known = Repairs::default();
    let first = learn([("app", &nginx())]).helpful;
    known.learn(&first);
    assert_eq!(known, first);
    known.learn(&first);
    assert_eq!(known, first);
    let mut other = first.clone();
    other.containers.get_mut("app").unwrap().user = Some(7);
    known.learn(&other);
    assert_eq!(known.containers["app"].user, Some(33), "the first that was known stays");
}

#[test]
fn mounts_of_the_workload_are_left_alone() {
    let source: PodSpec = serde_json::from_value(json!({
        "containers": [{"name": "app", "volumeMounts": [{"name": "v", "mountPath": "/run/"}]}]
    }))
    .unwrap();
    let repairs = learn([("app", &nginx())]).required;
    let items = BTreeSet::from([Setting::ReadOnlyRootFilesystem.of("app")]);
    let hardened = harden(&source, &Base::default(), &items, &repairs);
    let mounts = hardened.containers[0].volume_mounts.clone().unwrap();
    let paths: Vec<&str> = mounts.iter().map(|mount| mount.mount_path.as_str()).collect();
    assert_eq!(paths, ["/run/", "/var/lib/nginx", "/var/log/nginx"]);
    assert_eq!(hardened.init_containers, None, "nothing is left to copy");
    let names: BTreeSet<String> = hardened
        .volumes
        .unwrap()
        .into_iter()
        .map(|volume| volume.name)
        .collect();
    assert_eq!(
        names,
        ["temper-app-var-lib-nginx", "temper-app-var-log-nginx"]
            .map(str::to_owned)
            .into()
    );
}

#[test]
fn names_of_volumes_tell_paths_apart() {
    let names: BTreeSet<String> = ["/a/b", "/a-b", "/a.b", "/a_b", "/A/b"]
        .map(|path| apply::volume_name("app", path))
        .into();
    assert_eq!(names.len(), 5);
    let long = apply::volume_name(&"x".repeat(60), "/var/lib/something");
    assert!(long.len() <= 63);
}

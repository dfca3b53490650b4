//! A container in a directory: what `/proc` would show of it, and its root file system.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

/// Process 1 of the container, and its files as the image has them.
struct Container {
    folder: TempDir,
}

impl Container {
    fn new(fs_type: &str) -> Self {
        let this = Self {
            folder: TempDir::new().unwrap(),
        };
        for folder in [
            "1/root/etc",
            "1/root/run/secrets/token",
            "1/root/var/lib/app/conf",
            "1/root/dev",
            "1/fd",
            "self",
        ] {
            fs::create_dir_all(this.proc(folder)).unwrap();
        }
        this.mounts(fs_type);
        this.process(1, "app", 0);
        fs::write(this.proc("self/comm"), "temper-worker\n").unwrap();
        fs::write(this.proc("1/environ"), "HOME=/root\0").unwrap();
        fs::write(
            this.proc("1/root/etc/passwd"),
            "root:x:0:0::/root:\nwww:x:33:34::/srv:\n",
        )
        .unwrap();
        fs::write(this.proc("1/root/var/lib/app/conf/default"), "12345").unwrap();
        // An age ago, so that the start is the time of the links.
        fs::write(this.proc("uptime"), "1000000000.00 1.00\n").unwrap();
        fs::write(
            this.proc("1/stat"),
            "1 (app) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n",
        )
        .unwrap();
        symlink("/proc/self/fd/1", this.proc("1/root/dev/stdout")).unwrap();
        // Whatever comes from here on is later than the start by the clock of the file system.
        let started = start::started(this.folder.path()).unwrap();
        while this.touch("tick") <= started {}
        this
    }

    fn proc(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn touch(&self, path: &str) -> i64 {
        fs::write(self.proc(path), "").unwrap();
        start::changed(&fs::metadata(self.proc(path)).unwrap())
    }

    fn mounts(&self, fs_type: &str) {
        let table = format!(
            "29 1 0:1 / / rw - {fs_type} overlay rw\n30 29 0:2 / /dev rw - tmpfs tmpfs rw\n\
             31 29 0:3 / /run/secrets/token ro - tmpfs tmpfs rw\n"
        );
        fs::write(self.proc("1/mountinfo"), table).unwrap();
    }

    fn process(&self, pid: u32, name: &str, uid: u32) {
        fs::create_dir_all(self.proc(&pid.to_string())).unwrap();
        let status = format!(
            "Name:\t{name}\nUid:\t0\t{uid}\t0\t0\nGid:\t0\t{uid}\t0\t0\nGroups:\t \nCapInh:\t0\nCapPrm:\t3\nCapEff:\t1\n\
             CapBnd:\t0\nCapAmb:\t0\nNoNewPrivs:\t0\nSeccomp:\t0\n"
        );
        fs::write(self.proc(&format!("{pid}/status")), status).unwrap();
    }

    fn observer(&self) -> Observer {
        Observer::new(self.folder.path())
    }
}

fn paths(observer: &Observer) -> Vec<&str> {
    let written = observer.seen.observation.written.iter();
    written.map(|written| written.path.as_str()).collect()
}

#[test]
fn a_container_that_writes_nothing_has_written_nothing() {
    let container = Container::new("ext4");
    let mut observer = container.observer();
    assert!(observer.look(1));
    assert_eq!(observer.seen.report.error, "");
    assert_eq!(paths(&observer), [""; 0]);
    let observation = &observer.seen.observation;
    assert!(observation.scanned && !observation.cut);
    assert_eq!(observation.holders, []);
    assert_eq!(observation.accounts.len(), 1, "of its user only");
    assert_eq!(observation.program.as_ref().unwrap().home.as_deref(), Some("/root"));
    assert!(!observer.look(2), "nothing is new");
    assert_eq!(observer.seen.observation.time_nanos, 1);
}

#[test]
fn what_somebody_is_given_or_told_is_a_place() {
    let container = Container::new("ext4");
    for directory in ["srv/state", "usr/local/state", "var/lib/app/spool"] {
        fs::create_dir_all(container.proc("1/root").join(directory)).unwrap();
    }
    let open = |path: &str| fs::set_permissions(container.proc(path), fs::Permissions::from_mode(0o777)).unwrap();
    open("1/root/var/lib/app/spool");
    open("1/root/usr/local/state");
    symlink("state", container.proc("1/root/srv/link")).unwrap();
    let told = "app\0--data=/srv/state/\0/srv/link\0/srv/../etc\0/run/secrets/token\0/dev\0/nowhere\0";
    fs::write(container.proc("1/cmdline"), told).unwrap();
    symlink("/var/lib/app", container.proc("1/cwd")).unwrap();
    let mut observer = container.observer();
    observer.look(1);
    let observation = &observer.seen.observation;
    let places: Vec<(&str, bool)> = observation
        .places
        .iter()
        .map(|place| (place.path.as_str(), place.named))
        .collect();
    assert_eq!(
        places,
        [
            ("/srv/state", true),
            ("/var/lib/app", true),
            ("/var/lib/app/spool", false)
        ]
    );
    let counted = |path: &str| observation.holders.iter().any(|holder| holder.path == path);
    assert!(places.iter().all(|(path, _)| counted(path)));
}

#[test]
fn what_is_made_changed_or_removed_is_written_with_what_the_image_has_beside_it() {
    let container = Container::new("ext4");
    let mut observer = container.observer();
    observer.look(1);
    container.touch("1/root/run/app.pid");
    container.touch("1/root/run/secrets/token/on-a-mount");
    container.touch("1/root/dev/on-a-mount");
    fs::create_dir(container.proc("1/root/var/lib/app/cache")).unwrap();
    symlink("/etc", container.proc("1/root/var/lib/app/cache/link")).unwrap();
    assert!(observer.look(2));
    assert_eq!(
        paths(&observer),
        [
            "/run",
            "/run/app.pid",
            "/var/lib/app",
            "/var/lib/app/cache",
            "/var/lib/app/cache/link"
        ]
    );
    let holders = &observer.seen.observation.holders;
    let content = |path: &str| {
        let holder = holders.iter().find(|holder| holder.path == path).unwrap();
        (holder.image_entries, holder.image_bytes, holder.cut)
    };
    assert_eq!(
        content("/run"),
        (0, 0, false),
        "what the runtime makes is not the image's"
    );
    assert_eq!(content("/var/lib/app"), (2, 5, false), "a directory with a file");
    assert_eq!(content("/var/lib/app/cache"), (0, 0, false));

    fs::remove_file(container.proc("1/root/run/app.pid")).unwrap();
    fs::set_permissions(container.proc("1/root/etc"), fs::Permissions::from_mode(0o700)).unwrap();
    observer.look(3);
    assert!(paths(&observer).contains(&"/run/app.pid"), "it was there");
    assert!(paths(&observer).contains(&"/etc"), "it was given other permissions");
}

#[test]
fn on_an_overlay_what_did_not_change_is_not_looked_into_unless_it_is_above_a_mount() {
    let container = Container::new("overlay");
    let mut observer = container.observer();
    // Changes no directory: nobody copies anything up in this test.
    fs::write(container.proc("1/root/var/lib/app/conf/default"), "6").unwrap();
    container.touch("1/root/run/secrets/made");
    observer.look(1);
    assert_eq!(paths(&observer), ["/run/secrets", "/run/secrets/made"]);
    container.mounts("ext4");
    observer.look(2);
    assert_eq!(
        paths(&observer),
        ["/run/secrets", "/run/secrets/made", "/var/lib/app/conf/default"]
    );
}

#[test]
fn a_flood_of_files_is_one_directory() {
    let container = Container::new("ext4");
    for n in 0..400 {
        container.touch(&format!("1/root/var/lib/app/conf/{n}"));
    }
    let mut observer = container.observer();
    observer.look(1);
    let observation = &observer.seen.observation;
    assert_eq!(observation.collapsed, ["/var/lib/app/conf"]);
    assert_eq!(paths(&observer), ["/var/lib/app/conf"]);
    assert_ne!(observation.written[0].mode, 0, "it is somebody's");
    assert!(!observer.look(2));
}

#[test]
fn names_that_are_too_long_or_no_text_are_told_as_far_as_they_go() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let container = Container::new("ext4");
    let folder = container.proc("1/root/run");
    fs::write(folder.join(OsStr::from_bytes(b"a\xff")), "").unwrap();
    let mut deep = "1/root/run/deep".to_owned();
    for _ in 0..4 {
        deep = format!("{deep}/{}", "x".repeat(200));
    }
    fs::create_dir_all(container.proc(&deep)).unwrap();
    let mut observer = container.observer();
    observer.look(1);
    let paths = paths(&observer);
    assert!(paths.contains(&"/run/a\u{fffd}"), "{paths:?}");
    assert!(paths.iter().all(|path| path.len() <= MAX_PATH));
    assert_eq!(observer.seen.observation.collapsed.len(), 1);
}

#[test]
fn every_user_that_is_seen_is_kept() {
    let container = Container::new("ext4");
    let mut observer = container.observer();
    container.process(7, "worker", 33);
    container.process(8, "temper-worker", 0);
    observer.look(1);
    fs::remove_dir_all(container.proc("7")).unwrap();
    observer.look(2);
    let observation = &observer.seen.observation;
    let tasks: Vec<_> = observation
        .tasks
        .iter()
        .map(|task| (task.name.as_str(), task.first, task.uid))
        .collect();
    assert_eq!(tasks, [("app", true, 0), ("worker", false, 33)]);
    assert_eq!(
        (observation.tasks[0].cap_effective, observation.tasks[0].cap_permitted),
        (1, 3)
    );
    let names: Vec<_> = observation
        .accounts
        .iter()
        .map(|account| account.name.as_str())
        .collect();
    assert_eq!(names, ["root", "www"]);
}

#[test]
fn another_users_process_is_told_as_far_as_it_is_shown_and_ends_the_observation() {
    let container = Container::new("ext4");
    fs::remove_file(container.proc("1/mountinfo")).unwrap();
    let mut out = Vec::new();
    observe(container.folder.path(), &mut out).unwrap();
    let seen: Seen = serde_json::from_slice(&out).unwrap();
    assert!(seen.report.error.contains("mountinfo"));
    assert_eq!((seen.observation.tasks.len(), seen.observation.scanned), (1, false));
    assert_eq!(seen.observation.error, seen.report.error);
}

#[test]
fn what_root_is_not_shown_of_others_is_not_taken_for_nothing() {
    let container = Container::new("ext4");
    fs::remove_dir_all(container.proc("1/root")).unwrap();
    let mut observer = container.observer();
    observer.look(1);
    assert_eq!(observer.seen.report.error, "");
    assert!(observer.seen.is_blind() && observer.seen.observation.error.contains("1/root"));
    assert!(!observer.seen.observation.scanned);
}

#[test]
fn the_sandbox_of_a_pod_speaks_for_no_container() {
    let container = Container::new("ext4");
    container.process(1, "pause", 0);
    let mut observer = container.observer();
    observer.look(1);
    assert!(observer.seen.report.error.contains("sandbox"));
    assert_eq!(observer.seen.observation.tasks, []);
}

#[test]
fn a_real_process_is_observed() {
    let mut observer = Observer::new(Path::new("/proc"));
    assert!(observer.look(1));
    // Whether process 1 may be read depends on who runs the tests; the ports are shown to everybody.
    assert!(observer.seen.observation.unprivileged_port_start.is_some());
}

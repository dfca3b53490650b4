//! What a run that failed says of what it lacked.

use std::collections::BTreeSet;

use super::learn::{may_be_replaced, parent};
use super::{Capability, Fill, Repairs};

/// How programs and the C library say that something was refused, in lower case.
const DENIALS: [&str; 7] = [
    "permission denied",
    "not permitted",
    "read-only file system",
    "eacces",
    "eperm",
    "erofs",
    "permissionerror",
];

/// Words about an act that was refused, and the capability that allows it. Who gives up its groups gives up its user
/// next.
const ACTS: [(&str, &[Capability]); 18] = [
    ("chown", &[Capability::Chown]),
    ("change owner", &[Capability::Chown]),
    ("changing ownership", &[Capability::Chown]),
    ("setgroups", &[Capability::Setgid, Capability::Setuid]),
    ("setgid", &[Capability::Setgid, Capability::Setuid]),
    ("setegid", &[Capability::Setgid, Capability::Setuid]),
    ("setresgid", &[Capability::Setgid, Capability::Setuid]),
    ("initgroups", &[Capability::Setgid, Capability::Setuid]),
    ("setuid", &[Capability::Setuid]),
    ("seteuid", &[Capability::Setuid]),
    ("setresuid", &[Capability::Setuid]),
    ("switch user", &[Capability::Setuid, Capability::Setgid]),
    ("switching user", &[Capability::Setuid, Capability::Setgid]),
    ("failed switching to", &[Capability::Setuid, Capability::Setgid]),
    ("chroot", &[Capability::SysChroot]),
    ("chmod", &[Capability::Fowner]),
    ("mknod", &[Capability::Mknod]),
    ("audit_", &[Capability::AuditWrite]),
];

/// Whether a line says that something was refused.
pub fn is_denial(line: &str) -> bool {
    let text = line.to_ascii_lowercase();
    DENIALS.iter().any(|words| text.contains(words))
}

/// What would have helped, by the lines that no baseline has: each with the container that said it.
pub fn learn_from_refusals<'a>(lines: impl IntoIterator<Item = (&'a str, &'a str)>) -> Repairs {
    let mut repairs = Repairs::default();
    for (container, line) in lines.into_iter().filter(|(_, line)| is_denial(line)) {
        let text = line.to_ascii_lowercase();
        let paths: BTreeSet<&str> = paths(line).collect();
        if text.contains("bind") || text.contains("listen") {
            repairs.unprivileged_ports = true;
        }
        let capabilities = capabilities(&text, !paths.is_empty());
        let directories = paths.into_iter().filter_map(writable);
        let mend = repairs.containers.entry(container.to_owned()).or_default();
        mend.capabilities.extend(capabilities);
        mend.directories.extend(directories.map(|path| (path, Fill::Empty)));
    }
    repairs.containers.retain(|_, mend| *mend != super::Mend::default());
    repairs
}

fn capabilities(text: &str, has_path: bool) -> BTreeSet<Capability> {
    let told = ACTS.iter().filter(|(words, _)| text.contains(words));
    let mut needed: BTreeSet<Capability> = told.flat_map(|(_, capabilities)| *capabilities).copied().collect();
    if text.contains("bind") || text.contains("listen") {
        needed.insert(Capability::NetBindService);
    }
    // Root is refused a file only where it may not override its mode.
    if needed.is_empty() && has_path && !text.contains("read-only") {
        needed.insert(Capability::DacOverride);
    }
    needed
}

/// The directory that must be writable for what was refused at a path.
fn writable(path: &str) -> Option<String> {
    let above = parent(path)?;
    let place = if may_be_replaced(above) { above } else { path };
    // A volume in the place of a file would break it.
    let is_file = place == path && path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    (may_be_replaced(place) && !is_file).then(|| place.to_owned())
}

/// The absolute paths of a line.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || "\"'`()[]{}<>,;=|".contains(c);
    let words = line.split(ends).map(|word| word.trim_end_matches([':', '.']));
    words.filter(|word| word.len() > 2 && word.starts_with('/') && !word.contains("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(line: &str) -> Repairs {
        learn_from_refusals([("app", line)])
    }

    fn directories(line: &str) -> Vec<String> {
        let repairs = learnt(line);
        let mend = repairs.containers.get("app").cloned().unwrap_or_default();
        mend.directories.into_keys().collect()
    }

    #[test]
    fn the_directory_of_a_refused_file_must_be_writable() {
        for (line, directory) in [
            (r#"open() "/run/nginx.pid" failed (30: Read-only file system)"#, "/run"),
            (
                "PermissionError: [Errno 13] Permission denied: '/data/out.txt'",
                "/data",
            ),
            ("Error: EACCES: permission denied, mkdir '/opt/state'", "/opt/state"),
            ("touch: /var/spool/app/x: Read-only file system", "/var/spool/app"),
        ] {
            assert_eq!(directories(line), [directory], "{line}");
        }
        for line in [
            "sh: can't create /x.txt: Read-only file system",
            "open /proc/sys/net/core/somaxconn: permission denied",
            "GET /index.html 200",
        ] {
            assert!(directories(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn the_act_tells_the_capability() {
        let needed = |line: &str| learnt(line).containers["app"].capabilities.clone();
        assert_eq!(
            needed("chown: /var/lib/x: Operation not permitted"),
            [Capability::Chown].into()
        );
        assert_eq!(
            needed("error: failed switching to \"redis\": operation not permitted"),
            [Capability::Setuid, Capability::Setgid].into()
        );
        assert_eq!(
            needed("open /etc/app/key: Permission denied"),
            [Capability::DacOverride].into()
        );
        let bind = learnt("bind() to 0.0.0.0:80 failed (13: Permission denied)");
        assert!(bind.unprivileged_ports);
        assert_eq!(bind.containers["app"].capabilities, [Capability::NetBindService].into());
    }

    #[test]
    fn what_is_no_refusal_teaches_nothing() {
        assert!(learnt("chown of /var/lib/x done").is_empty());
        assert!(learnt("").is_empty());
    }
}

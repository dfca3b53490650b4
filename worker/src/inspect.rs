//! What a running process shows of itself, read from `/proc` in its own PID namespace.
//!
//! Both files are readable by anyone, whoever the process runs as: the inspector needs neither its user nor a
//! capability. It prints one line of JSON, which the recorder finds in the log of the inspecting container.

pub(crate) mod mountinfo;
pub(crate) mod observer;
pub(crate) mod status;

use std::path::Path;

use serde::{Deserialize, Serialize};

use mountinfo::Mount;
use status::Status;

/// The line that passes from the inspecting container to the recorder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Identity, capabilities and restrictions.
    #[serde(default)]
    pub(crate) status: Status,
    /// The root of the process is mounted read-only.
    #[serde(default)]
    pub(crate) root_read_only: bool,
    /// The mount table of the process.
    #[serde(default)]
    pub(crate) mounts: Vec<Mount>,
    /// Why nothing could be read; then no other field counts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) error: String,
}

/// Reads process 1 below `proc`, usually `/proc`.
pub(crate) fn inspect(proc: &Path) -> Report {
    read(&proc.join("1")).unwrap_or_else(|error| Report {
        error,
        ..Report::default()
    })
}

fn read(process: &Path) -> Result<Report, String> {
    let text = |name: &str| {
        let path = process.join(name);
        let bytes = std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Ok::<_, String>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let status = Status::parse(&text("status")?)?;
    if status.name == "pause" {
        // With a shared process namespace the sandbox is process 1, and speaks for no container.
        return Err("process 1 is the Pod's sandbox: the Pod shares its process namespace".to_owned());
    }
    // The kernel shows the mount table only to a process of the same user with no fewer capabilities.
    let table = match text("mountinfo") {
        Ok(table) => table,
        Err(error) => {
            return Ok(Report {
                status,
                error,
                ..Report::default()
            });
        }
    };
    let mounts = mountinfo::parse(&table);
    let root = mountinfo::root(&mounts).ok_or("the mount table has no root")?;
    Ok(Report {
        status,
        root_read_only: root.read_only,
        mounts,
        error: String::new(),
    })
}

/// Finds the report in the log of an inspecting container.
pub(crate) fn parse(log: &str) -> Result<Report, String> {
    let line = log
        .lines()
        .find(|line| line.starts_with('{'))
        .ok_or("the inspecting container printed nothing")?;
    serde_json::from_str(line).map_err(|error| format!("the inspecting container printed no report: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_line_reads_back() {
        let report = Report {
            status: Status {
                uid: 101,
                groups: vec![101, 2000],
                ..Status::default()
            },
            root_read_only: true,
            mounts: vec![Mount {
                id: 29,
                path: "/".into(),
                fs_type: "overlay".into(),
                read_only: true,
            }],
            error: String::new(),
        };
        let line = serde_json::to_string(&report).unwrap();
        assert_eq!(parse(&format!("noise\n{line}\n")), Ok(report));
    }

    #[test]
    fn an_error_is_an_error() {
        assert_eq!(parse(r#"{"error":"no"}"#).map(|report| report.error), Ok("no".into()));
        assert!(parse("").is_err());
        assert!(parse("{").is_err());
    }

    #[test]
    fn a_real_process_can_be_read() {
        let own = inspect(Path::new("/proc"));
        assert_eq!(own.error, "");
        assert!(own.mounts.iter().any(|mount| mount.path == "/"));
    }

    #[test]
    fn a_missing_process_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        assert!(inspect(folder.path()).error.contains("cannot read"));
    }
}

//! `/proc/<pid>/status`: who a process is and what it may do.

use serde::{Deserialize, Serialize};

/// Identity and restrictions of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// Name of the program, cut by the kernel.
    pub(crate) name: String,
    /// Effective user.
    pub(crate) uid: u32,
    /// Effective group.
    pub(crate) gid: u32,
    /// Supplementary groups.
    pub(crate) groups: Vec<u32>,
    /// The process can gain no privileges.
    pub(crate) no_new_privs: bool,
    /// 0 disabled, 1 strict, 2 filter.
    pub(crate) seccomp: u32,
    /// Capability sets.
    pub(crate) cap_inheritable: u64,
    pub(crate) cap_permitted: u64,
    pub(crate) cap_effective: u64,
    pub(crate) cap_bounding: u64,
    pub(crate) cap_ambient: u64,
}

impl Status {
    /// Reads the file; every field that a proof stands on must be there.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(str::trim)
                .ok_or_else(|| format!("the status of the process has no {name}"))
        };
        let caps = |name: &str| {
            u64::from_str_radix(field(name)?, 16).map_err(|_| format!("the status of the process has no legal {name}"))
        };
        Ok(Self {
            name: field("Name")?.to_owned(),
            uid: effective(field("Uid")?)?,
            gid: effective(field("Gid")?)?,
            groups: field("Groups")?
                .split_whitespace()
                .map(number)
                .collect::<Result<_, _>>()?,
            no_new_privs: field("NoNewPrivs")? == "1",
            // Absent from kernels that were built without it.
            seccomp: field("Seccomp").map_or(Ok(0), number)?,
            cap_inheritable: caps("CapInh")?,
            cap_permitted: caps("CapPrm")?,
            cap_effective: caps("CapEff")?,
            cap_bounding: caps("CapBnd")?,
            cap_ambient: caps("CapAmb")?,
        })
    }
}

/// Second of the four ids: real, effective, saved, file system.
fn effective(ids: &str) -> Result<u32, String> {
    ids.split_whitespace()
        .nth(1)
        .ok_or_else(|| format!("`{ids}` has no effective id"))
        .and_then(number)
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NGINX: &str = "Name:\tnginx\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t1\nNgid:\t0\nPid:\t1\nPPid:\t0\n\
        TracerPid:\t0\nUid:\t0\t101\t101\t101\nGid:\t0\t102\t102\t102\nFDSize:\t64\nGroups:\t102 2000 \n\
        NStgid:\t1\nVmPeak:\t   11000 kB\nCapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n\
        CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n\
        Seccomp:\t2\nSeccomp_filters:\t1\nSpeculation_Store_Bypass:\tvulnerable\n";

    #[test]
    fn effective_ids_and_sets_are_read() {
        let status = Status::parse(NGINX).unwrap();
        assert_eq!((status.uid, status.gid), (101, 102));
        assert_eq!(status.groups, [102, 2000]);
        assert!(status.no_new_privs);
        assert_eq!(status.seccomp, 2);
        assert_eq!(status.cap_effective, 0xa804_25fb);
        assert_eq!(status.cap_ambient, 0);
    }

    #[test]
    fn no_groups_and_no_seccomp_are_legal() {
        let text = NGINX
            .replace("Groups:\t102 2000 \n", "Groups:\t \n")
            .replace("Seccomp:\t2\n", "");
        let status = Status::parse(&text).unwrap();
        assert!(status.groups.is_empty());
        assert_eq!(status.seccomp, 0);
    }

    #[test]
    fn nothing_is_made_up() {
        assert!(Status::parse("").is_err());
        assert!(
            Status::parse(&NGINX.replace("NoNewPrivs", "Else"))
                .unwrap_err()
                .contains("NoNewPrivs")
        );
        assert!(Status::parse(&NGINX.replace("00000000a80425fb", "zz")).is_err());
    }
}

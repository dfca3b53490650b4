//! The capabilities that container runtimes grant by default.

use strum::{Display, EnumCount, EnumIter, EnumString, IntoEnumIterator};

/// One of the 14 capabilities that containerd and CRI-O give to every container that does not drop them. The textual
/// form is that of `capabilities.add`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, EnumIter, EnumCount, EnumString, Display)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "their meaning is in capabilities(7)")]
pub enum Capability {
    Chown,
    DacOverride,
    Fsetid,
    Fowner,
    Mknod,
    NetRaw,
    Setgid,
    Setuid,
    Setfcap,
    Setpcap,
    NetBindService,
    SysChroot,
    Kill,
    AuditWrite,
}

impl Capability {
    /// How many there are.
    pub const DEFAULT: usize = Self::COUNT;

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// Its bit in the sets of `/proc/PID/status`, from `linux/capability.h`.
    pub fn bit(self) -> u64 {
        1 << match self {
            Self::Chown => 0,
            Self::DacOverride => 1,
            Self::Fowner => 3,
            Self::Fsetid => 4,
            Self::Kill => 5,
            Self::Setgid => 6,
            Self::Setuid => 7,
            Self::Setpcap => 8,
            Self::NetBindService => 10,
            Self::NetRaw => 13,
            Self::SysChroot => 18,
            Self::Mknod => 27,
            Self::AuditWrite => 29,
            Self::Setfcap => 31,
        }
    }
}

//! Processes by identity: a pid alone may belong to somebody else by now, a pid with its start time does not.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use crate::wait;

/// One process, told from all others that had or will have its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pid: i32,
    started: u64,
}

impl Process {
    /// The process that has this number now, unless there is none or it has ended.
    pub(super) fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The command in brackets may hold anything, so the fields are counted from its end.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        let started = fields.nth(18)?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then_some(Self { pid, started })
    }

    pub(super) fn pid(self) -> i32 {
        self.pid
    }

    pub(super) fn alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    pub(super) fn record(self, path: &Path) -> Result<()> {
        fs::write(path, format!("{} {}\n", self.pid, self.started))
            .with_context(|| format!("failed to write `{}`", path.display()))
    }

    /// What `record` wrote; nothing when it was interrupted while it wrote.
    pub(super) fn recorded(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let (pid, started) = text.strip_suffix('\n')?.split_once(' ')?;
        Some(Self {
            pid: pid.parse().ok()?,
            started: started.parse().ok()?,
        })
    }

    /// Ends this process, if it still is this process, and waits until it is gone.
    pub(super) async fn kill(self) -> Result<()> {
        let Some(pid) = Pid::from_raw(self.pid) else {
            bail!("{} is no process", self.pid)
        };
        // The descriptor stays with the process, so that nothing can slip between the check and the signal.
        let descriptor = match pidfd_open(pid, PidfdFlags::empty()) {
            Err(Errno::SRCH) => return Ok(()),
            descriptor => descriptor?,
        };
        if !self.alive() {
            return Ok(());
        }
        match pidfd_send_signal(&descriptor, Signal::KILL) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(error).with_context(|| format!("failed to end process {}", self.pid)),
        }
        let what = format!("process {} ends", self.pid);
        wait::until(&what, Duration::from_secs(30), async || Ok(!self.alive())).await
    }
}

/// Ends whatever has this number; for members of our own cgroups only.
pub(super) fn kill(pid: i32) -> Result<()> {
    let Some(pid) = Pid::from_raw(pid) else { return Ok(()) };
    match kill_process(pid, Signal::KILL) {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("failed to end process {}", pid.as_raw_pid())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recycled_pid_is_another_process() {
        let own = Process::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(own.alive());
        assert!(
            !Process {
                started: own.started + 1,
                ..own
            }
            .alive()
        );
    }
}

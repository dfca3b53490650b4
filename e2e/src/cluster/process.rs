//! Processes by identity: a pid alone may belong to somebody else by now, a pid with its start time does not.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use crate::wait;

/// Whether threads of a process whose first one has ended are still on their way: they hold its files and its ports.
fn has_threads(pid: i32) -> bool {
    fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|threads| threads.count() > 1)
}

/// One process, told from all others that had or will have its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pid: i32,
    started: u64,
}

impl Process {
    /// The process that has this number now, unless there is none or it has ended.
    pub(super) fn of(pid: i32) -> Option<Self> {
        let (state, started) = stat(pid)?;
        (!matches!(state, 'Z' | 'X') || has_threads(pid)).then_some(Self { pid, started })
    }

    pub(super) fn pid(self) -> i32 {
        self.pid
    }

    pub(super) fn alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Whether it was stopped where it is.
    pub(super) fn held(self) -> bool {
        stat(self.pid) == Some(('T', self.started))
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
        if !self.signal(Signal::KILL)? {
            return Ok(());
        }
        let what = format!("process {} ends", self.pid);
        wait::until(&what, Duration::from_secs(30), || async { Ok(!self.alive()) }).await
    }

    /// Stops this process where it is, or lets it go on.
    pub(super) fn hold(self, held: bool) -> Result<()> {
        let signal = if held { Signal::STOP } else { Signal::CONT };
        ensure!(self.signal(signal)?, "process {} has ended", self.pid);
        Ok(())
    }

    /// Whether it got the signal; not if it has ended.
    fn signal(self, signal: Signal) -> Result<bool> {
        let Some(pid) = Pid::from_raw(self.pid) else {
            bail!("{} is no process", self.pid)
        };
        // The descriptor stays with the process, so that nothing can slip between the check and the signal.
        let descriptor = match pidfd_open(pid, PidfdFlags::empty()) {
            Err(Errno::SRCH) => return Ok(false),
            descriptor => descriptor?,
        };
        if !self.alive() {
            return Ok(false);
        }
        match pidfd_send_signal(&descriptor, signal) {
            Ok(()) => Ok(true),
            Err(Errno::SRCH) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("failed to signal process {}", self.pid)),
        }
    }
}

/// State and time of start of whatever has this number.
fn stat(pid: i32) -> Option<(char, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command in brackets may hold anything, so the fields are counted from its end.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
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
    use rustix::process::{WaitOptions, waitpid};

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

    #[test]
    fn a_held_process_has_not_ended() {
        let mut child = std::process::Command::new("sleep").arg("inf").spawn().unwrap();
        let pid = Pid::from_child(&child);
        let process = Process::of(pid.as_raw_pid()).unwrap();
        process.hold(true).unwrap();
        // Returns when it has stopped.
        waitpid(Some(pid), WaitOptions::UNTRACED).unwrap();
        assert!(process.held() && process.alive());
        process.hold(false).unwrap();
        waitpid(Some(pid), WaitOptions::CONTINUED).unwrap();
        assert!(!process.held() && process.alive());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!process.alive());
        assert!(process.hold(true).is_err());
    }
}

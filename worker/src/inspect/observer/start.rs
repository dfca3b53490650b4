//! When the container began to be what its program makes of it, and as whom.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a runtime makes in `/dev` after it has made every mount point and before it starts the program (OCI runtime
/// specification, "Default Devices" and "Dev symbolic links"). The program may make some of them again.
const LAST_MADE: [&str; 4] = ["fd", "stdin", "stdout", "stderr"];

/// Nanoseconds of a tick of `/proc/PID/stat`: the kernel shows 100 a second on every architecture in use.
const TICK: i128 = 10_000_000;

/// The last time, in nanoseconds since the Unix epoch, at which a change was one of the runtime. Process 1 itself
/// begins earlier: as the runtime's own, which makes the mount points and then becomes the program.
pub(super) fn started(proc: &Path) -> Result<i64, String> {
    let process = process_start(proc)?;
    let made = LAST_MADE.iter().filter_map(|name| {
        let link = proc.join("1/root/dev").join(name);
        std::fs::symlink_metadata(link).ok().as_ref().map(changed)
    });
    // A `/dev` that was mounted from the node is older than the container.
    Ok(made.min().map_or(process, |made| made.max(process)))
}

/// When the inode changed last, in nanoseconds since the Unix epoch.
pub(super) fn changed(metadata: &std::fs::Metadata) -> i64 {
    nanos(metadata.ctime(), metadata.ctime_nsec())
}

/// When the content changed last, in nanoseconds since the Unix epoch: of a directory, what it lists.
pub(super) fn modified(metadata: &std::fs::Metadata) -> i64 {
    nanos(metadata.mtime(), metadata.mtime_nsec())
}

fn nanos(seconds: i64, nanos: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

/// User that the runtime started process 1 as: it gives the pipe that takes the output to that user.
pub(super) fn uid(proc: &Path) -> Option<u32> {
    ["1", "2"].iter().find_map(|number| {
        let output = std::fs::metadata(proc.join("1/fd").join(number)).ok()?;
        output.file_type().is_fifo().then(|| output.uid())
    })
}

/// When process 1 was forked, to about 20 ms.
fn process_start(proc: &Path) -> Result<i64, String> {
    let text = |name: &str| {
        let path = proc.join(name);
        std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let (uptime, stat) = (text("uptime")?, text("1/stat")?);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ago = age(&uptime, &stat).ok_or("the start of process 1 is not shown")?;
    let began = i128::try_from(now.as_nanos()).unwrap_or(i128::MAX) - ago;
    Ok(i64::try_from(began).unwrap_or(i64::MAX))
}

/// How long ago process 1 was forked, in nanoseconds.
fn age(uptime: &str, stat: &str) -> Option<i128> {
    // Seconds with two digits.
    let (seconds, hundredths) = uptime.split_whitespace().next()?.split_once('.')?;
    let uptime = seconds.parse::<u32>().ok()?;
    let uptime = i128::from(uptime) * 1_000_000_000 + i128::from(hundredths.parse::<u8>().ok()?) * TICK;
    // The name may hold blanks and parentheses. Start is field 22, and the third follows the name.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: u64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    Some(uptime - i128::from(ticks) * TICK)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "1 (a) b (c)) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1234 9 9 9\n";

    #[test]
    fn a_start_is_told_by_ticks_since_boot() {
        assert_eq!(age("112.34 99.00\n", STAT), Some(100_000_000_000));
        assert_eq!(age("112 99.00\n", STAT), None);
        assert_eq!(age("112.34 99.00\n", "1 (a) S 0"), None);
        assert_eq!(age("", ""), None);
    }

    #[test]
    fn this_process_runs_since_before_now() {
        let now = crate::pods::now();
        let started = started(Path::new("/proc")).unwrap();
        assert!(started <= now, "{started} {now}");
    }
}

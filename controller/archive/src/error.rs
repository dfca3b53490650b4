//! What can be wrong with files, and what mends it.

use std::io;
use std::path::{Path, PathBuf};

/// What reading or writing a recording comes to.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a recording cannot be read or written. Each names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing at a path, or a file.
    #[error("`{path}` is not a directory: name the directory of one recording")]
    NotADirectory {
        /// What was named.
        path: PathBuf,
    },
    /// A directory with something else in it, or with nothing.
    #[error(
        "`{path}` holds no recording: it needs `recording.json`, as `kubectl temper export` writes it last, or `log.txt` and `log.ts`"
    )]
    NoRecording {
        /// The directory.
        path: PathBuf,
    },
    /// A recording would be written over something.
    #[error("`{path}` is not empty: name a new directory")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// A file that belongs to a recording is not there.
    #[error("`{path}` is missing: {mend}")]
    Absent {
        /// The file.
        path: PathBuf,
        /// What to do.
        mend: &'static str,
    },
    /// The operating system refuses.
    #[error("failed to {verb} `{path}`")]
    Io {
        /// Read or write.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what its name says.
    #[error("`{path}`, line {line}: {message}")]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong, with the name of the field.
        message: String,
    },
    /// A layout that this program does not know.
    #[error("`{path}` has version {version}: this program reads version {known}, use a newer one or export again")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u64,
        /// The known one.
        known: u64,
    },
    /// A line of `log.ts` that is no time.
    #[error(
        "`{path}`, line {line}: `{value}` is not a time: write seconds since the start of the recording, such as 12.345"
    )]
    Time {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What it holds.
        value: String,
    },
    /// `log.txt` and `log.ts` are not of one recording.
    #[error(
        "`{path}` has {}, but `log.ts` beside it has {}: it needs one time for each line", count(*.lines, "line"), count(*.times, "time")
    )]
    Uneven {
        /// The log.
        path: PathBuf,
        /// Its lines, as far as they were read.
        lines: u64,
        /// Lines of `log.ts`, as far as they were read.
        times: u64,
    },
    /// A field with a value that makes no sense.
    #[error("`{path}`, {field}: `{value}` {mend}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The field or column.
        field: String,
        /// What it holds.
        value: String,
        /// What is wrong and what to do.
        mend: String,
    },
    /// A log line that is two.
    #[error("a line of container `{container}` in Pod `{pod}` holds a line end: no worker writes such a line")]
    LineEnd {
        /// The container.
        container: String,
        /// Its Pod.
        pod: String,
    },
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Takes note of what was done to which file.
pub(crate) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io {
        verb,
        path: path.to_owned(),
        source,
    }
}

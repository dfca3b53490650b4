//! The only place that writes to the terminal: results to stdout, everything else to stderr.

use std::io::{BufWriter, ErrorKind, Write};

use anyhow::Context;
use temper_report::plain;

use crate::advice::Advised;

/// A result. It must have been made plain by whoever rendered it.
pub(crate) fn result(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match written {
        // Whoever reads has read enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("failed to write to stdout"),
    }
}

/// Lines of a result, as they come. They must hold no characters that a terminal obeys.
pub(crate) fn lines(lines: impl Iterator<Item = anyhow::Result<String>>) -> anyhow::Result<()> {
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    for line in lines {
        match writeln!(stdout, "{}", line?) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.context("failed to write to stdout")?,
        }
    }
    match stdout.flush() {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        flushed => flushed.context("failed to write to stdout"),
    }
}

/// A line about what is going on.
pub(crate) fn note(line: &str) {
    // Nobody can be told that stderr is closed.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// An error: its causes, then what to do.
pub(crate) fn error(error: &anyhow::Error) {
    let _ = write!(std::io::stderr().lock(), "{}", explanation(error));
}

/// What is printed of an error.
pub(crate) fn explanation(error: &anyhow::Error) -> String {
    let mut lines = vec![format!("error: {}", plain(&error.to_string()))];
    let mut said = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Many libraries repeat the cause in the error.
        if !said.contains(&cause) {
            lines.push(format!("  caused by: {}", plain(cause.trim_end())));
        }
        said = cause;
    }
    for advised in error.chain().filter_map(|cause| cause.downcast_ref::<Advised>()) {
        for hint in advised.hints() {
            lines.push(format!("hint: {}", plain(hint)));
        }
    }
    lines.join("\n") + "\n"
}

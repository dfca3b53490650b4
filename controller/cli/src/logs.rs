//! `logs`: what Temper makes of a log, without a cluster.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use temper_core::logs::group;

use crate::args::{TemplatesArgs, TemplatesOutput};
use crate::printer;

/// A line of the log and its template.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    /// From 1.
    line: usize,
    template_id: usize,
    template: &'a str,
}

/// Prints the template of each line.
pub(crate) fn templates(args: &TemplatesArgs) -> anyhow::Result<u8> {
    let TemplatesArgs { file, raw, output } = args;
    let bytes = read(file)?;
    let groups = group(lines(&bytes), *raw);
    let printed = groups.lines.iter().enumerate().map(|(place, id)| {
        let line = Printed {
            line: place + 1,
            template_id: *id,
            template: groups.templates.get(*id).map(String::as_str).unwrap_or_default(),
        };
        match output {
            TemplatesOutput::Json => serde_json::to_string(&line).context("failed to write JSON"),
        }
    });
    printer::lines(printed)?;
    Ok(0)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .context("failed to read stdin")?;
        return Ok(bytes);
    }
    std::fs::read(file).with_context(|| format!("failed to read `{}`", file.display()))
}

/// The lines of a log, whose last one may have no end.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let is_empty = bytes.is_empty();
    whole.split(|byte| *byte == b'\n').skip(usize::from(is_empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_number() {
        let count = |bytes: &[u8]| lines(bytes).count();
        assert_eq!(count(b""), 0);
        assert_eq!(count(b"\n"), 1);
        assert_eq!(count(b"a\n\nb"), 3);
        assert_eq!(count(b"a\r\n\xff\0\r\n"), 2);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let args = TemplatesArgs {
            file: "no/such.log".into(),
            raw: false,
            output: TemplatesOutput::Json,
        };
        let error = templates(&args).unwrap_err();
        assert_eq!(error.to_string(), "failed to read `no/such.log`");
    }
}

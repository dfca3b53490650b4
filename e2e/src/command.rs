//! Runs other programs and says what they said when they fail.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

/// How many of the last lines of a failure are worth reading.
const TAIL: usize = 20;

/// Runs `command` to its end.
pub(crate) async fn run(command: &mut Command) -> Result<()> {
    output(command).await.map(drop)
}

/// Runs `command` to its end and returns its standard output.
pub(crate) async fn output(command: &mut Command) -> Result<String> {
    let line = describe(command);
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("failed to start `{line}`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` failed with {}\n{}", output.status, tail(&said));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The last lines of `text`.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .get(lines.len().saturating_sub(TAIL)..)
        .unwrap_or_default()
        .join("\n")
}

fn describe(command: &Command) -> String {
    let command = command.as_std();
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

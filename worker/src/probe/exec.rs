//! A command in a container of the workload.

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::AttachParams;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::answer::shown;
use super::wanted::Exec;

/// Bytes of output that are kept.
const KEPT: u64 = 4096;

/// Runs once; why it did not pass.
pub(super) async fn ask(probe: &Exec, pods: &Api<Pod>, pod: &str, first: Option<&str>) -> Result<(), String> {
    let mut params = AttachParams::default().stdin(false).stdout(true).stderr(true);
    if let Some(container) = probe.container.as_deref().or(first) {
        params = params.container(container);
    }
    let started = pods.exec(pod, &probe.command, &params).await;
    let mut process = started.map_err(|error| format!("the command could not be started: {error}"))?;
    let (stdout, stderr) = (process.stdout(), process.stderr());
    let ended = process.take_status();
    let (stdout, stderr) = tokio::join!(said(stdout), said(stderr));
    let status = match ended {
        Some(ended) => ended.await,
        None => None,
    };
    let Some(status) = status else {
        return Err("the API server did not say how the command ended".to_owned());
    };
    if status.status.as_deref() == Some("Success") {
        return Ok(());
    }
    let message = status.message.unwrap_or_else(|| "the command failed".to_owned());
    let last_words = if stderr.trim().is_empty() { stdout } else { stderr };
    Err(match last_words.trim() {
        "" => message,
        text => format!("{message}: \"{}\"", shown(text)),
    })
}

/// The beginning of what it says, read to its end so that it never waits for us.
async fn said(stream: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut kept = Vec::new();
    // A stream that breaks ends, and what was said of the command's end decides.
    let _ = (&mut stream).take(KEPT).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}

//! Asks etcd, which only the cluster's own network reaches, how much it holds.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::fd::AsFd as _;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::control_plane::ETCD;
use super::layout::Layout;

/// What its keys take of its file, without the pages that are free.
const IN_USE: &str = "etcd_mvcc_db_total_size_in_use_in_bytes";

/// It answers at once, or hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that its keys and their history take.
pub(super) fn bytes(layout: &Layout) -> Result<u64> {
    let path = layout.first().network_namespace();
    let network = File::open(&path).with_context(|| format!("failed to open `{}`", path.display()))?;
    // A thread is in one network for good, so this one is in no other's way.
    let asked = thread::spawn(move || {
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
            .context("failed to enter the cluster's network")?;
        metrics().with_context(|| format!("failed to ask etcd at {ETCD} for its metrics"))
    });
    let metrics = asked.join().map_err(|_| anyhow!("the thread that asks etcd broke"))??;
    gauge(&metrics, IN_USE).with_context(|| format!("etcd has no metric `{IN_USE}`"))
}

/// The answer as it comes, head and all; by HTTP/1.0 it is not cut into chunks.
fn metrics() -> Result<String> {
    let mut stream = TcpStream::connect(ETCD.trim_start_matches("http://"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The value of a metric without labels.
fn gauge(metrics: &str, name: &str) -> Option<u64> {
    let value = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    // Large numbers come with an exponent.
    let value: f64 = value?.trim().parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number of bytes"
    )]
    Some(value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_found_among_its_comments() {
        let text = "HTTP/1.0 200 OK\r\n\r\n# HELP etcd_a b\n# TYPE etcd_a gauge\netcd_a_b 1\netcd_a 2.351104e+06\n";
        assert_eq!(gauge(text, "etcd_a"), Some(2_351_104));
        assert_eq!(gauge(text, "etcd"), None);
    }
}

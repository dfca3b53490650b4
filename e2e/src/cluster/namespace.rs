//! The namespaces that hold a node: a network of its own, reachable from the host and the other nodes alone, and mounts
//! of its own, which the kernel undoes when the last process is gone.
//!
//! ```text
//! host ──veth── first node ──veth── second node
//!                          ──veth── third node
//! ```

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rustix::mount::{UnmountFlags, unmount};
use tokio::process::Command;

use super::layout::{DNS, Layout};
use super::node::Node;
use crate::command::run;

/// Places with fixed names that containerd and the kubelet insist on, and what stands for them in this cluster.
const PRIVATE: [(&str, &str); 5] = [
    ("/run/containerd", "shims"),
    ("/var/lib/cni", "cni/state"),
    ("/var/lib/kubelet", "kubelet"),
    ("/var/log/containers", "containers"),
    ("/var/log/pods", "pods"),
];

/// Creates both namespaces of every node.
pub(super) async fn create(layout: &Layout) -> Result<()> {
    // One after the other: the second hangs on the first.
    for node in layout.nodes() {
        network(node).await?;
        mounts(node).await?;
    }
    Ok(())
}

async fn network(node: Node<'_>) -> Result<()> {
    let (name, device) = (node.network(), node.device());
    let (address, gateway) = (node.address().to_string(), node.gateway().to_string());
    let (near, far) = (format!("{address}/30"), format!("{gateway}/30"));
    run(Command::new("ip").args(["netns", "add", &name])).await?;
    for arguments in [
        &[
            "link", "add", &device, "type", "veth", "peer", "name", "eth0", "netns", &name,
        ][..],
        &["addr", "add", &far, "dev", &device],
        &["link", "set", &device, "up"],
    ] {
        ip(node.uplink(), arguments).await?;
    }
    for arguments in [
        &["link", "set", "lo", "up"][..],
        &["addr", "add", &format!("{DNS}/32"), "dev", "lo"],
        &["addr", "add", &near, "dev", "eth0"],
        &["link", "set", "eth0", "up"],
        // Leads to the other nodes and nowhere beyond the host, but without it no process of the node could reach a
        // Service's address.
        &["route", "add", "default", "via", &gateway],
    ] {
        ip(Some(node), arguments).await?;
    }
    match node.uplink() {
        None => fence(node).await?,
        Some(first) => {
            ip(Some(first), &["route", "add", &node.pod_cidr(), "via", &address]).await?;
            ip(
                None,
                &["route", "add", &node.subnet(), "via", &first.address().to_string()],
            )
            .await?;
        }
    }
    // Packets between Pods cross the bridge, and the answers of a Service must pass its rules there too.
    let switches = "echo 1 >/proc/sys/net/ipv4/ip_forward
        bridge=/proc/sys/net/bridge/bridge-nf-call-iptables; if [ -e $bridge ]; then echo 1 >$bridge; fi";
    run(enter_network(node).args(["sh", "-ec", switches])).await
}

/// Keeps everybody in: what any node sends to the host passes the first one.
async fn fence(first: Node<'_>) -> Result<()> {
    let rules = first.config("network.nft");
    fs::write(&rules, include_str!("../../cluster/config/network.nft"))?;
    run(enter_network(first).args(["nft", "-f"]).arg(&rules)).await
}

async fn mounts(node: Node<'_>) -> Result<()> {
    let pin = node.mount_namespace();
    let directory = pin.parent().context("the mount namespace is in a directory")?;
    // The kernel pins a mount namespace only on a private mount.
    run(Command::new("mount").arg("--bind").args([directory, directory])).await?;
    run(Command::new("mount").arg("--make-private").arg(directory)).await?;
    fs::write(&pin, "")?;
    // Nothing mounted inside is seen outside; inside it is shared, as Pods with mount propagation need it.
    run(Command::new("unshare").arg(format!("--mount={}", pin.display())).args([
        "--propagation",
        "slave",
        "mount",
        "--make-rshared",
        "/",
    ]))
    .await?;
    let mut script = String::new();
    for (place, ours) in PRIVATE {
        let ours = node.run().join(ours);
        fs::create_dir_all(place).with_context(|| format!("failed to create `{place}`"))?;
        fs::create_dir_all(&ours)?;
        writeln!(script, "mount --bind {} {place}", ours.display())?;
    }
    run(Command::new("nsenter")
        .arg(mount_flag(node))
        .args(["sh", "-ec", &script]))
    .await
}

/// Starts a command line that runs in the node's network.
fn enter_network(node: Node<'_>) -> Command {
    let mut command = Command::new("nsenter");
    // Not `ip netns exec`, which mounts a new /sys without cgroups.
    command.arg(network_flag(node));
    command
}

pub(super) fn network_flag(node: Node<'_>) -> String {
    format!("--net={}", node.network_namespace().display())
}

pub(super) fn mount_flag(node: Node<'_>) -> String {
    format!("--mount={}", node.mount_namespace().display())
}

/// Removes all namespaces and every mount below the cluster's run directory.
pub(super) async fn remove(layout: &Layout) -> Result<()> {
    let run = layout.run();
    // Later mounts may lie on earlier ones.
    for mount in mount_points()?
        .iter()
        .rev()
        .filter(|mount| Path::new(mount).starts_with(&run))
    {
        unmount(mount.as_str(), UnmountFlags::DETACH).with_context(|| format!("failed to unmount `{mount}`"))?;
    }
    // The last one first: it hangs on the first.
    for node in layout.nodes().into_iter().rev() {
        remove_network(node).await?;
    }
    Ok(())
}

async fn remove_network(node: Node<'_>) -> Result<()> {
    if node.network_namespace().exists() {
        let deleted = run(Command::new("ip").args(["netns", "delete", &node.network()])).await;
        // An interrupted `ip netns add` leaves a file that is no namespace yet.
        if deleted.is_err() && node.network_namespace().exists() {
            fs::remove_file(node.network_namespace())?;
        }
    }
    let device = node.device();
    if Path::new("/sys/class/net").join(&device).exists() {
        // The namespace takes its end of the pair along, though not at once.
        let deleted = ip(None, &["link", "delete", &device]).await;
        if Path::new("/sys/class/net").join(&device).exists() {
            deleted?;
        }
    }
    Ok(())
}

fn mount_points() -> Result<Vec<String>> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    Ok(mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(str::to_owned)
        .collect())
}

/// Runs `ip` in the network of a node, or of the host.
async fn ip(node: Option<Node<'_>>, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("ip");
    if let Some(node) = node {
        command.args(["-n", &node.network()]);
    }
    run(command.args(arguments)).await
}

//! The namespaces that hold the node: a network of its own, reachable from the host alone, and mounts of its own,
//! which the kernel undoes when the last process is gone.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rustix::mount::{UnmountFlags, unmount};
use tokio::process::Command;

use super::layout::{DNS, Layout};
use crate::command::run;

/// Places with fixed names that containerd and the kubelet insist on, and what stands for them in this cluster.
const PRIVATE: [(&str, &str); 5] = [
    ("/run/containerd", "node/shims"),
    ("/var/lib/cni", "node/cni"),
    ("/var/lib/kubelet", "node/kubelet"),
    ("/var/log/containers", "node/containers"),
    ("/var/log/pods", "node/pods"),
];

/// Creates both namespaces.
pub(super) async fn create(layout: &Layout) -> Result<()> {
    network(layout).await?;
    mounts(layout).await
}

async fn network(layout: &Layout) -> Result<()> {
    let (name, device) = (layout.full_name(), layout.host_device());
    let (host, node) = (
        format!("{}/30", layout.host_address()),
        format!("{}/30", layout.node_address()),
    );
    ip(&["netns", "add", &name]).await?;
    ip(&[
        "link", "add", &device, "type", "veth", "peer", "name", "eth0", "netns", &name,
    ])
    .await?;
    ip(&["addr", "add", &host, "dev", &device]).await?;
    ip(&["link", "set", &device, "up"]).await?;
    ip(&["-n", &name, "link", "set", "lo", "up"]).await?;
    ip(&["-n", &name, "addr", "add", &node, "dev", "eth0"]).await?;
    ip(&["-n", &name, "link", "set", "eth0", "up"]).await?;
    ip(&["-n", &name, "addr", "add", &format!("{DNS}/32"), "dev", "lo"]).await?;
    // Leads nowhere beyond the host, but without it the node itself could not reach a Service's address.
    ip(&[
        "-n",
        &name,
        "route",
        "add",
        "default",
        "via",
        &layout.host_address().to_string(),
    ])
    .await?;

    let rules = layout.config("network.nft");
    fs::write(&rules, include_str!("../../cluster/config/network.nft"))?;
    run(enter_network(layout).args(["nft", "-f"]).arg(&rules)).await?;
    // Packets between Pods cross the bridge, and the answers of a Service must pass its rules there too.
    let switches = "echo 1 >/proc/sys/net/ipv4/ip_forward
        bridge=/proc/sys/net/bridge/bridge-nf-call-iptables; if [ -e $bridge ]; then echo 1 >$bridge; fi";
    run(enter_network(layout).args(["sh", "-ec", switches])).await
}

async fn mounts(layout: &Layout) -> Result<()> {
    let pin = layout.mount_namespace();
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
        let ours = layout.run().join(ours);
        fs::create_dir_all(place).with_context(|| format!("failed to create `{place}`"))?;
        fs::create_dir_all(&ours)?;
        writeln!(script, "mount --bind {} {place}", ours.display())?;
    }
    run(Command::new("nsenter")
        .arg(mount_flag(layout))
        .args(["sh", "-ec", &script]))
    .await
}

/// Starts a command line that runs in the cluster's network.
fn enter_network(layout: &Layout) -> Command {
    let mut command = Command::new("nsenter");
    // Not `ip netns exec`, which mounts a new /sys without cgroups.
    command.arg(network_flag(layout));
    command
}

pub(super) fn network_flag(layout: &Layout) -> String {
    format!("--net={}", layout.network_namespace().display())
}

pub(super) fn mount_flag(layout: &Layout) -> String {
    format!("--mount={}", layout.mount_namespace().display())
}

/// Removes both namespaces and every mount below the cluster's run directory.
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
    if layout.network_namespace().exists() {
        let deleted = ip(&["netns", "delete", &layout.full_name()]).await;
        // An interrupted `ip netns add` leaves a file that is no namespace yet.
        if deleted.is_err() && layout.network_namespace().exists() {
            fs::remove_file(layout.network_namespace())?;
        }
    }
    let device = layout.host_device();
    if Path::new("/sys/class/net").join(&device).exists() {
        // The namespace takes its end of the pair along, though not at once.
        let deleted = ip(&["link", "delete", &device]).await;
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

async fn ip(arguments: &[&str]) -> Result<()> {
    run(Command::new("ip").args(arguments)).await
}

//! Holds the crate to its word: nothing that it reaches does IO, and none of it is the cluster's client.

use std::process::Command;

#[test]
fn no_io_is_within_reach() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "temper-core",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let reached: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(reached.contains(&"k8s-openapi"), "the tree was not read: {text}");
    for banned in [
        "tokio",
        "kube",
        "kube-client",
        "async-nats",
        "prost",
        "temper-proto",
        "temper-api",
        "reqwest",
        "hyper",
    ] {
        assert!(!reached.contains(&banned), "temper-core reaches {banned}");
    }
}

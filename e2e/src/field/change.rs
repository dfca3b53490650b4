//! What a setting changes of a Pod.

use serde::Deserialize;
use serde_json::Value;

/// A hardening or a soft fault. Nothing of it is wanted by default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Change {
    /// Merged into the Pod's spec.
    pub pod: Value,
    /// Merged into the server's container.
    pub container: Value,
    /// Shell lines that the init container runs at its end, as root, with the volumes in `$VOLUMES`.
    pub prepare: String,
    /// Shell words that run before the server in its own container, such as `ulimit -n 64`.
    pub wrap: String,
    /// Volumes that the server may only read; `*` means all.
    pub read_only: Vec<String>,
    /// Volumes that hold 1 MiB.
    pub small: Vec<String>,
    /// Volumes that are not there: their paths are those of the image.
    pub without: Vec<String>,
    /// System calls that fail with EPERM, by a seccomp profile of the node.
    pub deny: Vec<String>,
    /// No packet leaves, but answers.
    pub no_egress: bool,
    /// The program's account has no rights.
    pub no_rules: bool,
}

impl Change {
    /// Whether a list of volumes names this one.
    pub(super) fn names(list: &[String], volume: &str) -> bool {
        list.iter().any(|name| name == volume || name == "*")
    }

    /// File name of the seccomp profile, where there is one, the same for the same calls.
    pub(super) fn profile(&self) -> Option<String> {
        (!self.deny.is_empty()).then(|| format!("deny-{}.json", self.deny.join("-")))
    }
}

#!/usr/bin/env bash
# Runs a command with the local cluster up, images loaded and Temper installed: run.sh COMMAND…
# With CLUSTER=external the cluster is the one that KUBECONFIG names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The whole workspace, always: a part of it would have the crates that are shared built with other features.
cargo build --quiet --locked --workspace --bins
target=${CARGO_TARGET_DIR:-target}/debug
"$target/cluster" up
"$target/cluster" images
eval "$("$target/cluster" env)"
export PATH="$(realpath "$target"):$PATH"
"$target/install" -- ${HELM_ARGS:-}
exec "$@"

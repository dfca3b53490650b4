#!/usr/bin/env bash
# Runs a command with the local cluster up, images loaded and Temper installed: run.sh COMMAND…
# With CLUSTER=external the cluster is the one that KUBECONFIG names, and TEMPER_LOAD_IMAGE is a command that loads an OCI
# archive into it. IMAGES names the images to load; without it, all are. TEMPER_IMAGE_PROFILE is what all of it is built with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The whole workspace, always: a part of it would have the crates that are shared built with other features.
profile=${TEMPER_IMAGE_PROFILE:-dev}
cargo build --quiet --locked --workspace --bins --profile "$profile"
target=${CARGO_TARGET_DIR:-target}/${profile/#dev/debug}
"$target/cluster" up
# shellcheck disable=SC2086 # one word each
"$target/cluster" images ${IMAGES:-}
eval "$("$target/cluster" env)"
export PATH="$(realpath "$target"):$PATH"
"$target/install" -- ${HELM_ARGS:-}
exec "$@"

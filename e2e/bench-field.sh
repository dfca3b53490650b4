#!/usr/bin/env bash
# Labelled recordings of real programs in a cluster of their own: target/field, and figures in target/bench/field.json.
# PROGRAMS and SETTINGS restrict what is run, with commas; arguments go to the program. An hour or more: nightly, not CI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${CLUSTER:-}" = external ]; then
  echo 'bench-field: skipped: it puts seccomp profiles on nodes of the local cluster; unset CLUSTER to have one'
  exit 0
fi
export TEMPER_CLUSTER=${TEMPER_CLUSTER:-field}
export TEMPER_NODES=1
cluster=${CARGO_TARGET_DIR:-target}/debug/cluster

clean_up() {
  if [ -x "$cluster" ]; then "$cluster" down; fi
}
# Also when a person or CI ends it.
trap clean_up EXIT
trap 'exit 130' INT TERM

e2e/cluster/prerequisites.sh
IMAGES="controller worker nats field" e2e/run.sh field "$@"

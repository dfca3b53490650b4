#!/usr/bin/env bash
# What Temper takes while it checks one workload that logs a lot, in a cluster of its own: target/bench/footprint.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${CLUSTER:-}" = external ]; then
  echo 'bench-footprint: skipped: it reads cgroups, the audit log and etcd of the local cluster; unset CLUSTER to have one'
  exit 0
fi
export TEMPER_CLUSTER=${TEMPER_CLUSTER:-bench}
# What users run, not what tests do.
export TEMPER_IMAGE_PROFILE=${TEMPER_IMAGE_PROFILE:-release}
cluster=${CARGO_TARGET_DIR:-target}/${TEMPER_IMAGE_PROFILE/#dev/debug}/cluster

clean_up() {
  if [ -x "$cluster" ]; then "$cluster" down; fi
}
# Also when a person or CI ends it.
trap clean_up EXIT
trap 'exit 130' INT TERM

e2e/cluster/prerequisites.sh
IMAGES="controller worker nats busybox" e2e/run.sh footprint

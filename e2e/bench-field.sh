#!/usr/bin/env bash
# Labelled recordings of real programs in a cluster of their own: target/field, and figures in target/bench/field.json.
# PROGRAMS and SETTINGS restrict what is run, with commas; arguments go to the program, such as --resume. Two hours or more:
# nightly, not CI. KEEP=1 packs what target/field then holds into e2e/data/field, which the offline bench reads.
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

e2e/cluster/prerequisites.sh npm:npm pip3:python3-pip
IMAGES="controller worker nats field field-modules" e2e/run.sh field "$@"

if [ -n "${KEEP:-}" ]; then
  mkdir -p e2e/data/field
  for program in target/field/*/; do
    name=$(basename "$program")
    # The same recordings make the same bytes.
    tar --create --directory target/field --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner "$name" |
      gzip --best --no-name >"e2e/data/field/$name.tar.gz"
  done
  cp target/bench/field.json e2e/data/field/summary.json
fi

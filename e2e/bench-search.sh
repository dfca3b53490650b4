#!/usr/bin/env bash
# What the search finds and costs on the catalogue of e2e/search: target/bench/search.json, and patches beside it.
# WORKLOADS names a file or folder of manifests in its place, IMAGES a folder of image archives that they need.
# WORKLOADS_ONLY restricts the catalogue, with commas; RECORDING is how long each run is recorded, 60s by default; PARALLEL
# lets so many go on at once, and their times suffer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
arguments=()
if [ -n "${WORKLOADS:-}" ]; then arguments+=(--workloads "$WORKLOADS"); fi
if [ -n "${IMAGES:-}" ]; then arguments+=(--images "$IMAGES"); fi
images="controller worker nats"
if [ -z "${WORKLOADS:-}" ]; then images+=" busybox nginx shell otel-collector field"; fi

e2e/cluster/prerequisites.sh
# To `run.sh`, IMAGES are those that this repository builds.
IMAGES=$images exec e2e/run.sh search "${arguments[@]}"

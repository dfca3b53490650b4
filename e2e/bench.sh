#!/usr/bin/env bash
# All figures that need no cluster, under target/bench.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
e2e/bench-oracle.sh
e2e/bench-templates.sh
cargo run --release --quiet --locked -p temper-bench --bin long

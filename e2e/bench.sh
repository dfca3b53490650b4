#!/usr/bin/env bash
# Figures, under target/bench. What reads data sets of ../shared skips with a message where they are absent.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p target/bench
cargo run --release --quiet --locked -p temper-bench --bin oracle | tee target/bench/pilot.txt
cargo run --release --quiet --locked -p temper-bench --bin long

#!/usr/bin/env bash
# The oracle and the rules of others on labelled recordings, changed logs, and one rule left out after another:
# target/bench/oracle.json. Folders of recordings as arguments; without, the pilot of ../shared and our own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p target/bench
cargo run --release --quiet --locked -p temper-bench --bin oracle -- --json target/bench/oracle.json "$@"

#!/usr/bin/env bash
# Grouping accuracy, lines a second and memory of reading logs, beside drain3 in the same run:
# target/bench/templates.json. Skips with a message what is absent.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data=../shared/data/loghub2k
if [ ! -d $data ]; then
  echo "bench-templates: skipped: there is no $data"
  exit 0
fi
mkdir -p target/bench
rm -f target/bench/drain3.json
venv=target/bench/venv
if [ -x $venv/bin/python ] || python3 -m venv $venv; then
  if $venv/bin/python -m pip install --quiet --disable-pip-version-check drain3==0.9.11; then
    $venv/bin/python e2e/bench/drain3_templates.py $data >target/bench/drain3.json
  fi
fi
[ -s target/bench/drain3.json ] || echo 'bench-templates: drain3 is not measured: pip has no drain3 0.9.11'
cargo run --release --quiet --locked -p temper-bench --bin templates

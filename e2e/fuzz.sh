#!/usr/bin/env bash
# Feeds what reads foreign bytes with bytes that libFuzzer thinks up, FUZZ_SECONDS for each target. Prints executions and
# findings, writes target/bench/fuzz.json, and fails if there is a finding; its input lies in target/fuzz/findings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${FUZZ_SECONDS:-20}
command -v cargo-fuzz >/dev/null || cargo install --locked --version 0.13.2 cargo-fuzz
mkdir -p target/bench
rows=()
status=0
# The code has no unsafe part, so that an address sanitizer would find nothing and take half of the time.
fuzz=(cargo +nightly fuzz)
options=(--fuzz-dir fuzz --target-dir target/fuzz/build --sanitizer none)
"${fuzz[@]}" build "${options[@]}"
for target in $("${fuzz[@]}" list --fuzz-dir fuzz); do
  corpus=target/fuzz/corpus/$target
  findings=target/fuzz/findings/$target
  log=target/fuzz/$target.log
  mkdir -p "$corpus" "$findings"
  "${fuzz[@]}" run "${options[@]}" "$target" "$corpus" -- \
    -max_total_time="$seconds" -max_len=65536 -print_final_stats=1 -artifact_prefix="$findings/" >"$log" 2>&1 || status=1
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  found=$(find "$findings" -type f | wc -l)
  printf '%-8s %12s executions in %s s, %s findings\n' "$target" "${executions:-0}" "$seconds" "$found"
  if [ "$found" != 0 ] || [ -z "$executions" ]; then
    status=1
    grep -m1 -A3 'panicked at\|ERROR: libFuzzer\|^error' "$log" || true
  fi
  rows+=("{\"target\": \"$target\", \"seconds\": $seconds, \"executions\": ${executions:-0}, \"findings\": $found}")
done
printf '[\n  %s\n]\n' "$(IFS=$'\n'; sed '$!s/$/,/' <<<"${rows[*]}")" >target/bench/fuzz.json
exit $status

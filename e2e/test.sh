#!/usr/bin/env bash
# All tests, unit to e2e. Prints how long each stage took, and last `N passed, N failed` over all stages.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# A cluster of its own: the one of `make cluster` may be in use.
export TEMPER_CLUSTER=${TEMPER_CLUSTER:-test}
# A behaviour waits for the first to run out, another one puts a collector to the second: spans that nobody takes before
# are lost and harm nothing.
export HELM_ARGS=${HELM_ARGS:---set controller.targetReadyTimeoutSeconds=30 --set otel.endpoint=http://otel-collector.temper-system.svc:4318}
log=$(mktemp)
times=$(mktemp)
passed=0
failed=0

stage() { # NAME COMMAND…: a stage that fails counts as one failure, unless its tests say how many
  local name=$1 begin=$SECONDS status=0
  shift
  printf '\n== %s ==\n' "$name"
  "$@" 2>&1 | tee "$log" || status=$?
  local ok bad
  ok=$(awk '/^test result: / { n += $4 } END { print n + 0 }' "$log")
  bad=$(awk '/^test result: / { n += $6 } END { print n + 0 }' "$log")
  passed=$((passed + ok))
  failed=$((failed + bad))
  if [ "$status" != 0 ] && [ "$bad" = 0 ]; then failed=$((failed + 1)); fi
  printf '%-12s %5d s\n' "$name" $((SECONDS - begin)) >>"$times"
  return "$status"
}

finish() {
  if [ "${CLUSTER:-}" != external ]; then
    stage clean-up "${CARGO_TARGET_DIR:-target}/debug/cluster" down || true
  fi
  printf '\n'
  cat "$times"
  rm -f "$log" "$times"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] || exit 1
}
# Also when a person or CI ends it.
trap finish EXIT
trap 'exit 130' INT TERM

stage prepare e2e/cluster/prerequisites.sh || exit 1
stage unit cargo test --workspace --locked --lib --bins --examples --test purity || true
stage deploy e2e/run.sh true || exit 1
# Each test waits most of its time; more at once would share two cores among too many clones.
stage e2e e2e/run.sh cargo test --workspace --locked --no-fail-fast --test harden --test refuse --test operate --test trace -- --test-threads=3 || true

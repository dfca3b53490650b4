#!/usr/bin/env bash
# All tests, unit to e2e. Prints how long each stage took, and last `N passed, N failed` over all stages.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# A cluster of its own: the one of `make cluster` may be in use.
export TEMPER_CLUSTER=${TEMPER_CLUSTER:-test}
# Two nodes cost half a second and find what only works on one.
export TEMPER_NODES=${TEMPER_NODES:-2}
cluster=${CARGO_TARGET_DIR:-target}/debug/cluster
other=$TEMPER_CLUSTER-other
# Behaviours wait for the first three to run out; another one puts a collector to the fourth: spans that nobody takes before
# are lost and harm nothing.
# And one plays the operator of a kind of its own.
widget='controller.templatePaths[0]'
export HELM_ARGS=${HELM_ARGS:---set controller.targetReadyTimeoutSeconds=30 --set controller.leaseSeconds=8 --set clones.startDeadlineSeconds=60 --set kubelet.throttling=true --set otel.endpoint=http://otel-collector.temper-system.svc:4318 --set $widget.apiVersion=e2e.temper.dev/v1,$widget.kind=Widget,$widget.resource=widgets,$widget.path=spec.template,$widget.replicasPath=spec.size}
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

external() { # one behaviour on a cluster that is not ours to start: another one of this machine stands for it
  local kubeconfig
  "$cluster" --name "$other" up --nodes 1 || return
  kubeconfig=$(eval "$("$cluster" --name "$other" env)" && echo "$KUBECONFIG")
  CLUSTER=external KUBECONFIG=$kubeconfig TEMPER_LOAD_IMAGE="$cluster --name $other load" \
    e2e/run.sh cargo test --workspace --locked --test harden -- a_tolerant_workload || return
  # Side by side: each is as healthy as if it were alone.
  "$cluster" --name "$other" status && "$cluster" status
}

clean_up() {
  "$cluster" --name "$other" down
  "$cluster" down
}

finish() {
  if [ "${CLUSTER:-}" != external ]; then stage clean-up clean_up || true; fi
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
stage unit cargo test --workspace --locked --no-fail-fast --lib --bins --examples --test purity --test field || true
stage deploy e2e/run.sh true || exit 1
behaviours=(--test harden --test repair --test kinds --test refuse --test modes --test operate --test measure --test offline --test probes)
disturbances=(--test disturb --test trace)
# These are about the local cluster itself, as is the stage below.
if [ "${CLUSTER:-}" != external ]; then
  behaviours+=(--test ground)
  disturbances+=(--test fault)
fi
# Each test waits most of its time; more at once would share two cores among too many clones.
stage e2e e2e/run.sh cargo test --workspace --locked --no-fail-fast "${behaviours[@]}" -- --test-threads=3 || true
# And these disturb everybody.
stage disturb e2e/run.sh cargo test --workspace --locked --no-fail-fast "${disturbances[@]}" -- --test-threads=1 || true
if [ "${CLUSTER:-}" != external ]; then stage external external || true; fi

#!/usr/bin/env bash
# Formatting, lints, dependencies, docs, generated files. Runs to the end and fails if any of it does.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
status=0
run() {
  printf '== %s\n' "$*"
  "$@" || { printf 'FAILED: %s\n' "$*"; status=1; }
}

fresh() { # what is generated must be what is committed
  local new render=(cargo run --quiet --locked -p temper-report --example render --)
  new=$(mktemp -d)
  cargo run --quiet --locked -p temper-api --bin crds -- "$new" && diff -r "$new" charts/temper/crds \
    && diff <("${render[@]}" schema) controller/report/schema/report-v1.json \
    && diff <("${render[@]}" settings) docs/settings.md
  local same=$?
  rm -rf "$new"
  [ $same = 0 ] || echo 'what is generated is stale: run `make generate`'
  return $same
}

chart() { # every values file renders, and no rule of RBAC is a wildcard
  local helm values rendered
  helm=$("${CARGO_TARGET_DIR:-target}/debug/cluster" env | sed -n 's/.*PATH=[^:]*:\([^:]*\):.*/\1/p')/helm
  [ -x "$helm" ] || { echo 'helm is not built yet: run `make cluster` first'; return 1; }
  for values in charts/temper/ci/*.yaml; do
    "$helm" lint --quiet --kube-version 1.34.0 charts/temper --values "$values" || return 1
    rendered=$("$helm" template temper charts/temper --kube-version 1.34.0 --namespace temper-system --values "$values") || return 1
    awk 'BEGIN { RS = "---" } /kind: (Cluster)?Role\n/ && /"\*"/ { print; bad = 1 } END { exit bad }' <<<"$rendered" || return 1
  done
}

run cargo fmt --all --check
run cargo clippy --workspace --all-targets --locked -- -D warnings
command -v cargo-deny >/dev/null || run cargo install --locked --version 0.20.2 cargo-deny
run cargo deny --log-level error check bans licenses sources
RUSTDOCFLAGS='-D warnings' run cargo doc --workspace --no-deps --locked --quiet
run fresh
run cargo build --quiet --locked -p temper-e2e --bins
run chart
exit $status

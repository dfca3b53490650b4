.DEFAULT_GOAL := help
.PHONY: help demo test fuzz bench bench-footprint bench-oracle bench-templates bench-field bench-search check generate cluster cluster-down images
RUN := e2e/run.sh
ifdef NODES
export TEMPER_NODES := $(NODES)
endif

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: ## Bring everything up, harden two real workloads, write target/demo
	e2e/cluster/prerequisites.sh
	IMAGES="controller worker nats busybox nginx" $(RUN) demo

test: ## All tests, unit to e2e, in a cluster of their own
	e2e/test.sh

fuzz: ## Fuzz what reads foreign bytes; FUZZ_SECONDS=20 for each target; writes target/bench/fuzz.json
	e2e/fuzz.sh

bench: ## Measure all that needs no cluster; writes target/bench
	e2e/bench.sh

bench-oracle: ## Measure the oracle on labelled recordings; writes target/bench/oracle.json
	e2e/bench-oracle.sh

bench-footprint: ## Measure memory, requests and etcd of one check; writes target/bench/footprint.json
	e2e/bench-footprint.sh

bench-field: ## Record and label real programs under real settings; PROGRAMS=redis,nginx restricts it; writes target/field
	e2e/bench-field.sh

bench-search: ## Harden a catalogue of workloads; WORKLOADS=FILE IMAGES=DIR takes any others; writes target/bench/search.json
	e2e/bench-search.sh

bench-templates: ## Measure how logs are read, beside drain3; writes target/bench/templates.json
	e2e/bench-templates.sh

check: ## Formatting, lints, dependencies, docs, generated files
	e2e/check.sh

generate: ## Write the generated files
	cargo run --quiet --locked -p temper-api --bin crds -- charts/temper/crds
	cargo run --quiet --locked -p temper-report --example render -- schema > target/report-v1.json
	mv target/report-v1.json controller/report/schema/report-v1.json
	cargo run --quiet --locked -p temper-report --example render -- settings > target/settings.md
	mv target/settings.md docs/settings.md

cluster: ## Bring up the local cluster; NODES=2 makes it two nodes
	e2e/cluster/prerequisites.sh
	cargo run --quiet --locked -p temper-e2e --bin cluster -- up

cluster-down: ## Remove the local cluster; caches stay
	cargo run --quiet --locked -p temper-e2e --bin cluster -- down

images: ## Build all images and load them into the local cluster
	cargo run --quiet --locked -p temper-e2e --bin cluster -- images

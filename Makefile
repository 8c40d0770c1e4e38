# All that is done in this repository, each by one word. GNU Make 4.3, Go 1.26.
# A fresh machine with Go needs nothing else for `make run` and `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GO ?= go
DATA ?= data
GOLANGCI_VERSION := v2.15.0

MODULES := $(patsubst ./%,%,$(shell sed -n 's/^[[:space:]]*\(\.\/[^[:space:]]*\)$$/\1/p' go.work))
SERVICES := $(notdir $(wildcard services/*/cmd/*))
LINTER := bin/tools/golangci-lint-$(GOLANGCI_VERSION)

# Each module is built by its own go.mod alone, as an image of one service is.
ALONE := GOWORK=off $(GO)

# run-in runs a command in every module: $(call run-in,command)
run-in = for module in $(MODULES); do echo "--- $$module"; (cd $$module && $(1)); done

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

##@ Use

.PHONY: run
run: bin/yuanlu ## a whole demonstration city on this machine, its data in ./data (Ctrl-C stops it)
	bin/yuanlu run --demo --data $(DATA)

.PHONY: build
build: $(addprefix bin/,$(SERVICES)) ## bin/yuanlu and a binary of each service

# Go knows better than make what is out of date.
.PHONY: $(addprefix bin/,$(SERVICES))
$(addprefix bin/,$(SERVICES)): bin/%:
	@mkdir -p bin
	cd services/$* && $(ALONE) build -o ../../bin/$* ./cmd/$*

##@ Check

.PHONY: test
test: ## vet and test every module by its own go.mod; what CI runs
	@failed=; \
	for module in $(filter-out test,$(MODULES)); do \
		echo "--- $$module"; \
		(cd $$module && $(ALONE) vet ./... && $(ALONE) test ./...) || failed+=" $$module"; \
	done; \
	$(MAKE) test-whole || failed+=" test"; \
	if [[ -n $$failed ]]; then echo "failed:$$failed" >&2; exit 1; fi

# These tests look at files and processes outside their module, which the test
# cache does not watch.
.PHONY: test-whole
test-whole: ## the tests over the whole repository: shape, manifests, end to end
	@echo "--- test"
	cd test && $(ALONE) vet ./... && $(ALONE) test -count=1 ./...

.PHONY: race
race: ## all tests under the race detector (needs a C compiler)
	@$(call run-in,CGO_ENABLED=1 $(ALONE) test -race -count=1 ./...)

.PHONY: lint
lint: $(LINTER) ## golangci-lint at the pinned version
	$(LINTER) run --allow-parallel-runners $(addprefix ./,$(addsuffix /...,$(MODULES)))

.PHONY: fix
fix: $(LINTER) ## format, and do what the linter can do by itself
	$(LINTER) run --fix --allow-parallel-runners $(addprefix ./,$(addsuffix /...,$(MODULES)))

.PHONY: fmt
fmt: $(LINTER) ## format all Go code
	$(LINTER) fmt $(addprefix ./,$(MODULES))

$(LINTER):
	@mkdir -p bin/tools
	GOBIN=$(CURDIR)/bin/tools $(ALONE) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/tools/golangci-lint $@

.PHONY: mod-check
mod-check: ## every go.mod and go.sum says what its module needs, no more
	@$(call run-in,$(ALONE) mod tidy -diff)

##@ Measure and harm

.PHONY: bench
bench: ## what users wait for, fsync on: report to visible stop orders, the log, the bus (minutes)
	cd test && $(ALONE) test -run '^$$' -bench . -benchtime 500x -count 3 -timeout 30m ./bench/...
	cd libs && $(ALONE) test -run '^$$' -bench . -timeout 30m ./...

.PHONY: bench-race
bench-race: ## 200 frauds in virtual time: this service, the paper practice and the best possible, side by side
	cd services/stoppayment && $(ALONE) test -count=1 -v -run '^$$' -bench Race -benchtime 1x -timeout 30m ./internal/app/race

.PHONY: bench-log
bench-log: ## the log beside its yardsticks: a server that stores nothing, PostgreSQL, JetStream, the bare disk (long)
	cd test && $(ALONE) run ./bench/log $(ARGS)

.PHONY: bench-short
bench-short: ## report to visible stop orders, a few hundred times, and the log's benchmark in its short form
	cd test && $(ALONE) test -run '^$$' -bench . -benchtime 200x -timeout 10m ./bench/...
	cd test && $(ALONE) run ./bench/log --short

.PHONY: conformance
conformance: ## the official client's own tests against the event node (fetches them)
	cd test && $(ALONE) run ./conformance $(ARGS)

.PHONY: faults
faults: ## power cuts, kill -9 under load, full and damaged disks, again and again (long)
	cd libs && EVENTNODE_CRASH_POINTS=5000 EVENTNODE_KILL_ROUNDS=40 $(ALONE) test -count 1 -timeout 60m ./eventnode \
		-run 'Power|Killed|Damage|Room|Full|Scavenge'
	cd libs && $(ALONE) test -count 10 -run 'Kill|Crash' -timeout 60m ./eventlog/... ./bus/...
	cd test && $(ALONE) test -count 5 -run 'Kill|Crash|I73' -timeout 60m ./...

.PHONY: stress
stress: ## Watermill's stress test under the race detector, both kinds of subscriber (an hour)
	cd libs && CGO_ENABLED=1 STRESS_TEST_COUNT=10 $(ALONE) test -race -count 1 -run Stress -timeout 120m ./bus

##@ Keep in step

.PHONY: invariants
invariants: ## write the names of the tests into docs/invariants.md
	cd test && $(ALONE) test -count=1 -run Invariants ./tidy -rewrite

.PHONY: samples
samples: ## write golden samples of new events; an existing sample is never touched
	cd api && $(ALONE) test -count=1 -run Stored ./event -samples

.PHONY: clean
clean: ## remove what was built; the data stays
	rm -rf bin

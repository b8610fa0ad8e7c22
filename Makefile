# `make help` says what there is.
.DEFAULT_GOAL := help
.PHONY: setup build demo test sim graphs mutants check fmt docs bench bench-log bench-graph bench-farm run clean help

VENV := .venv/bin
SWIFT_SOURCES := $(wildcard Sources Tests Plugins benchmarks tools/simulate Package.swift)
PYTHON_TESTS := $(wildcard tools/tests web/tests Tests/EndToEnd clients/python/tests)
SEED := 0
SEEDS := 2000

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1	\2/p' Makefile | expand -t 18

setup: ## installs what is missing (Debian, Ubuntu)
	tools/setup

build: ## compiles everything
	swift build

demo: ## the main job on real images, then the page for a look (DEMO_EXIT=1: no look)
	tools/setup
	swift build
	@tools/demo

test: ## builds and runs every test
	tools/setup --quiet
	swift build
	PATH="$(CURDIR)/$(VENV):$$PATH" swift test
	$(MAKE) sim
	$(MAKE) graphs SEEDS=500
	PATH="$(CURDIR)/$(VENV):$$PATH" $(VENV)/python tools/run-tests $(PYTHON_TESTS)
	DEMO_EXIT=1 tools/demo

sim: ## simulates sites that lose messages, power and time: make sim SEED=0 SEEDS=2000
	swift build -c release --product simulate
	@"$$(swift build -c release --show-bin-path)/simulate" --seed $(SEED) --seeds $(SEEDS) --coverage

graphs: ## compares staleness and plans of random shows with a naive reference: make graphs SEED=0 SEEDS=10000
	swift build -c release --product simulate
	@"$$(swift build -c release --show-bin-path)/simulate" --graphs --seed $(SEED) --seeds $(SEEDS)

mutants: ## breaks the rules one by one, and sees to it that the simulation or the reference notices
	python3 tools/mutants

check: ## formatting, types, import arrows, documents and schemas
	tools/setup --quiet
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)
	swift build --explicit-target-dependency-import-check error
	$(VENV)/ruff check --quiet clients/python
	$(VENV)/ruff format --quiet --check clients/python
	cd clients/python && "$(CURDIR)/$(VENV)/mypy"
	$(VENV)/python tools/check-docs

fmt: ## formats the Swift sources
	swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

docs: ## renews what is generated in the documents
	python3 tools/make-docs

bench: ## runs every benchmark; results in .build/bench
	tools/setup --quiet
	@mkdir -p .build/bench
	@set -e; for script in benchmarks/*; do \
	  if [ -f "$$script" ] && [ -x "$$script" ]; then echo "== $$script"; "$$script"; fi; done

bench-log: ## the event log beside NATS, Redis, PostgreSQL, SQLite (--setup: benchmarks/README.md)
	tools/setup --quiet
	benchmarks/log

bench-graph: ## plans in shows of up to a million steps, beside ninja and Snakemake (--setup: benchmarks/README.md)
	tools/setup --quiet
	benchmarks/graph

bench-farm: ## many tasks of nothing, beside ninja, GNU parallel and HyperQueue (--setup: benchmarks/README.md)
	tools/setup --quiet
	benchmarks/farm

run: ## a server on ./sluice-data at http://127.0.0.1:7733/
	swift build
	PATH="$(CURDIR)/$(VENV):$$PATH" "$$(swift build --show-bin-path)/sluice" serve --data sluice-data

clean: ## removes what was built; .venv and ./sluice-data stay
	rm -rf .build .build-*

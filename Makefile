# Podium. `make` lists what there is to do. Everything sets up what it needs; nothing needs root.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check dev bench agentdojo deep golden requirements clean

help:  ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

run:  ## the first job: draft, approve and publish release notes of this repository, with a local model if need be
	@scripts/run

test:  ## everything that is tested (ARGS="-k name" for a part)
	@scripts/test $(ARGS)

check:  ## format, lint, layers, types
	@scripts/setup dev
	@scripts/check

dev:  ## the environment to work in: .venv with all tools, and the local model's runtime
	@scripts/setup dev
	@scripts/setup-local || test $$? -eq 3

bench:  ## what a step costs, beside LangGraph, DBOS and a bare journal on the same machine, and the other figures (ARGS=chain)
	@scripts/setup bench
	@.venv/bin/python -m benchmarks $(ARGS)

agentdojo:  ## attacks that execute when an attacker has the model, and what the user is asked (no model needed)
	@scripts/setup dev
	@scripts/setup agentdojo
	@.venv/bin/python -m benchmarks.agentdojo

deep:  ## the property and fault tests with forty times the examples (an hour or more)
	@HYPOTHESIS_PROFILE=deep FAULT_EXAMPLES=2000 LINT_EXAMPLES=10000 scripts/test --timeout 3600 $(ARGS)

golden:  ## write the golden files and generated pages anew; read the diff
	@scripts/setup dev
	@scripts/golden

requirements:  ## pin anew what pyproject.toml asks for (ARGS=--upgrade for the newest that are a week old)
	@scripts/requirements $(ARGS)

clean:  ## remove the environment and what tools left behind; runs and their ledger in .podium stay
	@rm -rf .venv .uv .pytest_cache .ruff_cache .hypothesis .import_linter_cache

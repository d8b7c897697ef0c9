# Needs only Python 3.11 or later, make and git. Environments are made on first use: .venv for the project,
# .venv-cloud for the local cloud, which pins its own botocore, .venv-3.* for the tests on other versions of Python.

PYTHON ?= python3
STAGE ?= dev
BIN := .venv/bin
WORKERS ?= 2
SPREAD := -n $(WORKERS) --dist loadscope --no-loadscope-reorder
PYTEST := $(BIN)/python -m pytest $(SPREAD)
TESTS := $(sort $(filter-out tests/__pycache__/,$(wildcard tests/*/)))

.PHONY: help install demo demo-down test test-fast test-long test-versions check bench translations package deploy clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

install: ## both environments; the other targets do it themselves
	@$(PYTHON) infra/environments.py .venv=requirements-dev.txt .venv-cloud=requirements-cloud.txt

demo: install ## the local cloud with a demo network, messages going out; again: resumes
	@$(BIN)/python -m infra.demo

demo-down: install ## stop the local cloud, keeping its state (forget it: rm -rf .local)
	@$(BIN)/python -m infra.local_cloud down

test: install ## all tests, the deployed stack's included
	@$(PYTEST) $(TESTS)

test-fast: install ## the tests that need no local cloud
	@$(PYTEST) $(filter-out tests/cloud/,$(TESTS))

test-long: install ## whatever may happen or be sent, tried for an hour and anew each time
	@HYPOTHESIS_PROFILE=long $(PYTEST) -m hypothesis $(filter-out tests/cloud/,$(TESTS))

test-versions: ## the unit tests on Python 3.12 and 3.13, where this machine has them
	@$(PYTHON) -m infra.versions $(SPREAD) tests/unit/

check: install ## lint, types, layers, the packaged template
	@echo "ruff"; $(BIN)/ruff check .
	@echo "mypy"; $(BIN)/mypy
	@echo "import-linter"; $(BIN)/lint-imports --no-cache
	@echo "cfn-lint, on the packaged template"; $(BIN)/python -m infra.deploy --stage $(STAGE) --package-only
	@$(BIN)/cfn-lint build/$(STAGE)/template.json

bench: install ## speed and cost; writes bench/results.json
	@$(BIN)/python -m bench

translations: install ## the texts of all languages, compiled after a change in a .po file
	@$(BIN)/python -m infra.translations

package: install ## the template and zips for AWS, in build/STAGE
	@$(BIN)/python -m infra.deploy --stage $(STAGE) --package-only

deploy: install ## to AWS: make deploy STAGE=dev, by the ordinary credentials chain
	@$(BIN)/python -m infra.deploy --stage $(STAGE) $(DEPLOY_ARGS)

clean: ## remove environments, packages and the demo's state
	@rm -rf .venv .venv-cloud .venv-3.* build .local

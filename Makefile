# Two commands for a newcomer: `make demo` and `make test-local`. `make` alone lists the rest.
.DEFAULT_GOAL := help
.PHONY: help setup demo test-local coverage lint types unit integration properties soak fuzz up down image up-docker down-docker bench conformance clean

RUNTIMES ?= python3.9
PYTEST_ARGS ?=
TARGET ?= embedded
WORKERS ?= 4
HARNESS := .venv/bin/harness
ifeq ($(TARGET),container)
TARGET_NEEDS := image
else ifeq ($(TARGET)$(ENDPOINT),endpoint)
$(error Say which endpoint: make test-local TARGET=endpoint ENDPOINT=http://127.0.0.1:4566)
endif

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install everything into this folder, from the lock files (does nothing when it is there)
	@tools/setup $(RUNTIMES)

demo: setup ## Bring the calculator up, send it a batch of operations, show each result
	@tools/demo

test-local: setup lint types $(TARGET_NEEDS) ## Run the whole suite, lint and types included; TARGET=embedded|container|endpoint
	$(if $(ENDPOINT),HARNESS_ENDPOINT=$(ENDPOINT)) .venv/bin/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --harness-target $(TARGET) $(PYTEST_ARGS)

coverage: setup ## Run the whole suite, and list what tests reach of the client; fails below the floor in pyproject.toml
	$(MAKE) test-local PYTEST_ARGS="--cov --cov-report=term:skip-covered $(PYTEST_ARGS)"

lint: setup ## Check style
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/lint-imports --no-logo

types: setup ## Check types
	.venv/bin/mypy
	.venv/bin/mypy --python-version 3.10 harness

unit: setup ## Run the unit tests alone
	.venv/bin/pytest tests/unit $(PYTEST_ARGS)

integration: setup ## Run the integration tests alone
	.venv/bin/pytest tests/integration $(PYTEST_ARGS)

properties: setup ## Compare queues and mappings with the model of them, for many random histories
	HYPOTHESIS_PROFILE=long .venv/bin/pytest tests/properties $(PYTEST_ARGS)

soak: setup ## Send 100,000 operations while handlers are killed; SOAK_ARGS="--seed N" repeats the kills
	.venv/bin/python -m tests.soak $(SOAK_ARGS)

fuzz: setup ## Send 10,000 malformed requests to the emulator; FUZZ_ARGS="--seed N" repeats a run
	.venv/bin/python -m tests.fuzz $(FUZZ_ARGS)

up: setup ## Bring the stack up and keep it up
	@$(HARNESS) up

down: ## Stop what is up
	@$(HARNESS) down

image: setup ## Build the emulator's image; BASE_IMAGE=NAME takes another base
	@.venv/bin/python tools/image.py $(addprefix --base ,$(BASE_IMAGE))

up-docker: setup ## Start the emulator in a container at http://127.0.0.1:4566 (docker-compose.yml)
	@.venv/bin/python -m tools.compose up

down-docker: setup ## Stop that container
	@.venv/bin/python -m tools.compose down

bench: setup ## Measure what the README promises, median of five
	.venv/bin/python -m benchmarks

conformance: setup ## Show AWS's behaviour row by row, here and on LocalStack as it comes: docs/conformance.md
	.venv/bin/python -m tools.conformance

clean: ## Stop what is up, and remove everything set-up and runs have made
	@if [ -x $(HARNESS) ]; then $(HARNESS) down; fi
	rm -rf .harness .venv cdktf.out lambda_deployment.zip .mypy_cache .pytest_cache .ruff_cache

# Everything starts here; `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
UV := .tools/bin/uv
# Where a network has certificates of its own, the machine's are the right ones.
export PIP_ROOT_USER_ACTION := ignore
export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
PYTHON := .venv/bin/python
# Some of them alone: make test TESTS=tests/e2e; the least coverage is asked of all of them only.
TESTS ?= tests

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: check-machine
check-machine:
	@missing=; \
	command -v python3.11 >/dev/null || missing="$$missing Python-3.11"; \
	python3.11 -m pip --version >/dev/null 2>&1 || missing="$$missing pip-for-Python-3.11"; \
	command -v go >/dev/null || missing="$$missing Go"; \
	{ command -v javac >/dev/null && javac -version 2>&1 | grep -q ' 17'; } || missing="$$missing JDK-17"; \
	command -v mvn >/dev/null || missing="$$missing Maven"; \
	if [ -n "$$missing" ]; then \
	  echo "this machine lacks:$$missing. Install them (README, \"What you need\"), then retry." >&2; \
	  exit 1; \
	fi

$(UV): | check-machine
	@echo "installing uv $(UV_VERSION) into .tools"
	@python3.11 -m pip install --quiet --disable-pip-version-check --target .tools uv==$(UV_VERSION)

.venv/.ready: $(UV) pyproject.toml uv.lock operator/pyproject.toml job/pyproject.toml $(wildcard job/src/*/store/*.c)
	@echo "installing the locked dependencies into .venv"
	@$(UV) sync --quiet --frozen --all-packages --extra flink-1
	@touch $@

# The job alone on the newer Flink, beside the environment that everything else is done in.
.venv-flink-2/.ready: $(UV) uv.lock job/pyproject.toml $(wildcard job/src/*/store/*.c)
	@echo "installing the job's locked dependencies into .venv-flink-2"
	@UV_PROJECT_ENVIRONMENT=.venv-flink-2 $(UV) sync --quiet --frozen --no-default-groups \
	  --package program-user-info-job --extra flink-2
	@touch $@

.PHONY: setup
setup: check-machine .venv/.ready ## Install uv and the locked dependencies

.PHONY: demo
demo: setup ## Cluster up, a job applied, events in, rows out and compared
	@$(PYTHON) -m dev demo

.PHONY: test
test: setup .venv/.bench-ready .venv-flink-2/.ready lint ## The tests, the ones on the real cluster included; NIGHTLY=1: the long ones too
	@$(PYTHON) -m dev up
	@mkdir -p build
	@NIGHTLY=$(NIGHTLY) $(PYTHON) -m pytest $(TESTS) --numprocesses=2 --dist=loadscope --no-loadscope-reorder \
	  $(if $(NIGHTLY),,-m "not nightly") --durations=25 --junit-xml=build/junit.xml \
	  --cov --cov-report=term $(if $(filter-out tests,$(TESTS)),--cov-fail-under=0)

.PHONY: unit
unit: setup ## The tests that need no cluster
	@$(PYTHON) -m pytest tests/unit

.venv/.mutation-ready: .venv/.ready
	@echo "installing what makes the mutants"
	@$(UV) sync --quiet --frozen --all-packages --extra flink-1 --inexact --group mutation
	@touch $@

.PHONY: mutants
mutants: setup .venv/.mutation-ready ## Change the pure modules at random, say what no unit test notices; SAMPLE=400, MINUTES=30, SEED=n, ONLY=policy
	@$(PYTHON) -m dev mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(MINUTES),--minutes $(MINUTES)) \
	  $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

.PHONY: lint
lint: setup ## ruff, mypy --strict, import-linter, the prose's words, the chart, the workflows
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PYTHON) -m dev prose
	@$(PYTHON) -m dev lint

.PHONY: format
format: setup ## Format the code, and fix what ruff can fix
	@.venv/bin/ruff format --quiet .
	@.venv/bin/ruff check --quiet --fix .

.PHONY: generate
generate: setup ## Write the CRD and the golden files again
	@$(PYTHON) -m dev generate
	@$(PYTHON) -m pytest tests/unit --quiet --update-golden

.venv/.bench-ready: .venv/.ready
	@echo "installing what the job is compared with"
	@$(UV) sync --quiet --frozen --all-packages --extra flink-1 --inexact --group bench
	@touch $@

.PHONY: bench
bench: setup .venv/.bench-ready ## Time the job and the controller, each beside a baseline; SMALL=1, EVENTS=n, RUNS=3, BYTES=n, KEYED=1, ONLY="the job", AGAINST=commit
	@SMALL=$(SMALL) EVENTS=$(EVENTS) RUNS=$(RUNS) BYTES=$(BYTES) KEYED=$(KEYED) ONLY="$(ONLY)" AGAINST=$(AGAINST) \
	  $(PYTHON) -m tests.bench

.PHONY: docs
docs: setup ## The documentation as a site, into build/site
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict

.PHONY: recording
recording: setup ## Run the quick start's commands on your cluster, with its variables set, and draw the terminal
	@$(PYTHON) -m dev recording

.PHONY: pictures
pictures: setup ## The documentation's pictures, of jobs that run for MINUTES=15
	@$(PYTHON) -m dev pictures $(if $(MINUTES),--minutes $(MINUTES))

.PHONY: soak
soak: setup ## Jobs at full load for MINUTES=60, with the default memory; EVENT_BYTES="0 20000": one for each size of events
	@$(PYTHON) -m dev soak $(if $(MINUTES),--minutes $(MINUTES)) $(foreach size,$(EVENT_BYTES),--event-bytes $(size))

.PHONY: sbom
sbom: setup ## CycloneDX documents and licences of what the images hold, into build/sbom
	@$(PYTHON) -m dev sbom

.PHONY: publish
publish: setup ## REGISTRY=ghcr.io/you: push images, SBOMs and the chart; PLATFORMS=linux/amd64,linux/arm64
	@$(PYTHON) -m dev publish "$(REGISTRY)" --platforms "$(PLATFORMS)"

.PHONY: audit
audit: $(UV) ## Known vulnerabilities of the locked versions; asks api.osv.dev
	@$(UV) audit --frozen

.PHONY: release
release: setup ## VERSION=x.y.z: the version everywhere, the changelog's section closed
	@$(PYTHON) -m dev release $(VERSION)
	@$(UV) lock --quiet

.PHONY: notes
notes: setup ## TAG=v1.2.0: what the changelog says of it
	@$(PYTHON) -m dev notes $(TAG)

.PHONY: images
images: setup ## Build the operator's and the job's images
	@$(PYTHON) -m dev images

.PHONY: reproduce
reproduce: setup ## Build the product's images twice and compare them layer by layer
	@$(PYTHON) -m dev reproduce

.PHONY: load-images
load-images: setup ## Hand all images to kind or minikube
	@$(PYTHON) -m dev load-images

.PHONY: cluster-up
cluster-up: setup ## The embedded cluster with Kafka, Cassandra, the Flink operator and the chart
	@$(PYTHON) -m dev up

.PHONY: cluster-down
cluster-down: setup ## Stop the embedded cluster; the cache stays
	@$(PYTHON) -m dev down

.PHONY: env
env: setup ## Shell settings for kubectl and helm: eval "$$(make -s env)"
	@$(PYTHON) -m dev env

# Everything a person or CI runs. The Python environment is built from uv.lock on first use.
SHELL := /bin/bash
.DELETE_ON_ERROR:
unexport PYTHONDONTWRITEBYTECODE
STACK ?= prod
# What a change is compared with, in which form, how long, and which risk stops it.
BASE ?= origin/main
FORM ?= markdown
LIMIT ?= 65000
FAIL_ON ?= risk=high
UV_VERSION := 0.13.8
# Besides what a local platform runs. thanos, otelcol and loki take minutes each and are asked where they are.
TESTED_WITH ?= prometheus promtool alertmanager amtool kubeconform statsd_exporter blackbox_exporter alloysyntax traceqlsyntax
EXPORTERS := iceberg isilon bitbucket
# tests/test_exporter_images.py compares with the same.
EXPORTED := --no-dev --no-emit-workspace --no-header --quiet
UV := $(shell command -v uv || echo .uv/bin/uv)

.PHONY: setup smoke preview review gate validate up down test e2e tools unit lint types contracts bench bench-alerts bench-detection bench-iceberg bench-load exporters-images exporters-locks golden clean

setup: .venv/.ready ## build the environment from the lock file

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/pip install --quiet uv==$(UV_VERSION)

# Compiled ahead: an uncompiled start costs three times as much (measured: pulumi 0.14 s against 0.40 s).
.venv/.ready: uv.lock pyproject.toml | $(if $(filter .uv/%,$(UV)),.uv/bin/uv)
	$(UV) sync --frozen --compile-bytecode --quiet
	@touch $@

preview: setup ## render one stack into build/$(STACK) and check it: make preview STACK=prod
	.venv/bin/obs preview $(STACK) --out build/$(STACK)

review: setup ## what a change does, as Markdown: make review STACK=prod BASE=origin/main
	mkdir -p build/review
	.venv/bin/obs diff $(STACK) --base $(BASE) --format $(FORM) --limit $(LIMIT) \
	  --out build/review/$(STACK).md --full build/review/$(STACK).full.md

gate: setup ## stop a change that is too risky: make gate STACK=prod BASE=origin/main FAIL_ON=risk=high
	.venv/bin/obs diff $(STACK) --base $(BASE) --fail-on $(FAIL_ON)

validate: setup ## would Kubernetes and the program behind each file take the stack: make validate STACK=prod
	.venv/bin/obs validate $(STACK)

up: setup ## the whole stack alive on this machine: real servers, simulated platform
	.venv/bin/obs local up

down: setup ## stop it; nothing is left
	.venv/bin/obs local down

# Rules and routing are proven on real servers; where these cannot be had, such tests are skipped and say so.
test: lint types ## everything that CI runs
	-.venv/bin/obs tools build $(TESTED_WITH)
	.venv/bin/python -m pytest --ignore=tests/e2e

smoke: setup ## the shortest proof on real servers, of those that `make tools` has built
	.venv/bin/python -m pytest -n 0 -m smoke tests/e2e

# One after another: two whole platforms at a time are too much for two cores.
e2e: tools ## end to end on real servers: an hour and a half, and before a release
	.venv/bin/python -m pytest -n 0 tests/e2e

tools: setup ## build every server and tool that is not there: once, see README
	-.venv/bin/obs tools build
	-.venv/bin/obs tools build $(TESTED_WITH) logqlsyntax

unit: lint types ## the same, without building the servers that prove rules and files
	.venv/bin/python -m pytest --ignore=tests/e2e

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: setup
	.venv/bin/mypy

contracts: setup ## run the real software from the registries, scrape it, and compare with contracts/
	.venv/bin/obs contracts

bench: setup ## the timed bars; not part of the tests
	.venv/bin/python -m obs.bench

bench-detection: setup ## seconds from fault to notification at production pace; a quarter of an hour
	.venv/bin/python -m obs.bench_detection

bench-alerts: setup ## precision and recall of alerts over two weeks of a healthy platform and every scenario; half an hour
	.venv/bin/python tests/bench_alerts.py

bench-iceberg: setup ## our Iceberg exporter on 1,000 tables: time, memory, how long a scrape takes
	.venv/bin/python tests/bench_iceberg.py

bench-load: setup ## rules and dashboards on a real Prometheus with 500,000 series (STACK=prod): half an hour, the first time more
	.venv/bin/python tests/bench_load.py $(STACK)

# Nobody publishes them: build, push, and name them in the settings (docs/how-to/own-exporters.md).
exporters-images: ## build the images of our exporters: make exporters-images REGISTRY=registry.example.com
	@test -n "$(REGISTRY)" || { echo "say where they belong: make $@ REGISTRY=registry.example.com"; exit 1; }
	for name in $(EXPORTERS); do \
	  version=$$(sed -n 's/^version = "\(.*\)"/\1/p' exporters/$$name/pyproject.toml); \
	  docker build -f exporters/$$name/Dockerfile -t $(REGISTRY)/dataops/$$name-exporter:$$version exporters || exit 1; \
	done

exporters-locks: setup ## what the images install, from uv.lock, after a version in it has changed
	for name in $(EXPORTERS); do \
	  $(UV) export --frozen --package dataops-$$name-exporter $(EXPORTED) -o exporters/$$name/requirements.lock || exit 1; \
	done

golden: setup ## rewrite tests/golden after an intended change
	.venv/bin/python -m pytest tests/test_golden.py tests/test_sizes.py tests/test_outputs.py tests/test_security_page.py -n 0 --update-golden

clean:
	rm -rf build .venv .uv .mypy_cache .ruff_cache .pytest_cache

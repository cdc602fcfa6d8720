# make demo     the site with made-up data on this machine; PORT=8000, RESET=1 starts afresh
# make test     all tests; in a browser too where a Chromium is found
# make lint types arch     what a change must pass; make fmt writes the format
# make bench    speed, into bench/RESULTS.md; SCALE=small tries it in a minute and writes nothing
#               SCALE=national measures people at the size of a nation (12 GB, kept); city is its small scale
# make lock     new lock files from requirements*.in

SHELL := /bin/bash
VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && { echo $$p; break; }; done)
PIP = $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
SOURCES = manage.py deploy config office org rulebook budgets training workflow tests bench
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := demo
.PHONY: demo test lint types arch fmt bench lock

demo: $(VENV)/.runtime
	@exec $(VENV)/bin/python -m config.demo --with-parent

test: $(VENV)/.dev
	@$(VENV)/bin/python -m tests.browser.chromium || [ "$$GUIKOU_REQUIRE_BROWSER" != 1 ]
	$(VENV)/bin/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check $(wildcard $(SOURCES))
	$(VENV)/bin/ruff format --check $(wildcard $(SOURCES))
	find templates -name '*.html' -print0 | xargs -0 -r $(VENV)/bin/djade --check --target-version 5.2
	GUIKOU_DEMO=1 $(VENV)/bin/python manage.py makemigrations --check --dry-run

types: $(VENV)/.dev
	$(VENV)/bin/mypy

arch: $(VENV)/.dev
	$(VENV)/bin/lint-imports

fmt: $(VENV)/.dev
	$(VENV)/bin/ruff check --fix $(wildcard $(SOURCES))
	$(VENV)/bin/ruff format $(wildcard $(SOURCES))
	find templates -name '*.html' -print0 | xargs -0 -r $(VENV)/bin/djade --target-version 5.2

bench: $(VENV)/.dev
	$(VENV)/bin/python -m bench

lock:
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

# Installed again only when its lock changed. What lacks on the machine is named in one line.
$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@echo "正在安装依赖……"
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/bin/python
	@echo "正在安装开发依赖……"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.runtime

.PHONY: $(VENV)/bin/python
$(VENV)/bin/python:
	@$(VENV)/bin/python -m pip --version >/dev/null 2>&1 && exit 0; \
	if [ -z "$(PYTHON)" ]; then \
		echo "需要 Python 3.11 或更高版本：sudo apt-get install python3 python3-venv" >&2; exit 1; \
	fi; \
	if ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
		echo "缺少 Debian 软件包 python3-venv：sudo apt-get install python3-venv" >&2; exit 1; \
	fi; \
	$(PYTHON) -m venv --clear $(VENV)

# Tieout: `make run` is all it takes; `make help` lists the rest.

VENV := .venv
PY := $(VENV)/bin/python
STAMPS := $(VENV)/stamps
JOBS ?= 2
PORT ?= 8000
# A dozen processes begin here, from the same modules: compiled once, whatever the machine's environment says.
unexport PYTHONDONTWRITEBYTECODE
HOST ?= 127.0.0.1

# The first Python that is recent enough; PYTHON=… on the command line decides otherwise.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; break; }; done)

# What a deployment's environment looks like, for `check --deploy` (the key is made up on the spot).
PRODUCTION = TIEOUT_MODE=production ALLOWED_HOSTS=portal.example.com PUBLIC_URL=https://portal.example.com \
	SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(60))') \
	AUDIT_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(60))') \
	DATABASE_APP_URL=postgresql://tieout_app@db.example.com/tieout \
	DATABASE_SYSTEM_URL=postgresql://tieout_system@db.example.com/tieout \
	CELERY_BROKER_URL=redis://redis.example.com/0 CACHE_URL=redis://redis.example.com/1

.DEFAULT_GOAL := help
.PHONY: help setup system-parts run test check lint format types imports templates migrations deploy sizes bench demo-reset lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(STAMPS)/python $(STAMPS)/assets $(STAMPS)/system ## install everything that run, test and check need

$(PY):
	@test -n "$(PYTHON)" || { echo "Tieout needs Python 3.11 or newer, and none was found on PATH."; \
		echo "Install one (Debian 12: apt-get install python3 python3-venv), or say which: make setup PYTHON=/path/to/python3.12"; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) could not make a virtual environment (Debian: apt-get install python3-venv)."; exit 1; }

$(STAMPS)/python: requirements-dev.txt | $(PY)
	@echo "Installing Python packages (pinned in requirements-dev.txt) …"
	@test -x $(VENV)/bin/uv || $(PY) -m pip install -qq "$$(grep -o '^uv==[^ ;]*' requirements-dev.txt)" || true
	@$(VENV)/bin/uv pip sync --quiet --python $(PY) requirements-dev.txt 2>$(VENV)/uv.log \
		|| $(PY) -m pip install --quiet -r requirements-dev.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/assets: package.json package-lock.json portal/assets.py $(STAMPS)/python
	@echo "Installing front-end assets (pinned in package-lock.json) …"
	@$(PY) -m portal.assets
	@touch $@

$(STAMPS)/system: .ci/system-parts $(STAMPS)/python
	@.ci/system-parts
	@touch $@

system-parts: ## install chromium (browser tests) and pango (PDF), or say how
	@.ci/system-parts

run: setup ## start everything: database, web, worker, beat
	@exec $(PY) manage.py portal_run --host $(HOST) $(if $(filter-out file,$(origin PORT)),--port $(PORT))

test: setup ## all tests
	@$(PY) -m pytest -q -n $(JOBS)

check: lint format types imports templates migrations deploy sizes ## every static check

lint: setup
	@echo "== ruff"; $(VENV)/bin/ruff check .
format: setup
	@echo "== ruff format"; $(VENV)/bin/ruff format --check .
types: setup
	@echo "== mypy"; $(VENV)/bin/mypy
imports: setup
	@echo "== import-linter"; PYTHONPATH=. $(VENV)/bin/lint-imports --no-cache
templates: setup
	@echo "== djlint"; found=$$($(VENV)/bin/djlint --check templates 2>&1) \
		|| { echo "$$found"; echo "To mend: $(VENV)/bin/djlint --reformat templates"; exit 1; }
	@$(VENV)/bin/djlint --quiet --lint templates
migrations: setup
	@echo "== migrations"; $(PY) -W "ignore:Got an error checking a consistent" manage.py makemigrations --check --dry-run
deploy: setup
	@echo "== check --deploy"; $(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING
sizes: setup
	@echo "== sizes"; $(PY) -m tests.architecture.sizes

bench: setup ## time the engine and the pages
	@$(PY) -m tests.bench

demo-reset: setup ## load the demo afresh
	@$(PY) manage.py migrate --verbosity 0 && $(PY) manage.py demo_load --reset

lock: $(STAMPS)/python ## compile requirements from pyproject.toml and refresh package-lock.json
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
		pyproject.toml -o requirements.txt
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
		--extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	@npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund --loglevel=error

clean: ## remove what was installed and built (never the data in var/)
	@rm -rf $(VENV) node_modules static/vendor .mypy_cache .ruff_cache .pytest_cache

# What people and CI run. Needs Python >= 3.11, make and a package index; everything else comes from the lock files.

VENV := .venv
BIN := $(VENV)/bin
# `make clean setup PYTHON=/path/to/python3` chooses the interpreter; otherwise the first of these that will do.
PYTHON ?=
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3 python3.13 python3.12 python3.11)
# More arguments for the tool behind a target: `make test ARGS="-k units"`, `make lock ARGS=--upgrade`.
ARGS ?=

# Wheels only, each by its hash: nothing is built while installing, so no unpinned build tool ever runs.
LOCKED := --require-hashes --no-deps --only-binary :all:
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# What pip says matters only when it fails.
TELL_FAILURE := >$(VENV)/pip.log 2>&1 || { cat $(VENV)/pip.log >&2; exit 1; }
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

# An environment whose interpreter is gone, or whose folder was moved or copied (its scripts and its path to the
# code are absolute), is made again.
$(shell { [ -x $(BIN)/python ] && grep -qsxF '$(CURDIR)' $(VENV)/.made; } || rm -f $(VENV)/.made)

.DEFAULT_GOAL := help
.PHONY: help setup serve test fuzz lint types contracts check bench codes-report format lock deploy-tools release licences audit clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.installed ## make .venv/ with all that development needs, and install the project into it
	@:

# A new lock file is a new environment, so that nothing stays in it that no lock names.
$(VENV)/.made: $(wildcard requirements*.lock)
	@python=; for candidate in $(CANDIDATES); do \
	  if $$candidate -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	  then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo 'No Python >= 3.11 with its venv module among: $(CANDIDATES).' >&2; \
	  echo 'Install one (on Debian and Ubuntu the package python3-venv too), or name it: make setup PYTHON=/path/to/python3' >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$python --version). This and what follows happens once."; \
	$$python -m venv --clear $(VENV)
	@echo '$(CURDIR)' > $@

# `$<` is the lock file; how much it holds is said first, since it takes a while.
INSTALL = echo "Installing the $$(grep -c '^[a-z0-9].*==' $<) packages of $<." && \
	$(PIP_INSTALL) $(LOCKED) -r $< $(TELL_FAILURE)
CONSISTENT := $(BIN)/python -m pip check >$(VENV)/pip.log 2>&1 || { cat $(VENV)/pip.log >&2; \
	echo 'The lock files are behind pyproject.toml: run "make lock".' >&2; exit 1; }

$(VENV)/.serving: requirements-serve.lock $(VENV)/.made pyproject.toml cds_service/__init__.py
	@$(INSTALL)
	@$(PIP_INSTALL) --no-deps --no-index --no-build-isolation --editable . $(TELL_FAILURE)
	@$(CONSISTENT)
	@echo 'Compiling, so that each start is quick.'
	@$(BIN)/python -m compileall -q cds_service
	@touch $@

$(VENV)/.installed: requirements-dev.lock $(VENV)/.serving
	@$(INSTALL)
	@$(CONSISTENT)
	@touch $@

serve: $(VENV)/.serving ## start the service on http://127.0.0.1:8000 (CDS_HOST, CDS_PORT change that)
	@exec $(BIN)/cds-service serve $(ARGS)

# A test at a time for each core, up to four. ARGS come last: `make test ARGS="-n 0 --pdb"`.
test: setup ## run every test
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

fuzz: setup ## mutated requests against the service (ARGS="--examples 100000 --seed 7")
	@PYTHONPATH=. $(BIN)/python -m tests.fuzz $(ARGS)

lint: setup ## ruff: lint and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup ## mypy --strict
	@$(BIN)/mypy

contracts: setup ## import-linter: the layers' import direction
	@$(BIN)/lint-imports --no-logo

check: lint types contracts test ## all that CI runs

bench: setup ## measure every target, beside peers that it installs on their own (ARGS="--only http", ARGS=--quick)
	@$(BIN)/python -m benchmarks $(ARGS)

codes-report: setup ## write the figures of docs/terminology.md (ARGS="--records RECORDS.zip")
	@$(BIN)/python -m tools.codes_report $(ARGS)

format: setup ## let ruff mend and format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# All other locks take their versions from the development lock, so they agree.
lock: $(VENV)/.installed ## write the lock files again from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(COMPILE) $(ARGS) pyproject.toml --extra workbench --group dev -o requirements-dev.lock
	@$(COMPILE) -c requirements-dev.lock pyproject.toml -o requirements.lock
	@$(COMPILE) -c requirements-dev.lock pyproject.toml --extra workbench --group build -o requirements-serve.lock
	@$(COMPILE) -c requirements-dev.lock --group build -o requirements-build.lock
	@$(COMPILE) -c requirements-dev.lock --group deploy -o requirements-deploy.lock

deploy-tools: $(VENV)/.deploy-tools ## add the tools that check deploy/ to .venv (requirements-deploy.lock)
	@:

$(VENV)/.deploy-tools: requirements-deploy.lock $(VENV)/.installed
	@$(PIP_INSTALL) $(LOCKED) -r $< $(TELL_FAILURE)
	@touch $@

# What a release is made of, from what git has and nothing else that lies about: the environment that the SBOM and the
# licences describe holds the locked packages and this wheel alone. SOURCE_DATE_EPOCH makes the archives reproducible.
RELEASED := build/release-venv
release: deploy-tools ## wheel, sdist, SBOM, licences and checksums in dist/
	@rm -rf dist build && mkdir -p dist build
	@export SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)}; \
	$(BIN)/python -m hatchling build -t sdist -t wheel -d dist && \
	$(BIN)/uv venv --quiet --no-project --python $(BIN)/python $(RELEASED) && \
	$(BIN)/uv pip install --quiet --python $(RELEASED) $(LOCKED) -r requirements.lock && \
	$(BIN)/uv pip install --quiet --python $(RELEASED) --no-deps --no-index dist/*.whl && \
	$(BIN)/python deploy/release/bill.py $(RELEASED)/bin/python dist
	@$(BIN)/python deploy/release/licences.py requirements.lock $(RELEASED)/bin/python --write dist/licences.md
	@cd dist && sha256sum * > SHA256SUMS && cat SHA256SUMS

licences: setup ## write docs/licences.md and refuse licences that are not on the list
	@$(BIN)/python deploy/release/licences.py requirements.lock $(BIN)/python --write docs/licences.md

audit: deploy-tools ## known vulnerabilities among the locked packages, where the package index tells them
	@$(BIN)/python deploy/release/audit.py requirements.lock requirements-build.lock

clean: ## remove .venv/, caches and build results
	rm -rf $(VENV) build dist htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

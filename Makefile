# Momentum: `make` lists the commands.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check acceptance bench truth dev fix docs docs-pictures screenshots catalogue lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# Progress of the installation goes to standard error: standard output is the command's own.
$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Momentum needs Python 3.11 or newer; set PYTHON=/path/to/python3")'
	@echo "Setting up $(VENV) ..." >&2
	@$(PYTHON) -m venv $(VENV) >&2 || { rm -rf $(VENV); echo "This Python cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) >&2

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/uv
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock >&2
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e . >&2
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.lock >&2
	@touch $@

demo: $(VENV)/.installed ## watch it work: a local Zoom, a real recording, a deliverable (ARGS="--once --json")
	@$(BIN)/momentum demo $(ARGS)

test: $(VENV)/.installed-dev ## all tests, under ten minutes (ARGS="tests/unit -k vault")
	@tests/prepare
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not acceptance and not real_zoom" $(ARGS)

check: test ## tests, lint, types, import contracts, docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python docs/make.py --check
	@$(BIN)/python -m catalogue --check
	@git diff --check HEAD

acceptance: $(VENV)/.installed-dev ## slow rounds: real processes killed in the middle, big files, long speech
	@tests/prepare
	@$(BIN)/pytest -m "acceptance" --timeout 1800 $(ARGS)

bench: $(VENV)/.installed-dev ## measure the figures and print a table (ARGS="overhead listing")
	@PYTHONPATH=.:tests $(BIN)/python -m bench $(ARGS)

truth: $(VENV)/.installed-dev ## plant errors in correct claims, print what the check catches (ARGS="--dev --show")
	@PYTHONPATH=. $(BIN)/python -m truth $(ARGS)

dev: $(VENV)/.installed-dev ## everything for working on Momentum, in .venv

fix: $(VENV)/.installed-dev ## format and repair what can be repaired
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

docs: $(VENV)/.installed-dev ## write the pages of reference that are made from the code
	@$(BIN)/python docs/make.py

catalogue: $(VENV)/.installed-dev ## bring the translations up to date with the code, print what is left to translate
	@$(BIN)/python -m catalogue

docs-pictures: $(VENV)/.installed-dev ## walk through the tutorial in a browser and take its pictures anew
	@tests/prepare
	@MOMENTUM_PICTURES=$(CURDIR)/docs/tutorial/pictures $(BIN)/pytest tests/browser/test_tutorial.py -p no:xdist -m acceptance -k Whisper

screenshots: $(VENV)/.installed-dev ## pictures of every page, in both themes and two widths, into screenshots/
	@tests/prepare
	@MOMENTUM_SCREENSHOTS=$(CURDIR)/screenshots $(BIN)/pytest tests/browser/test_every_page.py -p no:xdist -m acceptance

lock: $(VENV)/bin/uv ## make the lock files anew
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --upgrade --group build --group voices pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --group counterparts -c requirements-dev.lock -o tests/counterparts/requirements.lock

clean: ## remove what the commands above made here
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

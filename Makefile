# `make run` and `make test` set up `.venv` on their first call and go straight to work on the next.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin

.PHONY: run test test-slow lint setup clean
run: setup
	$(BIN)/python experiments/run.py

test: lint
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: setup
	$(BIN)/python -m pytest -m slow

lint: setup
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

setup: .venv/installed
.venv/installed: pyproject.toml constraints.txt scripts/setup.sh
	@test -n "$(PYTHON)" || { echo "ragx needs Python 3.11, 3.12 or 3.13; set PYTHON=/path/to/python"; exit 1; }
	sh scripts/setup.sh "$(PYTHON)" .venv
	touch $@

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache

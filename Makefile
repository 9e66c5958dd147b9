# `make run` sets up `.venv` with what runs need, `make test` adds the tools of tests and builds torch-scatter; each does
# so on its first call and goes straight to work on the next.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
CI := build/ci

.PHONY: run test ci test-slow lint wheel smoke setup tools clean
run: setup
	$(BIN)/python experiments/run.py evaluation.final=true

test: lint
	$(BIN)/python -m pytest -n 2 -m "not slow"

ci: test wheel smoke

test-slow: tools
	$(BIN)/python -m pytest -m slow

lint: tools
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

# The wheel, unpacked beside the checkout and tried from a folder where the checkout is not found.
wheel: setup
	rm -rf $(CI)/wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir $(CI)/wheel .
	$(BIN)/python -m pip install --quiet --no-deps --target $(CI)/wheel/unpacked $(CI)/wheel/*.whl
	cd $(CI)/wheel && PYTHONPATH=unpacked ../../../$(BIN)/python ../../../scripts/try_wheel.py unpacked

# A sweep, its choice on validation, the look at test and the table, anew.
smoke: setup
	rm -rf $(CI)/runs
	$(BIN)/python experiments/run.py -m sweep=smoke runs=$(CI)/runs
	$(BIN)/python experiments/final.py sweep=smoke-shop runs=$(CI)/runs
	$(BIN)/python experiments/table.py table=smoke runs=$(CI)/runs
	$(BIN)/python experiments/table.py table=smoke part=test runs=$(CI)/runs

setup: .venv/set-up
.venv/set-up: pyproject.toml constraints.txt scripts/setup.sh
	@test -n "$(PYTHON)" || { echo "ragx needs Python 3.11, 3.12 or 3.13; set PYTHON=/path/to/python"; exit 1; }
	sh scripts/setup.sh "$(PYTHON)" .venv
	touch $@

tools: .venv/tools
.venv/tools: .venv/set-up scripts/setup_tools.sh
	sh scripts/setup_tools.sh .venv
	touch $@

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache

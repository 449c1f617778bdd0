# The two commands of the README: `make demo` and `make test`. Everything lives in .venv; delete it to start anew.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check format proofs bench clean

demo: $(VENV)/.demo  ## plan the embedded example: summary on the screen, plan and map in demo-plan/
	$(BIN)/matcher demo

test: $(VENV)/.dev  ## pass the tests
	$(BIN)/python -m pytest

check: $(VENV)/.dev  ## format, lint, types and tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

proofs: $(VENV)/.dev  ## the long proofs: tens of thousands of random cases against brute force
	$(BIN)/python -m pytest -m slow

$(VENV)/.demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[excel,figures]'
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[excel,figures,polars,fast,dev]'
	touch $@

clean:
	rm -rf $(VENV) demo-plan build *.egg-info

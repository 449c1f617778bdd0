# The two commands of the README: `make demo` and `make test`. Everything lives in .venv; delete it to start anew.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check cover format proofs bench bundle clean

demo: $(VENV)/.demo  ## plan the embedded example: summary on the screen, plan and map in demo-plan/
	$(BIN)/matcher demo

test: $(VENV)/.dev  ## pass the tests, on every core
	$(BIN)/python -m pytest

check: $(VENV)/.dev  ## format, lint, types and tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

cover: $(VENV)/.dev  ## which lines and branches the tests reach, file by file, the total last
	$(BIN)/python -m pytest --cov=matcher --cov-branch --cov-report=term

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

proofs: $(VENV)/.dev  ## the long proofs: tens of thousands of random cases against brute force, on every core
	$(BIN)/python -m pytest -m slow

bench: $(VENV)/.bench  ## the benchmark of scale against its peers; see docs/benchmarks.md for the longer ones
	$(BIN)/python -m benchmarks.scale.run skew-9300 --csv bench.csv
	$(BIN)/python -m benchmarks.scale.run sweep --peers matcher ortools --csv bench.csv
	$(BIN)/python -m benchmarks.scale.run sizes --largest 10000 --peers all --csv bench.csv --figure bench.png
	$(BIN)/python -m benchmarks.scale.many --csv bench.csv

bundle: $(VENV)/.demo  ## dist/matcher-offline.zip for computers without a network; see docs/offline.md
	$(BIN)/python tools/make_bundle.py

$(VENV)/.demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[excel,figures,report]'
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[excel,figures,report,polars,fast,dev]'
	touch $@

$(VENV)/.bench: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[excel,figures,fast,bench]'
	touch $@

clean:
	rm -rf $(VENV) demo-plan bench.csv bench.png .coverage build *.egg-info

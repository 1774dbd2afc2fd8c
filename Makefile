# make demo   the workbench over the bundled project (without a terminal: the whole job, headless, and its report)
# make test   lint, types, import contracts, all tests
# make bench  the benchmarks; make bench-proof DATA=FOLDER: the whole method on public tasks, for hours, resumable
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt $(PIP_FLAGS)

.PHONY: demo test lint format bench bench-proof clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Blindspot needs Python 3.10 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	@# torch first: resolved on its own it is the build that the constraints name, and nothing pulls another
	$(INSTALL) torch
	$(INSTALL) -e '.[dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/blindspot demo

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: lint
	$(BIN)/pytest -n 2 --dist loadgroup

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# ONLY=scoring,startup picks; DATA=FOLDER names public data; ROWS=N makes them smaller; figures go to bench-results/
bench: $(VENV)/.installed
	$(INSTALL) -e '.[bench]'
	HF_HUB_OFFLINE=1 ONLY="$(ONLY)" DATA="$(DATA)" ROWS="$(ROWS)" $(BIN)/python -m tests.bench

# TASKS, SEEDS, ARMS and RECIPES pick, with commas; projects, finished runs and reports go to bench-results/proof
bench-proof: $(VENV)/.installed
	HF_HUB_OFFLINE=1 DATA="$(DATA)" TASKS="$(TASKS)" SEEDS="$(SEEDS)" ARMS="$(ARMS)" RECIPES="$(RECIPES)" \
		$(BIN)/python -m tests.bench.proof

clean:
	rm -rf $(VENV) blindspot-demo

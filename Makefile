# make demo   the workbench over the bundled project (without a terminal: the whole job, headless, and its report)
# make test   lint, types, import contracts, all tests
# make pytest  the tests alone; PYTEST_FLAGS and WORKERS pass on what it takes
# make test-formats  exports read with the libraries of other tools, which it installs
# make test-openvino  scoring through OpenVINO, which it installs
# make test-ray  shards and trainings on a real Ray cluster, which it installs
# make fuzz   random attacks in their long form: TRIALS=1000 SEED=7 ONLY=hostile_rows,random_keys
# make docs   the documentation site, build/docs/site/index.html; a link to nowhere is an error
# make audit  licences, hashes and known vulnerabilities of what is installed
# make licences  docs/licences.md anew, after a package has come or gone
# make lock   requirements.lock anew, after a pin has changed (needs uv and a network)
# make bench-statistics  how often intervals from few labels hold what they are to hold; minutes, needs no data
# make bench-agreement PROOFS=FOLDER  how often verdicts from few labels are those from all labels
# make bench-guard  whether scoring and the first paint have lost more than a third against their peers; seconds
# make bench  the benchmarks, and a table of them; make bench-proof DATA=FOLDER: the whole method on public tasks, for hours, resumable
# make bench-servers SERVER=URL MODEL=NAME  what a chat server makes of all that is asked of one
# make bench-budget DATA=FOLDER  what a number of people's labels buys, with an LLM's and without; for hours, resumable
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP = $(BIN)/pip install --quiet --disable-pip-version-check $(PIP_FLAGS)
UV ?= uv

.PHONY: demo test pytest test-formats test-openvino test-ray lint format fuzz docs audit licences lock bench bench-guard bench-proof bench-budget bench-servers bench-statistics bench-agreement clean

$(VENV)/.installed: pyproject.toml constraints.txt requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Blindspot needs Python 3.10 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV_FLAGS) $(VENV)
	$(PIP) --no-deps --require-hashes -r requirements.lock
	@# Apart and without a hash: which build of torch is right (CPU, CUDA, ROCm) depends on the machine and its index.
	$(PIP) -c constraints.txt torch
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

demo: $(VENV)/.installed
	$(BIN)/blindspot demo

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: lint pytest

# Four on two cores: half of the time a test waits, for keys of the app, a server or a disk.
WORKERS ?= 4
pytest: $(VENV)/.installed
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(PYTEST_FLAGS)

# The libraries take 220 MB, and 7 s of CPU to import: CI does without.
test-formats: $(VENV)/.installed
	$(PIP) -c constraints.txt --no-build-isolation -e '.[formats]'
	$(BIN)/pytest -n 0 -rs tests/engine/exchange/test_libraries.py

# 180 MB that scoring is checked without in CI.
test-openvino: $(VENV)/.installed
	$(PIP) -c constraints.txt --no-build-isolation -e '.[openvino]'
	$(BIN)/pytest -n 0 -rs tests/engine/model

# Ray takes 270 MB; a cluster and its workers, which import the model libraries, a minute of CPU: CI does without.
test-ray: $(VENV)/.installed
	$(PIP) -c constraints.txt --no-build-isolation -e '.[ray]'
	$(BIN)/pytest -n 0 -rs tests/engine/shards/test_on_ray.py

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

TRIALS ?= 200
SEED ?= 13
fuzz: $(VENV)/.installed
	HF_HUB_OFFLINE=1 $(BIN)/python -m tests.fuzz --trials $(TRIALS) --seed $(SEED) --only "$(ONLY)"

docs: $(VENV)/.installed
	$(BIN)/python docs/build.py

audit: $(VENV)/.installed
	$(BIN)/python -m tests.audit

licences: $(VENV)/.installed
	$(BIN)/python -m tests.audit --licences > docs/licences.md

# For Python 3.10 and later on all systems; without torch and the libraries of its CUDA build.
lock:
	echo '# Made by `make lock` from pyproject.toml and constraints.txt; see there.' > requirements.lock
	echo hatchling | $(UV) pip compile - pyproject.toml --quiet --extra dev -c constraints.txt --universal \
		--python-version 3.10 --generate-hashes --no-annotate --no-header \
		| awk '/^[a-z]/ { kept = !/^(torch|triton|nvidia-|cuda-)/ } kept' >> requirements.lock

# ONLY=scoring,startup picks; DATA=FOLDER names public data; ROWS=N makes them smaller; figures go to bench-results/
bench: $(VENV)/.installed
	$(PIP) -c constraints.txt --no-build-isolation -e '.[bench]'
	HF_HUB_OFFLINE=1 ONLY="$(ONLY)" DATA="$(DATA)" ROWS="$(ROWS)" $(BIN)/python -m tests.bench

# Ratios of processor time in one run; RECORD=--record writes tests/bench/ratios.json anew
bench-guard: $(VENV)/.installed
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m tests.bench.guard $(RECORD)

# TASKS, SEEDS, ARMS and RECIPES pick, with commas; projects, finished runs and reports go to bench-results/proof
bench-proof: $(VENV)/.installed
	HF_HUB_OFFLINE=1 DATA="$(DATA)" TASKS="$(TASKS)" SEEDS="$(SEEDS)" ARMS="$(ARMS)" RECIPES="$(RECIPES)" \
		$(BIN)/python -m tests.bench.proof

# TASKS, ARMS, BUDGETS and SEEDS pick, with commas; figures, table and curves go to bench-results/budget (OUT=FOLDER)
bench-budget: $(VENV)/.installed
	HF_HUB_OFFLINE=1 DATA="$(DATA)" TASKS="$(TASKS)" ARMS="$(ARMS)" BUDGETS="$(BUDGETS)" SEEDS="$(SEEDS)" OUT="$(OUT)" \
		$(BIN)/python -m tests.bench.budget

# KEY_ENV=VARIABLE holds the key; CONTEXT=TOKENS of the server asks one question that is too long; TOKENS=1024 an answer
# at most; ROWS=8 to label; NAME="SERVER VERSION"; RECORD=FILE takes all that was asked and answered
bench-servers: $(VENV)/.installed
	SERVER="$(SERVER)" MODEL="$(MODEL)" KEY_ENV="$(KEY_ENV)" CONTEXT="$(CONTEXT)" TOKENS="$(TOKENS)" ROWS="$(ROWS)" \
		NAME="$(NAME)" RECORD="$(RECORD)" $(BIN)/python -m tests.bench.servers

# DRAWS=600 simulated audits, or streams of labels, or (200) sets of proof rows, a cell; the last goes on where it was
bench-statistics: $(VENV)/.installed
	DRAWS="$(DRAWS)" $(BIN)/python -m tests.bench.statistics_audit
	DRAWS="$(DRAWS)" $(BIN)/python -m tests.bench.statistics_watch
	DRAWS="$(DRAWS)" RESULTS="$(RESULTS)" $(BIN)/python -m tests.bench.statistics_verdict

# PROOFS="FOLDER ..." whose proof rows all have labels, or OUTs of bench-budget; TRANSCRIPTS=FOLDER with
# PROJECT.labels.jsonl; BUDGET=150 DRAWS=200; goes on where it was
bench-agreement: $(VENV)/.installed
	HF_HUB_OFFLINE=1 PROOFS="$(PROOFS)" TRANSCRIPTS="$(TRANSCRIPTS)" BUDGET="$(BUDGET)" DRAWS="$(DRAWS)" RESULTS="$(RESULTS)" \
		$(BIN)/python -m tests.bench.agreement

clean:
	rm -rf $(VENV) blindspot-demo

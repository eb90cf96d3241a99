# GNU make 3.81 or newer. Needs python3 (3.11 or newer) and git; everything else goes into .venv by itself.
#
#   PYTHON=...              the interpreter that .venv is made from
#   UV=...                  which uv to use; UV=false builds with pip although uv is there
#   TARGET= REGION= ARGS=   for `validate`: from this command line only, never from the environment
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/sh
unexport PYTHONHOME PYTHONPATH

PYTHON ?= python3
UV ?= uv
VENV := .venv
RUN := $(VENV)/bin/python
LOCK := requirements/dev.txt
STAMP := $(VENV)/.ttsgate
PIP_OPTIONS := --quiet --disable-pip-version-check --no-input --no-deps
CODE := $(wildcard src scripts checks tests docs hatch_build.py conftest.py)

# A make variable as one shell word.
quoted = '$(subst ','\'',$(1))'
# --option VALUE if VARIABLE stands on the command line, also when it is empty: an empty target is an error, not the default.
given = $(if $(filter command%,$(origin $(1))),$(2) $(call quoted,$($(1))))
arguments = $(if $(filter command%,$(origin ARGS)),$(ARGS))

# The stamp names its checkout: what a moved or copied .venv contains points to the old place.
ifneq ($(shell $(RUN) -c 'print(1)' 2>/dev/null && { [ ! -e $(STAMP) ] || [ "$$(cat $(STAMP))" = "$$(pwd -P)" ]; } && echo ok),1 ok)
FOREIGN := foreign
endif

.PHONY: help setup validate test lint format docs emulator-clients fault-score bench bench-evidence serve lock clean foreign

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## build .venv from the lock (the other targets do so when needed)

validate: $(STAMP) ## run the suites: TARGET=emulator|live|... REGION=... ARGS="--model ... --python ..."
	@$(RUN) -m ttsgate validate $(call given,TARGET,--target) $(call given,REGION,--region) $(arguments)

test: $(STAMP) ## test ttsgate itself: ARGS="tests/catalog -x"
	@$(RUN) -m pytest --numprocesses 2 --dist worksteal --cov --cov-report= $(arguments)
	@$(RUN) -m coverage report

lint: $(STAMP) ## ruff, mypy --strict, import-linter
	$(RUN) -m ruff check $(CODE)
	$(RUN) -m ruff format --check $(CODE)
	$(RUN) -m mypy $(filter-out conftest.py,$(CODE))
	$(VENV)/bin/lint-imports --no-logo

format: $(STAMP) ## let ruff arrange the code as `lint` wants it
	$(RUN) -m ruff check --fix $(CODE)
	$(RUN) -m ruff format $(CODE)

docs: $(STAMP) ## bring the parts of docs/ that repeat the code up to date
	@$(RUN) docs/generate.py

emulator-clients: $(STAMP) ## try published clients and SDK releases on the emulator: ARGS="2.0.2 pipecat-dashscope"
	@$(RUN) -m tests.compatibility.published_clients $(arguments)

fault-score: $(STAMP) ## what the gate finds of every fault of the emulator (ten minutes): ARGS="--only 'audio*' --no-sdk"
	@$(RUN) -m benchmarks.fault_score $(arguments)

bench: $(STAMP) ## measure the emulator under load (two minutes): sessions at once, hostile clients, start
	@$(RUN) benchmarks/emulator_load.py
	@$(RUN) benchmarks/emulator_hostile.py
	@$(RUN) benchmarks/emulator_start.py

bench-evidence: $(STAMP) ## kill 200 runs, turn over every byte of a bundle, write 10 000 sessions (an hour)
	@$(RUN) benchmarks/evidence_tampering.py
	@$(RUN) benchmarks/evidence_crashes.py
	@$(RUN) benchmarks/evidence_scale.py

serve: $(STAMP) ## run the emulator of the service: ARGS="--port 8123 --fault silence"
	@$(RUN) -m ttsgate serve $(arguments)

lock: $(STAMP) ## resolve the dependencies again into requirements/dev.txt
	$(VENV)/bin/uv pip compile pyproject.toml --extra emulator --extra signing --extra matrix --extra cluster --group dev --universal --python-version 3.11 \
		--upgrade --generate-hashes --no-emit-index-url --no-header --quiet -o $(LOCK)

clean: ## remove .venv, caches and builds; what runs have produced in output/ stays
	rm -rf $(VENV) .venv-clients build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src scripts checks reports tests examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

foreign:

$(STAMP): $(LOCK) pyproject.toml $(FOREIGN)
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
		echo "ttsgate: there is no $(PYTHON); install Python 3.11 or newer (apt-get install python3 python3-venv)" \
			"or name one: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "ttsgate: $$("$(PYTHON)" --version 2>&1) is too old; install Python 3.11 or newer" \
			"(apt-get install python3.11 python3.11-venv) and name it: make PYTHON=python3.11 ..." >&2; exit 1; }
	@if [ -n "$(FOREIGN)" ]; then rm -rf $(VENV); fi
	@echo "ttsgate: building .venv from $(LOCK) (once; about a minute)" >&2
	@if "$(UV)" --version >/dev/null 2>&1; then \
		{ [ -x $(RUN) ] || "$(UV)" venv --quiet --no-python-downloads --python "$(PYTHON)" $(VENV); } && \
		"$(UV)" pip sync --quiet --python $(RUN) --require-hashes $(LOCK) && \
		"$(UV)" pip install --quiet --python $(RUN) --no-deps --no-build-isolation -e . && exit 0; \
		echo "ttsgate: uv could not; trying pip" >&2; \
	fi; \
	"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "ttsgate: $(PYTHON) cannot make environments (no ensurepip); install its venv package:" \
			"apt-get install python3-venv" >&2; exit 1; }; \
	{ $(RUN) -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv $(VENV); } && \
	$(RUN) -m pip install $(PIP_OPTIONS) --require-hashes -r $(LOCK) && \
	$(RUN) -m pip install $(PIP_OPTIONS) --no-build-isolation -e .
	@pwd -P > $@

# make demo and make test do everything that is needed on a fresh clone, the environment included.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help demo test conformance check bench train-tiny clean
.DEFAULT_GOAL := help

help:
	@echo "make demo         paint a clip into out/demo.mp4"
	@echo "make test         the whole test suite"
	@echo "make conformance  unmodified clients of others, and PostgreSQL, where they can be had"
	@echo "make check        lint, format, types, imports"
	@echo "make bench        the benchmarks, one table each"
	@echo "make train-tiny   train the smallest recipe into runs/tiny"
	@echo "make clean        remove the environment and caches"

$(READY): pyproject.toml constraints.txt
	@echo "making the environment in $(VENV): downloads PyTorch the first time, which takes some minutes"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

demo: $(READY)
	@mkdir -p out
	@$(BIN)/ozora generate "a red ball rolls left past a blue cube at sunset" -o out/demo.mp4
	@echo "the clip is out/demo.mp4, and how to make it again is out/demo.mp4.json"

test: $(READY)
	@$(BIN)/python -m pytest -q -n 2

conformance: $(READY)
	@$(BIN)/python -m pytest -q -m long tests/conformance tests/server/test_queue.py tests/server/test_races.py tests/server/test_proxies.py \
		--deselect 'tests/conformance/test_fuzz.py::test_no_request_is_an_error_of_ours[full]'

check: $(READY)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(READY)
	@for script in benchmarks/*.py; do echo "$$script"; $(BIN)/python "$$script" || exit 1; done

train-tiny: $(READY)
	@$(BIN)/ozora train tiny --out runs/tiny

clean:
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

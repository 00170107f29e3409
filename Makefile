# Two commands:  make demo   a handover in simulation, from request to release, under a minute
#                make test   every check: lint, format, types, tests with coverage
# Each makes .venv when it is missing and installs what it needs when pyproject.toml or constraints.txt changed.

PYTHON ?= python3
OBJECT ?= hammer
SEED ?= 7
JOBS ?= 2

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
LIBRARIES := libEGL.so.1 libGL.so.1 libusb-1.0.so.0 libgomp.so.1
PACKAGES := libegl1 libgl1 libusb-1.0-0 libgomp1

.PHONY: demo test check libraries clean
.DELETE_ON_ERROR:

demo: .venv/demo.installed
	@mkdir -p runs
	@$(BIN)/handover run $(OBJECT) --seed $(SEED) --video runs/demo.mp4

test: libraries .venv/test.installed check

# One thread of linear algebra per test process: two processes already fill two cores.
check:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n $(JOBS) --cov --cov-report=term

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found; install Python 3.11 to 3.13, or: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "Python 3.11 to 3.13 is needed, $(PYTHON) is $$($(PYTHON) -V); use another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "making .venv with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv .venv

.venv/demo.installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing the simulation's Python packages into .venv (a minute or two, once)"
	@$(INSTALL) --editable .
	@touch $@

.venv/test.installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing everything the tests use into .venv (some minutes and 3 GB, once)"
	@$(INSTALL) --editable '.[models,robot,viz,compare,bench,cluster,dev]'
	@touch $@ .venv/demo.installed

# Shared libraries that open3d and pyrealsense2 load; the demo needs none of them.
libraries:
	@[ "$$(uname -s)" = Linux ] || exit 0; \
	missing=; for library in $(LIBRARIES); do PATH="$$PATH:/sbin" ldconfig -p | grep -q "$$library" || missing="$$missing $$library"; done; \
	[ -z "$$missing" ] && exit 0; \
	line="apt-get update && apt-get install -y --no-install-recommends $(PACKAGES)"; \
	if ! command -v apt-get >/dev/null; then echo "missing:$$missing; install them with this system's package manager" >&2; exit 1; \
	elif [ "$$(id -u)" = 0 ]; then sh -c "$$line" >/dev/null; \
	elif sudo -n true 2>/dev/null; then sudo sh -c "$$line" >/dev/null; \
	else echo "missing:$$missing; type once:  sudo sh -c '$$line'" >&2; exit 1; fi

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*

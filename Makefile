# LatentPress: `make demo` compresses and restores a picture, `make test` runs the tests. Each target sets up .venv by
# itself, only as far as it needs, and once: pyproject.toml or constraints.txt must change for it to run again.

# The first Python of at least 3.11 on this machine; `make PYTHON=/path/to/python3` overrides it.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet -c constraints.txt
PINS := pyproject.toml zoo/pyproject.toml constraints.txt
TORCH := $(shell sed -n 's/^torch==/torch==/p' constraints.txt)
TORCH_CPU := https://download.pytorch.org/whl/cpu

PAGE := docs/web/index.html

PICTURE := examples/macaws.png
QUALITY := 50
# What `make bench` measures; points that are there already are kept.
CODERS := hyperprior,hyperprior-ms-ssim,jpeg-420,webp,avif-444,avif-444-s6-default

# Tests run in so many processes.
JOBS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 1)

.PHONY: help demo test check format bench web docs package clean

help:
	@echo "make demo    compress and restore examples/macaws.png, print sizes and PSNR"
	@echo "make test    run the tests"
	@echo "make check   lint (ruff) and types (mypy)"
	@echo "make format  let ruff format and fix the code"
	@echo "make web     build the page that opens .lpx files in a browser: docs/web (needs Node.js)"
	@echo "make bench   measure on the Kodak pictures: make bench KODAK=folder/with/kodim01.png"
	@echo "make docs    build the documentation site in build/site, every link checked"
	@echo "make package build wheels and source packages in dist/, and try them in clean environments"
	@echo "make clean   remove build/, docs/web and the caches (not .venv)"

demo: $(VENV)/.run
	@mkdir -p build
	$(BIN)/latentpress compress $(PICTURE) build/demo.lpx --quality $(QUALITY)
	$(BIN)/latentpress decompress build/demo.lpx build/demo.png
	@$(BIN)/python examples/compare.py $(PICTURE) build/demo.lpx build/demo.png

test: $(VENV)/.dev
	@command -v npm >/dev/null && $(MAKE) --no-print-directory web || echo "no page for a browser: its tests are skipped"
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench
	@test -n "$(KODAK)" || { echo "say where the pictures are: make bench KODAK=folder" >&2; exit 2; }
	$(BIN)/latentpress bench --codecs $(CODERS) --data $(KODAK) --out benchmarks/results/bench/kodak
	$(BIN)/python benchmarks/speed.py --data $(KODAK) --out benchmarks/results/speed.json
	$(BIN)/python benchmarks/tables.py

web: $(PAGE)

$(PAGE): $(VENV)/.dev $(wildcard web/src/*) web/build.py web/package-lock.json
	$(BIN)/python web/build.py

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python docs/website.py

# PYTHONS="python3.12 python3.13" tries the wheel with each of them.
package: $(VENV)/.package
	$(BIN)/python tests/package/try_package.py $(PYTHONS)

clean:
	rm -rf build dist docs/web web/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "LatentPress needs Python 3.11 or newer: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "could not make $(VENV); on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@

# Run time only: NumPy, Pillow, ONNX Runtime, the range coder, the command line.
$(VENV)/.run: $(VENV)/.made $(PINS)
	$(INSTALL) -e .
	@touch $@

# The tests train tiny networks. PyTorch's own index has a build for CPUs that is a tenth of the usual one; where it cannot
# be reached, pip's usual sources have to do.
$(VENV)/.dev: $(VENV)/.made $(PINS)
	@$(BIN)/python -c 'import torch' 2>/dev/null \
		|| $(PIP) --retries 0 install --quiet -c constraints.txt --index-url $(TORCH_CPU) $(TORCH) 2>/dev/null \
		|| echo "PyTorch's CPU build could not be had; installing the usual one"
	$(INSTALL) -e ".[dev,train]" -e ./zoo
	@touch $@

$(VENV)/.bench: $(VENV)/.made $(PINS)
	$(INSTALL) -e ".[bench]"
	@touch $@

$(VENV)/.docs: $(VENV)/.made $(PINS)
	$(INSTALL) -e ".[docs]"
	@touch $@

$(VENV)/.package: $(VENV)/.made $(PINS)
	$(INSTALL) build
	@touch $@

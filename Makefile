PYTHON ?= python3
MONTH ?= 2026-10
BIN := .venv/bin
READY := .venv/.ready

.PHONY: report test lint lab docs bench fuzz clean

report: $(READY)
	$(BIN)/kmanalysis report --data data/samples --month $(MONTH) --out reports

test: $(READY)
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nbstripout --keep-count --keep-id --verify notebooks/*.ipynb

lab: $(READY)
	$(BIN)/kmanalysis lab

docs: $(READY)
	$(BIN)/python -m kmanalysis.reference docs

bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench,pull]'
	$(BIN)/python benchmarks/score_vs_pandas.py benchmarks/data --repeat 3
	$(BIN)/python benchmarks/engine.py benchmarks/data/engine --memory 4GB
	$(BIN)/python benchmarks/batch.py benchmarks/data/batch --pages 12
	$(BIN)/python benchmarks/batch.py benchmarks/data/batch --pages 120 --warm --repeat 1 --command-pages 0
	$(BIN)/python benchmarks/incremental.py
	$(BIN)/python benchmarks/pull.py
	$(BIN)/python benchmarks/cold.py

fuzz: $(READY)
	$(BIN)/python -m benchmarks.fuzz --inputs 10000

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find reports -mindepth 1 ! -name .gitkeep -delete

# Remade from nothing when what it is made of changes; the stamp is only written once all is installed.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

PYTHON ?= python3
LIGHT := .venv/read
FULL := .venv/test

.PHONY: read test notebooks browser acceptance lint types clean

read: $(LIGHT)/ready  ## read the bundled article: light install, no torch
	$(LIGHT)/bin/stance read notebooks/article.txt

test: $(FULL)/ready  ## run all tests
	$(FULL)/bin/python -m pytest

notebooks: $(FULL)/ready  ## run all notebooks, each from top to bottom
	for notebook in notebooks/*.ipynb; do $(FULL)/bin/jupyter execute $$notebook || exit 1; done
	rm -rf notebooks/models

browser: $(FULL)/ready  ## look at pages in Chromium, which must be there
	$(FULL)/bin/python -m pytest -m browser

acceptance: $(FULL)/ready  ## wheel, editable install, retraining, cold start: fetches packages, takes minutes
	$(FULL)/bin/python -m pytest -m acceptance
	$(FULL)/bin/python -m tests.benchmarks.cold_start

lint: $(FULL)/ready
	$(FULL)/bin/ruff check .
	$(FULL)/bin/ruff format --check .

types: $(FULL)/ready
	$(FULL)/bin/mypy --strict stance training

clean:
	rm -rf .venv

$(LIGHT)/ready: pyproject.toml
	$(PYTHON) -m venv $(LIGHT)
	$(LIGHT)/bin/pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(FULL)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(FULL)
	$(FULL)/bin/pip install --quiet --constraint constraints.txt --editable '.[train,dev]'
	touch $@

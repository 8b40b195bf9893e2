PYTHON ?= python3
LIGHT := .venv/read
FULL := .venv/test
# For `make model`: the folder of real quotations (training/data/README.md), tables that only measure, the base, that
# of its teacher, what to write, whether to go on (empty: start anew, after a change of the recipe), what the model calls
# its version, and what its card quotes.
TEXTS ?= real
MEASURE ?=
BASE ?= sentence-transformers/all-MiniLM-L6-v2
TEACHER_BASE ?= sentence-transformers/all-mpnet-base-v2
OUTPUT ?= models/stance-minilm
RESUME ?= --resume
VERSION := 1.1.2
NOTES := training/data/card_notes.md
REAL := runs/real.jsonl
SENTENCES := runs/sentences.jsonl
TEACHER := runs/teacher
TAUGHT := runs/taught.jsonl
AUTHORED := $(addprefix training/data/,authored.jsonl contrast_pairs.jsonl news_style.jsonl rule_pairs.jsonl)
HELD_OUT := $(wildcard training/data/*_held_out.jsonl)

.PHONY: read test notebooks browser acceptance model lint types clean

read: $(LIGHT)/ready  ## read the bundled article: light install, no torch
	$(LIGHT)/bin/stance read notebooks/article.txt

test: $(FULL)/ready  ## run all tests, on all cores
	$(FULL)/bin/python -m pytest -n logical --dist loadfile

notebooks: $(FULL)/ready  ## run all notebooks, each from top to bottom
	for notebook in notebooks/*.ipynb; do $(FULL)/bin/jupyter execute $$notebook || exit 1; done
	rm -rf notebooks/models

browser: $(FULL)/ready  ## look at pages in Chromium, which must be there
	$(FULL)/bin/python -m pytest -m browser

acceptance: $(FULL)/ready  ## wheel, editable install, kills, a million rows, speed: fetches packages, takes an hour
	$(FULL)/bin/python -m pytest -m acceptance
	$(FULL)/bin/python -m tests.benchmarks.cold_start
	$(FULL)/bin/python -m tests.benchmarks.speed
	$(FULL)/bin/python -m tests.benchmarks.tables 20000 200000 1000000

model: $(TAUGHT)  ## fit the shipped model; goes on where it was stopped
	$(FULL)/bin/python -m training fit --config training/recipe.toml --base $(BASE) --seed 13 \
		$(foreach table,$(HELD_OUT) $(MEASURE),--measure $(table)) \
		$(if $(NOTES),--notes $(NOTES)) --version $(VERSION) --output $(OUTPUT) $(RESUME)

$(TAUGHT): $(TEACHER)/stance.json $(SENTENCES)
	$(FULL)/bin/python -m training teach $(TEACHER) $(SENTENCES) -o $@ $(RESUME)

$(TEACHER)/stance.json: $(REAL) training/teacher.toml $(AUTHORED)
	$(FULL)/bin/python -m training fit --config training/teacher.toml --base $(TEACHER_BASE) --seed 13 \
		--output $(TEACHER) $(RESUME)

$(REAL) $(SENTENCES) &: training/data/readings.csv training/gather.py training/sentences.py $(wildcard $(TEXTS)/*.jsonl*) | $(FULL)/ready
	$(FULL)/bin/python -m training gather $(TEXTS) -o $(REAL) --sentences $(SENTENCES)

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

# Bare `make` lists the targets. Every target sets itself up: nothing but Python >= 3.11 and make is needed.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
DATA ?=
HOUSEHOLDS ?=
export SHOP_ENV ?= demo
export SHOP_BASE_URL ?= http://127.0.0.1:$(PORT)
export OPENBLAS_NUM_THREADS ?= 1
export PYTHONPATH := $(CURDIR)
FLASK := $(BIN)/flask --app wsgi

.DEFAULT_GOAL := help
.PHONY: help setup demo import-orders empty serve test test-sqlite test-without-crm test-postgres check format bench crash crash-ingest crash-mail crash-trainer guess-orders scan-sequences fuzz-recommendations api-fuzz bench-ingest bench-mail bench-reports bench-desk truth clients lock messages clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  PORT=8000 (serve, demo)   HOUSEHOLDS=100 (demo: fewer)   DATA=file (demo: open the shop on your own sales)"

setup: $(VENV)/.run ## make .venv with what the shop needs

demo: $(VENV)/.run ## fill the shop with a grocer's year and open it (DATA=file: with real sales)
	$(FLASK) shop demo $(if $(DATA),--data "$(DATA)") $(if $(HOUSEHOLDS),--households $(HOUSEHOLDS))
	@$(MAKE) --no-print-directory serve

import-orders: $(VENV)/.run ## read sales into the shop: make import-orders FILE=sales.csv
	@test -n "$(FILE)" || { echo "Say which file: make import-orders FILE=sales.csv"; exit 2; }
	$(FLASK) shop import-orders "$(FILE)"

empty: ## throw the shop's data away, so that `make demo` can fill it anew
	rm -rf var

serve: $(VENV)/.run ## open the shop again
	$(BIN)/python -m shop.serve --port $(PORT)

test: test-sqlite test-without-crm test-postgres ## all tests, on SQLite and on a real PostgreSQL

test-sqlite: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-without-crm: $(VENV)/.dev
	$(BIN)/python -m tests.architecture.shop_without_crm

test-postgres: $(VENV)/.dev
	TEST_DATABASE=postgresql $(BIN)/python -m pytest -n 2 --dist loadfile -m "not browser and not sqlite_only"

check: $(VENV)/.dev ## style, types, layers, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/python -m tests.architecture.file_sizes

format: $(VENV)/.dev ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## the figures of bench/README.md
	$(BIN)/python -m bench.page_view
	$(BIN)/python -m bench.product_page
	$(BIN)/python -m recommender.protocol online-retail
	$(BIN)/python -m bench.loading

bench-ingest: $(VENV)/.dev ## what the collector takes over HTTP, beside the database's own limit (DATABASE=postgresql)
	$(BIN)/python -m bench.ingest --database $(or $(DATABASE),sqlite) --rows $(or $(EVENTS),1000000)

bench-mail: $(VENV)/.dev ## what a personalised e-mail costs, beside smtplib and the naive way, on the demo's shop (BIG=100000)
	$(BIN)/python -m bench.mail --shop var --big $(or $(BIG),0)

bench-reports: $(VENV)/.dev ## load EVENTS=10000000 steps, time every report, recount and reconcile
	$(BIN)/python -m bench.reports --events $(or $(EVENTS),10000000) --database $(or $(DATABASE),sqlite) --beside $(or $(BESIDE),0)

bench-desk: $(VENV)/.dev ## orders by e-mail, the timeline, and from the search box to the page (CUSTOMERS=1000000 DATABASE=postgresql)
	$(BIN)/python -m bench.lookup --customers $(or $(CUSTOMERS),20000) --database $(or $(DATABASE),sqlite)

crash: $(VENV)/.dev ## kill -9 during checkout, 100 cycles
	$(BIN)/python -m tests.faults.kill_checkout --cycles 100

crash-ingest: $(VENV)/.dev ## kill -9 while clients send to the collector, 100 cycles
	$(BIN)/python -m tests.faults.kill_ingest --cycles 100

crash-mail: $(VENV)/.dev ## kill -9 of those who send a mailing: 25 kills a run, 40 runs
	$(BIN)/python -m tests.faults.kill_mail --cycles $(or $(RUNS),40)

crash-trainer: $(VENV)/.dev ## kill -9 of the recommender's trainer while the shop is asked, 100 cycles
	$(BIN)/python -m tests.faults.kill_trainer --cycles 100

guess-orders: $(VENV)/.dev ## 100,000 guesses at guests' orders: links, and pairs of e-mail and number
	$(BIN)/python -m tests.faults.guess_orders

scan-sequences: $(VENV)/.dev ## 10,000 random sequences of carriers' messages: none leads to an impossible state
	SCAN_SEQUENCES=$(or $(SEQUENCES),10000) $(BIN)/python -m pytest --timeout 7200 tests/tracking/delivery/test_sequences.py

fuzz-recommendations: $(VENV)/.dev ## 100,000 made-up questions to the recommender: nothing is shown that must not be
	FUZZ=100000 $(BIN)/python -m pytest --timeout=0 tests/recommender/serving/test_any_context.py

api-fuzz: $(VENV)/.dev ## 500 made-up requests to every JSON endpoint
	FUZZ=500 $(BIN)/python -m pytest tests/ecrm/collector/test_openapi.py

truth: $(VENV)/.dev ## 200 made-up shops: every reported number against a recount of what happened
	TRUTH=200 $(BIN)/python -m pytest tests/truth

clients: $(VENV)/.dev ## the real Segment and RudderStack SDKs against the collector (npm and a registry needed)
	CLIENTS=1 $(BIN)/python -m pytest -rs tests/clients

messages: $(VENV)/.dev ## collect the texts to translate into build/*.pot
	@mkdir -p build
	$(BIN)/pybabel --quiet extract -F babel.cfg -k _ -k lazy_gettext --no-location --omit-header -o build/shop.pot shop templates/shop
	$(BIN)/pybabel --quiet extract -F babel.cfg -k _ --no-location --omit-header -o build/ecrm.pot ecrm templates/ecrm templates/mail

lock: ## write requirements*.lock anew from pyproject.toml (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra postgres --extra shop --extra demo pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove the environment and the demo's data
	rm -rf $(VENV) var instance

$(VENV)/.run: requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed; set PYTHON=python3.x")'
	@test -x $(BIN)/python || $(if $(UV),uv venv -q --python $(PYTHON) $(VENV),$(PYTHON) -m venv $(VENV))
	$(if $(UV),uv pip install -q --python $(BIN)/python,$(BIN)/python -m pip install -q --disable-pip-version-check) --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(if $(UV),uv pip install -q --python $(BIN)/python,$(BIN)/python -m pip install -q --disable-pip-version-check) --require-hashes -r requirements-dev.lock
	@touch $@

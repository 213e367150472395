# `make help` lists the targets. Everything runs in .venv, which `make setup` creates.
SHELL := /bin/sh
PORT ?= 8000
BIN := .venv/bin
STAMP := .venv/.installed
APPS := courses forum members platform
# The first interpreter that is new enough; PYTHON=/path/to/python overrides the choice.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 && { echo $$p; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-e2e lint types format messages migrations requirements vendor bench bench-directory bench-forum bench-import bench-notifications fault-notifications check-deploy clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

$(STAMP): requirements/development.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "This needs Python 3.11, 3.12 or 3.13; none was found. Install one, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) lacks the module venv. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the packages into .venv; this takes a minute."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/development.txt
	@touch $@

setup: $(STAMP) ## create .venv and install everything

run: $(STAMP) ## run the platform with its demo world; PORT= changes the port
	@exec $(BIN)/python manage.py run --port $(PORT)

test: $(STAMP) ## run the whole test suite; browser tests run where Chromium is found
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not e2e"
	@$(BIN)/python -m pytest -m e2e -p no:randomly

test-e2e: $(STAMP) ## run the browser tests only
	@$(BIN)/python -m pytest -m e2e -p no:randomly

lint: $(STAMP) ## style, layers, templates, migrations, deployment checks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/djade --check --target-version 5.2 $$(git ls-files '*.html')
	@$(BIN)/djhtml --check --tabwidth 2 $$(git ls-files '*.html')
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py check --fail-level WARNING
	@$(MAKE) --no-print-directory check-deploy

types: $(STAMP) ## mypy on every signature
	@$(BIN)/mypy $(APPS)

check-deploy: $(STAMP) ## Django's checks under production settings
	@DJANGO_SETTINGS_MODULE=config.settings.production BASE_URL=https://league.example.org ALLOWED_HOSTS=league.example.org \
	  SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))') \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(STAMP) ## rewrite code and templates in the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/djade --target-version 5.2 $$(git ls-files '*.html')
	@$(BIN)/djhtml --tabwidth 2 $$(git ls-files '*.html')

messages: $(STAMP) ## collect the interface texts into locale/ and compile them; needs GNU gettext
	@$(BIN)/python manage.py makemessages --locale ru --add-location file --no-wrap --no-obsolete --ignore .venv --ignore var --ignore tests
	@$(BIN)/python manage.py compilemessages --locale ru --ignore .venv

migrations: $(STAMP) ## write the migrations that the models need
	@$(BIN)/python manage.py makemigrations

requirements: $(STAMP) ## compile requirements/*.in to exact pins
	@for name in base test development production; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --upgrade \
	    --custom-compile-command "make requirements" requirements/$$name.in -o requirements/$$name.txt; done

vendor: ## fetch third-party scripts from the npm registry at the versions pinned here
	@sh tests/e2e/vendor/fetch.sh

bench: $(STAMP) ## server time, bytes and queries of the main pages; DATABASE_URL and REDIS_URL choose the engines
	@$(BIN)/python -m tests.bench

bench-forum: $(STAMP) ## the forum of a million posts: queries, plans, CPU, bytes; DATABASE_URL chooses the PostgreSQL
	@$(BIN)/python -m tests.bench_forum

bench-import: $(STAMP) ## import 5,000 members and undo it: seconds, rows a second, memory; DATABASE_URL chooses the engine
	@$(BIN)/python -m tests.bench_import

bench-notifications: $(STAMP) ## one event for 100,000 people on PostgreSQL: seconds, rows, statements, memory; the badge
	@$(BIN)/python -m tests.bench_notifications

bench-directory: $(STAMP) ## the directory of 50,000 members on PostgreSQL: queries, server CPU, waiting
	@$(BIN)/python -m tests.bench_directory

fault-notifications: $(STAMP) ## kill workers, flush Redis, refuse letters for two minutes, and count what is lost or told twice
	@$(BIN)/python -m tests.faults
	@$(BIN)/python -m tests.faults --engine sqlite --pumps 2 --events 200 --members 20 --kills 10 --freezes 2 --seconds 30

clean: ## remove the environment and everything under var/
	rm -rf .venv var

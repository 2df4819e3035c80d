# Every target does its own set-up: a fresh clone needs only Python 3.11, Node.js 20 and make.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
# By the interpreter: a script's first line cannot name each path that a project may lie in.
BLOG := $(BIN)/python -P -m broker
# Whatever a shell, or the settings of its user, may say about these: a set-up is whole, and lies here.
# Only where packages come from is theirs to say.
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --no-user
NPM_CI := ci --include=dev --include=optional --bin-links --package-lock --global=false --dry-run=false --silent --no-audit --no-fund
NPM_SOURCES := registry proxy https_proxy noproxy cafile ca cert key strict_ssl cache userconfig globalconfig offline prefer_offline
PIP_SOURCES := INDEX_URL EXTRA_INDEX_URL FIND_LINKS NO_INDEX TRUSTED_HOST CERT CLIENT_CERT PROXY CACHE_DIR NO_CACHE_DIR TIMEOUT \
  DEFAULT_TIMEOUT RETRIES CONFIG_FILE KEYRING_PROVIDER
unexport CDPATH NODE_ENV
unexport $(filter-out $(NPM_SOURCES:%=npm_config_%) npm_config_//% npm_config_@% npm_config_fetch_%,$(filter npm_config_%,$(.VARIABLES)))
unexport $(filter-out $(PIP_SOURCES:%=PIP_%),$(filter PIP_%,$(.VARIABLES)))
unexport $(filter-out PYTHON PYTHON_IMAGE PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX PYTHONHASHSEED,$(filter PYTHON%,$(.VARIABLES)))
# The blog speaks while it runs, not when it has ended.
MAKEFLAGS += --output-sync=none
# A project that was moved or copied has programs of another folder; one whose Python is gone has none.
$(shell if [ -s .venv/.made ] && { [ "$$(cat .venv/.made)" != "$$(pwd -P)" ] || [ ! -x .venv/bin/python ]; }; then \
  rm -f .venv/.made .venv/.local .venv/.dev; fi)
# Files of the page may have any name, so none stands here: only whether the page is older than one.
PAGE_IS_OLD := $(shell [ -f web/dist/index.html ] && [ -z "$$(find web \( -path web/dist -o -path web/node_modules \) -prune \
  -o -newer web/dist/.built -print 2>&1 | head -n 1)" ] || echo old)
TEST_TOOLS := tests/schemas/node_modules/.installed tests/lighthouse/node_modules/.installed
OVERLAY ?= local
REGISTRY ?= dev.local/blog
TAG ?= dev
# More than processors: most of a test run is waiting.
WORKERS ?= 4
LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: help run demo bench bench-quick test test-fast images e2e deploy undeploy chaos check format lock clean old
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.local web/dist/.built ## start the blog; PORT, BROKER_PORT, DATA_DIR, LOG_LEVEL may be set
	@exec $(BLOG) run

demo: .venv/.local ## load a few posts and comments into the running blog
	@$(BLOG) load demo/posts demo/comments.csv --wait

test: .venv/.dev web/dist/.built $(TEST_TOOLS) ## run every test, side by side in $WORKERS processes
	npm --prefix web test
	$(BIN)/pytest -n $(WORKERS) --durations=20

test-fast: .venv/.dev web/dist/.built $(TEST_TOOLS) ## run the unit and integration tests, on SQLite alone
	$(BIN)/pytest -n $(WORKERS) -m "not server" tests/unit tests/integration

images: ## build the images of all functions and of web, as $REGISTRY/NAME:$TAG; PYTHON_IMAGE, NODE_IMAGE, NGINX_IMAGE may be set
	@exec knative/images.sh "$(REGISTRY)" "$(TAG)"

deploy: .venv/.local ## apply knative/overlays/$OVERLAY where kubectl points to, and wait for all of it
	@exec $(BLOG) deploy $(OVERLAY)

undeploy: .venv/.local ## remove it again; the data stays
	@exec $(BLOG) undeploy $(OVERLAY)

e2e: .venv/.dev ## test the blog that is deployed at BASE_URL in the cluster of KUBECONFIG; BASE_HOST may be set
	@test -n "$(BASE_URL)" || { echo "make e2e: say where the blog is: BASE_URL=http://..., KUBECONFIG=... for its cluster" >&2; exit 1; }
	$(BIN)/pytest --cluster "$(BASE_URL)" $(if $(BASE_HOST),--host "$(BASE_HOST)") tests/e2e/test_journey.py tests/cluster tests/conformance

chaos: .venv/.dev ## kill everything while 10,000 posts and comments are written; WRITES, SEED may be set
	@exec $(BIN)/python -m tests.chaos

bench: .venv/.dev web/dist/.built ## measure, in turns with the classic blog in PEER, and keep it in docs/; FULL=1 takes longer
	@exec $(BIN)/python -m benchmarks

bench-quick: .venv/.dev web/dist/.built ## the short form, beside the figures that are kept
	@exec $(BIN)/python -m benchmarks --quick

check: .venv/.dev web/node_modules/.installed ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	npm --prefix web run --silent lint

format: .venv/.dev web/node_modules/.installed ## write the code as `make check` wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	npm --prefix web run format

lock: .venv/.dev ## compile requirements/*.txt anew from pyproject.toml
	$(LOCK) --upgrade pyproject.toml -o requirements/functions.txt
	$(LOCK) --upgrade --extra local -c requirements/functions.txt pyproject.toml -o requirements/local.txt
	$(LOCK) --upgrade --extra dev -c requirements/local.txt pyproject.toml -o requirements/dev.txt

clean: ## remove what set-up and builds made; data/ stays
	rm -rf .venv web/node_modules web/dist tests/*/node_modules .mypy_cache .ruff_cache .pytest_cache

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "make: $(PYTHON) is missing or older than 3.11; install Python 3.11 or set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	@pwd -P >$@

.venv/.local: requirements/local.txt pyproject.toml | .venv/.made
	$(PIP) --require-hashes -r requirements/local.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/python -c 'import broker.runner.start, broker.serve, eventing.serve, functions_framework'
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.local
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

define NODE_IS_NEW_ENOUGH
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(+(a * 100 + +b < 2019))' 2>/dev/null || \
	  { echo "make: Node.js is missing or older than 20.19; install it (it builds the web page)" >&2; exit 1; }
endef

web/node_modules/.installed: web/package-lock.json
	$(NODE_IS_NEW_ENOUGH)
	npm --prefix web $(NPM_CI)
	@touch $@

web/dist/.built: web/node_modules/.installed $(PAGE_IS_OLD)
	npm --prefix web run --silent build
	@touch $@

$(TEST_TOOLS): tests/%/node_modules/.installed: tests/%/package-lock.json
	$(NODE_IS_NEW_ENOUGH)
	npm --prefix tests/$* $(NPM_CI)
	@touch $@

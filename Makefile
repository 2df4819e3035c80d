# Every target does its own set-up: a fresh clone needs only Python 3.11, Node.js 20 and make.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*')
TEST_TOOLS := tests/schemas/node_modules/.installed tests/lighthouse/node_modules/.installed
OVERLAY ?= local
REGISTRY ?= dev.local/blog
TAG ?= dev
# More than processors: most of a test run is waiting.
WORKERS ?= 5
LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: help run demo bench bench-quick test test-fast images e2e deploy undeploy chaos check format lock clean
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.local web/dist/.built ## start the blog; PORT, BROKER_PORT, DATA_DIR, LOG_LEVEL may be set
	@exec $(BIN)/blog run

demo: .venv/.local ## load a few posts and comments into the running blog
	@$(BIN)/blog load demo/posts demo/comments.csv --wait

test: .venv/.dev web/dist/.built $(TEST_TOOLS) ## run every test, side by side in $WORKERS processes
	npm --prefix web test
	$(BIN)/pytest -n $(WORKERS) --durations=20

test-fast: .venv/.dev web/dist/.built $(TEST_TOOLS) ## run the unit and integration tests, on SQLite alone
	$(BIN)/pytest -n $(WORKERS) -m "not server" tests/unit tests/integration

images: ## build the images of all functions and of web, as $REGISTRY/NAME:$TAG; PYTHON_IMAGE, NODE_IMAGE, NGINX_IMAGE may be set
	@exec knative/images.sh "$(REGISTRY)" "$(TAG)"

deploy: .venv/.local ## apply knative/overlays/$OVERLAY where kubectl points to, and wait for all of it
	@exec $(BIN)/blog deploy $(OVERLAY)

undeploy: .venv/.local ## remove it again; the data stays
	@exec $(BIN)/blog undeploy $(OVERLAY)

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
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.local: requirements/local.txt pyproject.toml | .venv/.made
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/local.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.local
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.PHONY: node
node:
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(+(a * 100 + +b < 2019))' 2>/dev/null || \
	  { echo "make: Node.js is missing or older than 20.19; install it (it builds the web page)" >&2; exit 1; }

web/node_modules/.installed: web/package-lock.json | node
	npm --prefix web ci --silent --no-audit --no-fund
	@touch $@

web/dist/.built: web/node_modules/.installed $(WEB_SOURCES)
	npm --prefix web run --silent build
	@touch $@

$(TEST_TOOLS): tests/%/node_modules/.installed: tests/%/package-lock.json | node
	npm --prefix tests/$* ci --silent --no-audit --no-fund
	@touch $@

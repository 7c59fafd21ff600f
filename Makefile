# Two commands matter to a stranger: `make demo` and `make test`. Both do all the set-up they need.
PYTHON ?= python3
BIN := .venv/bin
DEMO_ARGS ?=
# Where this is set, every process of ours, and every test run, would compile all its modules anew.
unexport PYTHONDONTWRITEBYTECODE

SEED ?=
ONLY ?=
LAWS = quick

.PHONY: venv chromium demo test test-faults check docs bench lock clean

venv: .venv/made

# --no-build-isolation for our own package: hatchling comes from the lock too, so nothing unhashed is fetched for it.
.venv/made: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "harmony: $(PYTHON) is older than Python 3.11; run make PYTHON=python3.11 venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

demo: venv
	$(BIN)/harmony demo $(DEMO_ARGS)

# The tests of the page drive Debian's; where it can be had neither way, they fail and say so.
chromium:
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } || true

# Each law is tried with 100 examples; with a quarter of them in `make check`, which is for between two edits.
test: LAWS = thorough
test: check chromium
	$(BIN)/pytest -p no:faker --numprocesses 4 --dist loadfile --no-loadscope-reorder -m services

check: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --quiet -p no:faker --numprocesses auto --dist worksteal --hypothesis-profile $(LAWS) \
		-m "not services and not faults"

# SEED=N repeats what a run did; ONLY=R3 is that test alone.
test-faults: venv
	FAULTS_SEED=$(SEED) $(BIN)/pytest tests/faults -m faults $(if $(ONLY),-k $(ONLY)_)

# Into site/, to be opened as a file; a link that leads nowhere ends it.
docs: venv
	$(BIN)/zensical build --strict

bench: venv
	$(BIN)/python -m bench

lock: venv
	$(BIN)/uv pip compile --quiet pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-header --no-emit-index-url --no-emit-find-links --output-file requirements.lock

clean:
	rm -rf .venv dist site .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

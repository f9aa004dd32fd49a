# Two commands do all the set-up: `make run` and `make test`.
# Both install exactly what the lock files say; `make lock` renews them.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/python -m uv
TESTS := $(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: run test test-slow test-long coverage test-newest test-lowest check lock hooks install install-dev clean

run: install
	$(BIN)/python -m streamlit run app.py

# The documentation, into build/site, and its pictures.
.PHONY: docs screenshots
docs: install-dev
	$(BIN)/python -m mkdocs build --strict
	@echo "Open build/site/index.html, or: $(BIN)/python -m http.server -d build/site 8001 -b 127.0.0.1"

screenshots: install-dev
	$(BIN)/python docs/screenshots.py

test: check
	$(TESTS)

test-slow: install-dev
	$(TESTS) -m "slow and not long"

# What the slow tests see nearly as well: before a release, and when its subject changes.
test-long: install-dev
	$(TESTS) -m long

# Which lines and branches the tests of `make test` reach. Half as long again.
coverage: install-dev
	$(TESTS) --cov --cov-report=term:skip-covered

# Without the lock, in environments of their own: whether the bounds are true.
test-newest test-lowest: install-dev
	$(BIN)/python scripts/test_at.py $(@:test-%=%)

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

# The checks at every commit.
hooks: install-dev
	$(BIN)/pre-commit install

# Names, versions and hashes only: no addresses.
lock: .venv/.uv
	$(UV) pip compile $(LOCKING) requirements-dev.txt --output-file requirements-dev.lock
	$(UV) pip compile $(LOCKING) requirements.txt --constraints requirements-dev.lock --output-file requirements.lock
	$(UV) pip compile $(LOCKING) pyproject.toml $(SERVING) --constraints requirements-dev.lock --output-file deploy/requirements.lock
LOCKING := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --custom-compile-command "make lock"
# What an image of the app needs: no TensorFlow (deploy/Dockerfile).
SERVING := --extra api --extra app --extra login --extra postgres --extra reports

install: .venv/.installed
install-dev: .venv/.installed-dev

# uv installs the lock with a quarter of the processor time that pip takes. Where it cannot reach
# the package index (a proxy with certificates of its own), pip can by its settings.
.venv/.uv:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
	touch $@

.venv/.installed: requirements.lock .venv/.uv
	$(UV) pip install --quiet --python $(BIN)/python --requirement $< || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.uv
	$(UV) pip install --quiet --python $(BIN)/python --requirement $< || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .coverage build dist

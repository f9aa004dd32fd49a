# Two commands do all the set-up: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test test-slow check install install-dev clean

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
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: install-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

install: .venv/.installed
install-dev: .venv/.installed-dev

.venv/.installed: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache

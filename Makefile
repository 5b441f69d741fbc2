# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything these targets install or write stays below .venv of this checkout; only pip's own cache may lie elsewhere.
# All paths are relative: the checkout may lie in a folder with spaces, which make cannot handle in targets.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:

WORKERS ?= auto
PYTEST_ARGS ?=
NEWER_PYTHON ?= python3.13

# The three gears: what each leaves out. pyproject.toml says what the markers mean.
CHECK := not emulator and not slow and not foreign and not thorough
TEST := not foreign and not thorough
ALL := foreign or thorough
# What sends requests is not measured: it costs two thirds of the time and runs one line more in a hundred.
MEASURED := not emulator and not slow and not foreign and not thorough and not no_cover

STAMP := .venv/stamp
TOOLS := tests/tools
RUN := sh $(TOOLS)/private.sh
INSTALL := sh $(TOOLS)/install.sh
PYTEST := $(RUN) .venv/bin/python -m pytest -n $(WORKERS) --dist worksteal
NOX := .venv/runner/bin/nox --session
LINK := .venv/collections/ansible_collections/jdcloud/cloud

.PHONY: help setup demo check test test-all foreign coverage lint sanity newer newer-sanity newer-tests oldest build galaxy matrix docs pictures interface benchmark
.PHONY: mutants format linters others clean

help: ## List the targets
	@echo 'make TARGET; everything is installed below .venv of this checkout.'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14
	@echo
	@echo 'Variables: PYTHON=/path/to/python3 (for the first call), PYTEST_ARGS="tests/unit -k plan" (for check and test: just these),'
	@echo 'WORKERS=auto (processes that run tests), NEWER_PYTHON=/path/to/python3.13 (for the target newer).'

setup: $(STAMP)/demo $(STAMP)/nox ## Make the private environment: Ansible, the emulator, the collection's place

demo: $(STAMP)/demo ## Tell the story of a campaign on the emulated cloud, in less than a minute
	@$(RUN) .venv/bin/python demo/run.py

check: $(STAMP)/test ## Run the quick tests, in a minute and a half: decisions, plans, modules against a cloud in memory
	@$(if $(PYTEST_ARGS),$(RUN) .venv/bin/python -m pytest $(PYTEST_ARGS),$(PYTEST) -m "$(CHECK)")

test: $(STAMP)/test ## Run all tests that a clone needs, in some minutes: also signed requests to the emulator, and real Ansible
	@$(PYTEST) $(or $(PYTEST_ARGS),-m "$(TEST)")

test-all: test foreign coverage ## Run every test, also those that need other systems, and measure the coverage

# One worker runs all tests of a file: several files set up something large that their tests share.
foreign: others ## Run the tests with AWX modules, a browser, the official SDK, all examples, ...
	@$(PYTEST) --dist loadfile -m "$(ALL)" --hypothesis-profile=thorough

# What several targets need, to be installed before they run.
linters: $(STAMP)/lint

others: $(STAMP)/test-all $(STAMP)/cli $(STAMP)/awx $(STAMP)/environment $(STAMP)/eda

coverage: $(STAMP)/test-all ## Measure how much of the code its unit tests run; at least 95 % are asked for
	@$(PYTEST) -m "$(MEASURED)" --cov --cov-report=term

lint: $(STAMP)/lint $(STAMP)/nox ## Check style, types and documentation (ruff, mypy, ansible-lint, antsibull-docs, reuse)
	@$(NOX) lint

sanity: $(STAMP)/lint $(STAMP)/nox ## Run ansible-test sanity in a copy of the collection
	@$(NOX) sanity

newer: newer-sanity newer-tests ## Run sanity, the tests that tell versions apart and the coverage with NEWER_PYTHON

newer-sanity: $(STAMP)/newer $(STAMP)/lint $(STAMP)/nox
	@$(NOX) newer-sanity

newer-tests: $(STAMP)/newer $(STAMP)/nox
	@$(NOX) newer-tests

oldest: $(STAMP)/oldest $(STAMP)/nox ## Run the tests that versions of ansible-core tell apart with the oldest supported one
	@$(NOX) oldest

build: $(STAMP)/demo $(STAMP)/nox ## Build the collection twice, compare, and look at what is inside
	@$(NOX) build

galaxy: $(STAMP)/nox ## Check what Galaxy and certification check (galaxy-importer, antsibull-nox)
	@$(NOX) docs-check extra-checks build-import-check

matrix: $(STAMP)/demo $(STAMP)/nox ## Run tests with every ansible-core on every Python that is installed
	@$(NOX) matrix

docs: $(STAMP)/docs $(STAMP)/nox ## Build the documentation site: guides, and a page for each module, role and plugin
	@$(NOX) docs

pictures: $(STAMP)/test-all ## Run the demo, and take the pictures of the documentation
	@$(RUN) .venv/bin/python $(TOOLS)/pictures.py

interface: $(STAMP)/demo ## Write down the interface as released; a step of each release
	@$(RUN) env PYTHONPATH=.venv/collections .venv/bin/python $(TOOLS)/interface.py

benchmark: $(STAMP)/test ## Measure deletions, backups and campaigns of whole fleets against the lower bound, one small task, the page
	@$(RUN) .venv/bin/python tests/benchmark/emulator_rate.py
	@$(RUN) .venv/bin/python tests/benchmark/run.py
	@$(RUN) .venv/bin/python tests/benchmark/backup.py
	@$(RUN) .venv/bin/python tests/benchmark/campaign.py
	@$(RUN) .venv/bin/python tests/benchmark/startup.py
	@$(RUN) env PYTHONPATH=tests:.venv/collections .venv/bin/python tests/benchmark/page.py

mutants: $(STAMP)/test ## Plant deliberate faults one by one, and show which test catches each; some with WORDS="gate proof"
	@$(RUN) env PYTHONPATH=tests .venv/bin/python -m mutants.run $(WORDS)

format: $(STAMP)/lint ## Format the Python files, and write what modules share in their documentation
	@$(RUN) .venv/lint/bin/python $(TOOLS)/docs_blocks.py
	@$(RUN) .venv/lint/bin/ruff check --fix --exit-zero --quiet .
	@$(RUN) .venv/lint/bin/ruff format .

clean: ## Remove everything that the other targets made
	rm -rf .venv .ansible .hypothesis .pytest_cache .mypy_cache .ruff_cache tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than the file it was made from; a changed requirements file installs again.
$(STAMP)/python: $(TOOLS)/find_python.sh
	@python=$$(sh $(TOOLS)/find_python.sh) && echo "Setting up .venv with $$python" && "$$python" -m venv .venv
	@mkdir -p $(STAMP) $(dir $(LINK)) && ln -sfn ../../../.. $(LINK)
	@touch $@

$(STAMP)/demo: requirements/demo.txt $(STAMP)/python
	@echo 'Installing Ansible and the emulator'
	@$(INSTALL) .venv/bin/python $<
	@touch $@

$(STAMP)/test: requirements/test.txt $(STAMP)/demo
	@echo 'Installing the test tools'
	@$(INSTALL) .venv/bin/python $<
	@touch $@

$(STAMP)/test-all: requirements/test-all.txt $(STAMP)/test
	@echo 'Installing what drives other systems'
	@$(INSTALL) .venv/bin/python $<
	@touch $@

$(STAMP)/cli: requirements/cli.txt $(STAMP)/python
	@echo "Installing the vendor's command line tool"
	@python3.11 -m venv --without-pip .venv/cli 2>/dev/null || .venv/bin/python -m venv --without-pip .venv/cli
	@$(INSTALL) .venv/cli/bin/python $<
	@touch $@

$(STAMP)/nox: requirements/nox.txt $(STAMP)/python
	@echo 'Installing the task runner'
	@.venv/bin/python -m venv --without-pip .venv/runner
	@$(INSTALL) .venv/runner/bin/python $<
	@touch $@

$(STAMP)/awx: requirements/awx.txt $(TOOLS)/awx.py $(STAMP)/python
	@echo 'Fetching the modules that set AWX up'
	@env -u PYTHONPATH .venv/bin/python $(TOOLS)/awx.py
	@touch $@

$(STAMP)/environment: requirements/environment.txt requirements.txt $(STAMP)/python
	@echo 'Installing what an execution environment holds'
	@.venv/bin/python -m venv --without-pip --clear .venv/environment
	@$(INSTALL) .venv/environment/bin/python $<
	@touch $@

# It has no build for every machine; the tests of the rulebook are skipped without it.
$(STAMP)/eda: requirements/eda.txt requirements/demo.txt $(STAMP)/python
	@echo 'Installing ansible-rulebook'
	@.venv/bin/python -m venv --without-pip .venv/eda
	@$(INSTALL) .venv/eda/bin/python $< || echo 'ansible-rulebook cannot be installed here: its tests will be skipped'
	@touch $@

$(STAMP)/lint: requirements/lint.txt requirements/demo.txt $(STAMP)/python
	@echo 'Installing the linters'
	@.venv/bin/python -m venv --without-pip .venv/lint
	@$(INSTALL) .venv/lint/bin/python $<
	@touch $@

$(STAMP)/docs: requirements/docs.txt requirements/demo.txt $(STAMP)/python
	@echo 'Installing what builds the documentation'
	@.venv/bin/python -m venv --without-pip .venv/docs/env
	@$(INSTALL) .venv/docs/env/bin/python $<
	@touch $@

$(STAMP)/newer: requirements/newer.txt requirements/test.txt requirements/demo.txt $(STAMP)/python
	@echo "Setting up .venv/newer with $(NEWER_PYTHON)"
	@mkdir -p $(STAMP) && "$(NEWER_PYTHON)" -m venv --without-pip .venv/newer
	@$(INSTALL) .venv/newer/bin/python $<
	@touch $@

$(STAMP)/oldest: requirements/oldest.txt requirements/test.txt requirements/demo.txt $(STAMP)/python
	@echo 'Installing the oldest ansible-core that is supported'
	@.venv/bin/python -m venv --without-pip .venv/oldest
	@$(INSTALL) .venv/oldest/bin/python $<
	@touch $@

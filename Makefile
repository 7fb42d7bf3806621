# Plain make and python3; no Docker. `make` alone lists the commands.
PYTHON ?= python3
VENV ?= .venv
PY = $(VENV)/bin/python
N8N_VERSIONS ?= 2.8.4 latest
SETUP = VENV="$(VENV)" $(PYTHON) bin/setup.py

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: ## install what is missing, start everything on this machine, print the address (PORT=8501, PUBLIC_URL=)
	@$(SETUP) run
	@$(PY) -m ops.local_stack

doctor: ## what is wrong with this machine, the settings or a running studio, as text without secrets for an issue
	@$(SETUP) run
	@$(PY) -m ops.doctor

rotate: ## how old keys and passwords are; ARGS=all: new ones (or "keys sessions database redis s3")
	@$(SETUP) run
	@$(PY) -m ops.rotate $(ARGS)

cleanup: ## what the studio holds that nothing needs any more, as a table; ARGS=--delete: remove it (docs/upkeep.md)
	@$(SETUP) run
	@$(PY) -m ops.cleanup $(ARGS)

seed: ## workspaces full of rows and pictures to try the studio with; ARGS="--workspaces 2 --pictures 500", ARGS=--delete: remove them
	@$(SETUP) run
	@$(PY) -m ops.seed $(ARGS)

audit-log: ## who did what in all workspaces, as JSON lines or CSV (ARGS="--since 2026-11-01 --format csv"); docs/upkeep.md
	@$(SETUP) run >&2
	@$(PY) -m ops.audit_log $(ARGS)

demo: ## the whole way without a browser: pictures in, LoRA trained, images out in var/demo (DATASET=folder)
	@$(SETUP) dev
	@$(PY) -m ops.demo "$(DATASET)"

backup: ## back up database, files, settings and keys to BACKUP_TARGET (docs/operate.md)
	@$(SETUP) run
	@$(PY) -m ops.backup now

restore: ## put a stopped studio back to a moment (AT="2026-11-22 10:15" KEY=/path/to/backup-key.txt, BACKUP=id, FROM=studio)
	@$(SETUP) run
	@$(if $(KEY),BACKUP_KEY_FILE="$(KEY)") $(PY) -m ops.backup restore --at "$(AT)" --backup "$(BACKUP)" --cluster "$(FROM)"

upgrade: ## bring this studio to the code here, or TO=tag: backup, packages, migrations, restart (docs/operate.md; BACKUP=no)
	@VENV="$(VENV)" BACKUP="$(BACKUP)" $(PYTHON) bin/upgrade.py "$(TO)"

drill: ## back up, destroy, restore and compare a throw-away studio; ends with one JSON object
	@$(SETUP) run
	@$(PY) -m ops.backup drill

test: ## every test, on throw-away servers (ARGS='-k name')
	@$(SETUP) check
	@bin/chromium.sh
	@env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore=tests/soak --ignore=tests/infra --durations=10 --durations-min=1 $(ARGS)

test-comfy: ## the image engine's contract on a real ComfyUI (COMFYUI_URL, COMFYUI_MODELS_DIR)
	@$(SETUP) dev
	@test -n "$(COMFYUI_URL)" || { echo "COMFYUI_URL is not set: there is nothing to test against."; exit 1; }
	@$(PY) -m pytest tests/backend/engines -m comfy -k real $(ARGS)

test-kohya: ## the trainer's contract on real sd-scripts (KOHYA_DIR, KOHYA_PYTHON, KOHYA_MODELS_DIR)
	@$(SETUP) dev
	@REAL_KOHYA=1 $(PY) -m pytest tests/backend/engines/kohya/test_real.py $(ARGS)

test-upgrade: ## the worker of an earlier version and today's on one database (needs the repository's history)
	@$(SETUP) dev
	@$(PY) -m pytest tests/soak/test_old_worker.py -n 0 -s $(ARGS)

test-n8n: ## the workflows of workflows/n8n in real n8n against a studio (N8N_VERSIONS="2.8.4 latest"); installs 5 GB into var/n8n
	@$(SETUP) dev
	@$(PY) -m tests.n8n.installation $(N8N_VERSIONS)
	@REAL_N8N=1 N8N_VERSIONS="$(N8N_VERSIONS)" $(PY) -m pytest tests/n8n -n 0 $(ARGS)

platforms: ## Instagram, TikTok and YouTube on this machine, to connect and publish to by hand (ARGS='--port 8611')
	@$(SETUP) dev
	@$(PY) -m tests.servers.platforms $(ARGS)

check: ## format, lint, strict types, import rules, dead code; the browser code too
	@$(SETUP) check
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m vulture
	@VENV="$(VENV)" bin/check_browser_code.sh

check-infra: ## Docker Compose, the Helm chart, alert rules, dashboards and Dockerfile, without a cluster (100 MB to download, once)
	@$(SETUP) infra
	@VENV="$(VENV)" bin/infra_tools.sh
	@$(PY) -m pytest -n 0 tests/infra $(ARGS)

bench: ## ours against bare code, one JSON object a line (ONLY=name)
	@$(SETUP) dev
	@$(PY) -m tests.bench $(ONLY)

walks: ## through how many files a prompt, a post and an upload go, counted in a running studio
	@$(SETUP) dev
	@env -u PYTHONDONTWRITEBYTECODE $(PY) bin/walk_files

soak: ## campaigns of hundreds of kills, property tests with twice the examples; takes long
	@$(SETUP) check
	@HYPOTHESIS_PROFILE=soak $(PY) -m pytest tests -m hypothesis --ignore=tests/soak $(ARGS)
	@TMPDIR="$${TMPDIR:-/tmp}" HYPOTHESIS_PROFILE=soak $(PY) -m pytest tests/soak $(ARGS)

looks: ## each page in light and dark, wide and on a phone, with axe; at 200 % and with spaced text; screenshots in var/screens
	@$(SETUP) check
	@bin/chromium.sh
	@$(PY) -m pytest -n 2 tests/soak/test_four_looks.py $(ARGS)

load: ## many users on a throw-away studio, against the targets (LOAD_USERS=100 LOAD_SECONDS=60 LOAD_ROWS=50000); docs/scale.md
	@$(SETUP) load
	@$(PY) -m tests.load

capacity: ## what so many users need, by a model with measured costs (USERS=500 NODES=10 ARGS='--cards 2'); docs/scale.md
	@$(SETUP) dev
	@$(PY) -m ops.capacity --users $(or $(USERS),500) --nodes $(or $(NODES),10) $(ARGS)

env-example: ## write .env.example anew from backend/settings
	@$(SETUP) dev
	@$(PY) bin/env_example.py > .env.example

design: ## write the theme of .streamlit/config.toml and the tables of docs/DESIGN.md anew from the design tokens
	@$(SETUP) dev
	@$(PY) bin/design.py

words: ## bring the catalogues of translations up to date with the code
	@$(SETUP) dev
	@$(PY) bin/words.py

lock: ## write the lock files anew after a change of requirements*.txt; other versions stay
	@$(SETUP) infra
	@$(PY) bin/lock.py

audit: ## known holes of the locked packages, where the database of them can be reached
	@$(SETUP) infra
	@$(PY) bin/lock.py audit

update-deps: ## the newest versions that requirements*.txt allow: locked, installed, audited, and the whole suite on them
	@$(SETUP) infra
	@$(PY) bin/lock.py --upgrade
	@$(SETUP) infra
	@$(PY) -m pip check
	@$(PY) bin/lock.py audit
	@$(PY) bin/third_party.py
	@$(MAKE) check test check-infra

third-party: ## write the tables of Python packages in THIRD_PARTY.md anew from what is installed
	@$(SETUP) dev
	@$(PY) bin/third_party.py

.PHONY: help run doctor rotate audit-log backup restore upgrade drill seed demo test test-comfy test-kohya test-upgrade test-n8n platforms check check-infra bench walks soak looks load capacity env-example design words lock audit update-deps third-party cleanup

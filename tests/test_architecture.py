"""House rules that no linter knows: doors, pipelines, where torch may live, how long a file may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SLICES = {
    "access",
    "backups",
    "automations",
    "accounts",
    "events",
    "undo",
    "budgets",
    "jobs",
    "assets",
    "audit",
    "music",
    "loras",
    "writing_styles",
    "workflows",
    "influencers",
    "datasets",
    "identity",
    "training",
    "prompt_library",
    "generation",
    "videos",
    "voices",
    "consents",
    "writing",
    "channels",
    "content_plans",
    "publishing",
    "comparisons",
    "gallery",
    "lineage",
    "search",
    "inbox",
    "notices",
    "onboarding",
    "renditions",
    "bulk_planning",
    "calendar_feeds",
    "webhooks",
    "reels",
    "trash",
    "history",
}
TORCH = {"torch", "diffusers", "peft", "transformers", "accelerate"}
IMPORTED_LATE = {"mcp", "mcp_types"}
"""Half a second and 17 MB, for those who have agents: with the first request to /mcp."""
MAX_LINES = 400
OPEN = {"schemas", "definition", "context", "job_types", "uploads", "ownership"}
"""Modules of a slice that others may name: plain values, what an automation is made of, the pipelines' view of a job,
uploads, a noun of its own, and what publishing needs of posts."""


def python_files(*folders: str) -> list[Path]:
    """Migrations stay out: written once by Alembic, never edited."""
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in paths if path.parent.name != "versions")


def imports(path: Path) -> Iterator[str]:
    """Dotted names imported anywhere in the file; `from a.b import c` gives a.b and a.b.c."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def slice_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "backend" and parts[1] in SLICES else ""


def is_module(dotted: str) -> bool:
    base = ROOT / dotted.replace(".", "/")
    return base.with_suffix(".py").exists() or (base / "__init__.py").exists()


def test_other_slices_are_entered_through_their_door() -> None:
    wrong = []
    for path in python_files("backend", "workers", "studio", "pages"):
        for name in imports(path):
            parts = name.split(".")
            if parts[0] != "backend" or len(parts) < 3 or parts[1] not in SLICES or parts[1] == slice_of(path):
                continue
            allowed = OPEN | ({"pipeline", "sweep"} if relative(path).startswith("workers/") else set())
            if parts[1] == "jobs" and relative(path).startswith("workers/"):
                continue  # the workers are the jobs slice's other half: claim, keeper, settle
            if is_module(".".join(parts[:3])) and parts[2] not in allowed:
                wrong.append(f"{relative(path)} imports {name}")
    assert not wrong, "\n".join(wrong)


PAGES_MAY = {"backend.app", "backend.errors", "backend.settings", "backend.db.transactions", "backend.platforms"}
"""Besides doors of slices, what their `schemas` say, the kit, the words and the values of ports."""


def test_pages_and_studio_enter_by_doors_and_port_values_only() -> None:
    wrong = []
    for path in [*python_files("pages", "studio"), ROOT / "Home.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            folder, _, rest = module.removeprefix("backend.").partition(".")
            if not module.startswith("backend.") or folder in SLICES | {"kit", "language", "api"} or module in PAGES_MAY:
                continue
            names = {"port", "limits", "registry", "text_limits"}
            port = (
                rest.startswith("ports.") if folder == "engines" else folder == "platforms" and rest.rpartition(".")[2] in names
            )
            if not port and not (module == "backend.bootstrap" and relative(path) == "studio/shell/resources.py"):
                wrong.append(f"{relative(path)} imports {module}")
    assert not wrong, "\n".join(wrong)


MAY_PIPELINE = {
    "backend/assets/job_outputs.py",
    "backend/assets/service.py",
    "backend/budgets/ledger.py",
    "backend/jobs/attempts.py",
    "backend/jobs/claim.py",
}
"""Modules that put several statements into one round trip; docs/ARCHITECTURE.md says why these."""


def test_pipelined_statements_stay_in_few_places() -> None:
    found = {
        relative(path)
        for path in python_files("backend", "workers", "studio", "pages", "ops")
        if not relative(path).startswith("backend/db/") and "backend.db.pipelining" in " ".join(imports(path))
    }
    assert found == MAY_PIPELINE


def test_a_door_never_imports_its_pipeline() -> None:
    wrong = [
        relative(path)
        for path in python_files("backend")
        if slice_of(path) and path.name != "pipeline.py" and any(".pipeline" in name for name in imports(path))
    ]
    assert not wrong


_IMPORT_ALL = """
import sys
import backend.bootstrap, ops.demo, backend.engines.registry, studio.shell.server, workers.main
import backend.engines.local.diffusers.engine, backend.engines.local.peft.trainer
print([name for name in %r if name in sys.modules])
"""


def test_torch_lives_in_child_processes_only() -> None:
    """Importing it takes 4-5 s and 370 MB: no process that waits for work may."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL % sorted(TORCH | IMPORTED_LATE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("folder", ["backend", "workers", "studio", "pages"])
def test_no_file_is_longer_than_its_reason(folder: str) -> None:
    long = {
        relative(path): lines
        for path in python_files(folder)
        if (lines := len(path.read_text("utf-8").splitlines())) > MAX_LINES
    }
    assert not long


def test_pages_stay_thin_and_are_never_beside_home() -> None:
    pages = python_files("pages")
    assert pages
    assert not [relative(path) for path in pages if path.parent == ROOT / "pages"], "flat pages are served without Home.py"
    long = {relative(path): lines for path in pages if (lines := len(path.read_text("utf-8").splitlines())) > 120}
    assert not long


def test_migrations_are_one_line() -> None:
    """Two branches that took the same number leave Alembic with two heads, and no studio starts."""
    texts = [path.read_text("utf-8") for path in (ROOT / "backend" / "db" / "migrations" / "versions").glob("*.py")]
    revisions = [number for text in texts for number in re.findall(r'^revision = "(\d{4})"', text, re.MULTILINE)]
    before = [number for text in texts for number in re.findall(r'^down_revision = "(\d{4})"', text, re.MULTILINE)]
    assert len(revisions) == len(set(revisions)) == len(texts)
    assert len(before) == len(set(before)) == len(texts) - 1, "two follow the same one"
    assert set(before) < set(revisions)

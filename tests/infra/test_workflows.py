"""GitHub's workflows: valid, with pinned actions and few rights, and they call what a person would."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.infra.programs import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(), Loader=yaml.BaseLoader))


@every_workflow
def test_it_is_valid(path: Path) -> None:
    schema = json.loads((ROOT / "tests/infra/schemas/github-workflows.json").read_text())
    workflow = yaml.safe_load(path.read_text())
    jsonschema.validate({("on" if key is True else key): value for key, value in workflow.items()}, schema)


@every_workflow
def test_actions_are_pinned_and_rights_are_few(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "timeout-minutes" in job
        assert all(re.search(r"@v\d+\.\d+\.\d+$", step["uses"]) for step in job["steps"] if "uses" in step)


def test_make_targets_they_call_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = {name for path in WORKFLOWS for name in re.findall(r"\bmake ([a-z-]+)", path.read_text())}
    assert {"check-infra", "audit"} <= called <= targets
    assert ".ci/run" in (ROOT / ".github/workflows/checks.yml").read_text()

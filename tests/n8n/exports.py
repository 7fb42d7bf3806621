"""The exports in workflows/n8n, as n8n reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from backend.settings import ROOT

FOLDER = ROOT / "workflows" / "n8n"
Export = dict[str, Any]


def read_exports() -> dict[str, Export]:
    """By file name without its suffix."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def strings(value: Any) -> Iterator[str]:
    """All texts in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def with_settings(export: Export, values: dict[str, Any]) -> Export:
    """A copy whose node “Settings” has these values, as a person types them into it."""
    copy: Export = json.loads(json.dumps(export))
    for node in copy["nodes"]:
        if node["name"] == "Settings":
            for assignment in node["parameters"]["assignments"]["assignments"]:
                assignment["value"] = values.get(assignment["name"], assignment["value"])
    return copy

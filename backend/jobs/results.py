"""How results of jobs name their parts: in camelCase, with `assetId` and `s3Key` of what a job made.

Versions before 0.6 stored most of them in snake_case; such rows are read as if they were written today.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RENAMED = {"clip_id": "videoId"}
_OLD_NAMES = {new: old for old, new in _RENAMED.items()}
_NEW_KEYS = {"s3Key", "assets"}
_SNAKE_CASE_TYPES = {
    "video-generation",
    "lora-training",
    "image-sheet",
    "trial-grid",
    "picture-archive",
    "picture-import",
    "style-generation",
    "upkeep",
}
"""Types whose results had keys in snake_case in 0.5.1."""


def camel_result(result: dict[str, Any] | None) -> dict[str, Any] | None:
    """A stored result with its keys as they are written now. Values stay as they are."""
    if not result or not any("_" in key for key in result):
        return result
    return {_RENAMED.get(key) or to_camel(key): value for key, value in result.items()}


def result_assets(result: Mapping[str, Any] | None) -> list[str]:
    """Ids of the files that a result names, in its order."""
    files = (result or {}).get("assets") or [result or {}]
    return [asset_id for file in files if (asset_id := file.get("assetId"))]


def with_old_keys(type: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """A result as programs read it: beside each key the one that 0.5.1 had, until the next release."""
    if type not in _SNAKE_CASE_TYPES:
        return dict(result)
    old = {_OLD_NAMES.get(key) or _to_snake(key): value for key, value in result.items() if key not in _NEW_KEYS}
    return {**old, **result}


def to_camel(key: str) -> str:
    """left_out -> leftOut"""
    first, *rest = key.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _to_snake(key: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in key)

"""Faults are only asked of servers that have them on switches: a real ComfyUI keeps the contract alone."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    comfy_items = [item for item in items if isinstance(item, pytest.Function) and "test_comfyui" in item.nodeid]
    deselected = [item for item in comfy_items if "[real" in item.name and "server" in item.fixturenames]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in deselected]

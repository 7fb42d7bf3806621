"""The OpenAPI description of the API, put together once for all tests of a process: that takes over a second."""

from __future__ import annotations

from functools import cache
from typing import Any

from backend import api
from backend.app import App


@cache
def api_description() -> dict[str, Any]:
    """Read only."""
    return api.create_api(_no_app).openapi()


def _no_app() -> App:
    raise AssertionError("Describing the API asks for no app.")

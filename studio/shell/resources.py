"""The App of this process. Always asked as `resources.app()`, so that a test can put another one in its place."""

from __future__ import annotations

from functools import cache

from backend.app import App
from backend.bootstrap import bootstrap


@cache
def app() -> App:
    """Built on first use and shared by all sessions (it holds no person's data). Raises Unavailable: then asked again."""
    return bootstrap(role="studio")

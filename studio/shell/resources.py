"""The App of this process. Always called as `resources.app()`, so that tests can replace it."""

from __future__ import annotations

from functools import cache

from backend.app import App
from backend.bootstrap import bootstrap


@cache
def app() -> App:
    """Made on first use, shared by all sessions (it holds no user's data). After Unavailable the next call tries again."""
    return bootstrap(role="studio")

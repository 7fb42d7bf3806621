"""The addresses of the StyleForge document at the server's root (STYLEFORGE_PATHS): /sessions, /train, /generate …"""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from backend.api.routes import writing_styles
from backend.app import App


def styleforge_routes(get_app: Callable[[], App]) -> list[Route]:
    """Routes for the server that also serves the pages. /jobs stays a page and /health the studio's."""
    api = writing_styles.aliases(get_app)
    return [Route(path, api) for path in writing_styles.PATHS]

"""The StyleForge document's own addresses, beside the pages (STYLEFORGE_PATHS): /sessions, /train, /generate …"""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from backend.api.routes import writing_styles
from backend.app import App


def styleforge(get_app: Callable[[], App]) -> list[Route]:
    """Routes for the server that also serves the pages; /jobs itself stays a page, /health stays the studio's."""
    app = writing_styles.aliases(get_app)
    return [Route(path, app) for path in writing_styles.PATHS]

"""The addresses of the studio's process besides its pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from backend import api
from backend.app import App
from backend.settings import Settings
from studio.shell import nav
from studio.shell.api_docs import api_docs_routes
from studio.shell.installable import installable_routes

_STUDIO = Path(__file__).resolve().parents[1]


def routes(settings: Settings, get_app: Callable[[], App], rest_api: FastAPI, mcp: api.McpDoor) -> list[BaseRoute]:
    """Probes, REST API, MCP, files and old addresses; what `settings` end is left out."""
    return [
        *api.probe_routes(get_app),
        *(api.styleforge_routes(get_app) if settings.web.styleforge_paths else ()),
        *(api.orchestrator_routes(get_app) if settings.webhooks.orchestrator_paths else ()),
        *(api_docs_routes() if settings.api.swagger else ()),
        *installable_routes(enabled=settings.web.installable),
        *(Route(f"/{path}", _moved) for path in nav.MOVED),
        Mount("/api", app=rest_api),
        *(mcp.routes() if settings.api.mcp else ()),
        Mount("/assets/vendor", app=StaticFiles(directory=_STUDIO / "content_plans" / "calendar_view" / "vendor")),
        Mount("/assets", app=StaticFiles(directory=_STUDIO / "static")),
    ]


async def _moved(request: Request) -> RedirectResponse:
    """An address of an earlier version: the same query at the address of today."""
    path = nav.MOVED[request.url.path.strip("/")]
    return RedirectResponse(f"/{path}" + (f"?{request.url.query}" if request.url.query else ""), 308)
